use chrono::{DateTime, Utc};

use super::IceServer;
use crate::{
    crypto::{Secret, hmac_sha1_base64},
    http::Error,
};

/// A coturn with `use-auth-secret`: whoever knows its secret makes credentials, and it is not asked
/// (<https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00>).
pub(crate) struct Coturn {
    /// `TURN_URLS`.
    pub(crate) urls: Vec<String>,
    /// `TURN_SECRET`: its `static-auth-secret`.
    pub(crate) secret: Secret,
}

impl Coturn {
    pub(super) fn credentials(&self, who: &str, expires_at: DateTime<Utc>) -> Result<IceServer, Error> {
        let username = format!("{}:{who}", expires_at.timestamp());
        let credential = hmac_sha1_base64(&self.secret, &username)
            .ok_or_else(|| Error::Internal("HMAC refused its key".to_owned()))?;
        Ok(IceServer { urls: self.urls.clone(), username: Some(username), credential: Some(credential) })
    }
}
