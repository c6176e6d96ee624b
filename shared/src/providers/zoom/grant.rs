use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;
use uuid::Uuid;

use super::{
    api::Api,
    error::ZoomError,
    meeting::{Mark, Meeting, NewMeeting},
    token_seal_context,
};
use crate::{context::Context, crypto::Secret, http::Error, supabase::rpc_as_service};

/// A user's grant as the database hands it out. When the access token has to be refreshed, the database lets exactly one flight do
/// it: that one gets a lease, the others hear that it is busy.
#[derive(Deserialize)]
pub struct Grant {
    user_id: Uuid,
    status: Status,
    access_token: Option<String>,
    refresh_token: Option<String>,
    refresh_lease: Option<Uuid>,
    refresh_busy: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Connected,
    ReconnectRequired,
    Missing,
}

/// Another flight's refresh is waited for this often, this long.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(300);
/// A rotated pair that is not saved is lost, and the user would have to connect again: saving is tried this often.
const SAVE_TRIES: u32 = 3;
const SAVE_PAUSE: Duration = Duration::from_millis(500);

/// Zoom as one user, with a valid access token. A token that Zoom refuses is refreshed once.
pub struct ZoomUser<'a> {
    api: Api<'a>,
    user_id: Uuid,
    token: AccessToken,
}

struct AccessToken {
    value: Secret,
    /// As the database has it: names the token when Zoom refused it.
    sealed: String,
}

impl<'a> ZoomUser<'a> {
    /// Opens the grant's access token, refreshing it where it has to be.
    pub async fn new(context: &'a Context, grant: Grant) -> Result<Self, ZoomError> {
        let api = Api::new(context)?;
        let user_id = grant.user_id;
        let token = access_token(&api, grant, None).await?;
        Ok(Self { api, user_id, token })
    }

    /// Schedules a meeting.
    pub async fn create_meeting(&mut self, meeting: &NewMeeting<'_>) -> Result<Meeting, ZoomError> {
        self.call(async |api, token| api.create_meeting(token, meeting).await).await
    }

    /// The meeting with this mark, if it exists. The search ends at `until`, unanswered.
    pub async fn find_meeting(&mut self, mark: Mark<'_>, until: DateTime<Utc>) -> Result<Option<Meeting>, ZoomError> {
        self.call(async |api, token| api.find_meeting(token, mark, until).await).await
    }

    /// Deletes a meeting; one that is not there is deleted.
    pub async fn delete_meeting(&mut self, id: &str) -> Result<(), ZoomError> {
        self.call(async |api, token| api.delete_meeting(token, id).await).await
    }

    /// A refused token means that nothing was done, so the call can be made again with a new one.
    async fn call<T>(&mut self, call: impl AsyncFn(Api<'a>, &Secret) -> Result<T, ZoomError>) -> Result<T, ZoomError> {
        match call(self.api, &self.token.value).await {
            Err(ZoomError::TokenRefused) => {
                self.renew().await?;
                call(self.api, &self.token.value).await
            }
            other => other,
        }
    }

    async fn renew(&mut self) -> Result<(), ZoomError> {
        let grant = read(self.api.context, self.user_id, Some(&self.token.sealed)).await?;
        self.token = access_token(&self.api, grant, Some(&self.token.sealed)).await?;
        Ok(())
    }
}

/// `refused` is a sealed access token that Zoom did not take.
async fn read(context: &Context, user_id: Uuid, refused: Option<&str>) -> Result<Grant, Error> {
    rpc_as_service(context, "zoom_grant", &json!({"user_id": user_id, "refused_access_token": refused})).await
}

async fn access_token(api: &Api<'_>, mut grant: Grant, refused: Option<&str>) -> Result<AccessToken, ZoomError> {
    let mut tries = 0;
    loop {
        match grant.status {
            Status::Missing => return Err(ZoomError::NotConnected),
            Status::ReconnectRequired => return Err(ZoomError::ReconnectRequired),
            Status::Connected => {}
        }
        if let Some(lease) = grant.refresh_lease {
            return refresh(api, &grant, lease).await;
        }
        if !grant.refresh_busy {
            let value = open(api, grant.user_id, grant.access_token.as_deref()).await?;
            return Ok(AccessToken { value, sealed: grant.access_token.unwrap_or_default() });
        }
        if tries == BUSY_TRIES {
            return Err(Error::Unavailable("Zoom: another flight's token refresh takes too long".to_owned()).into());
        }
        tries += 1;
        api.context.clock().sleep(BUSY_PAUSE).await;
        grant = read(api.context, grant.user_id, refused).await?;
    }
}

async fn refresh(api: &Api<'_>, grant: &Grant, lease: Uuid) -> Result<AccessToken, ZoomError> {
    let refresh_token = open(api, grant.user_id, grant.refresh_token.as_deref()).await?;
    let pair = match api.refresh(&refresh_token).await {
        Ok(pair) => pair,
        Err(ZoomError::ReconnectRequired) => {
            let arguments = json!({"user_id": grant.user_id, "refresh_lease": lease});
            rpc_as_service::<IgnoredAny>(api.context, "mark_zoom_reconnect", &arguments).await?;
            return Err(ZoomError::ReconnectRequired);
        }
        // The lease lapses, and the next flight finds out whether this refresh token still lives.
        Err(error) => return Err(error),
    };
    let context = token_seal_context(grant.user_id);
    let seal = async |token: &str| api.config.seal_keys.seal(&context, token.as_bytes()).await.map_err(Error::from);
    let sealed = seal(&pair.access_token).await?;
    let expires_at = api.context.clock().now() + TimeDelta::seconds(pair.expires_in.into());
    let arguments = json!({
        "user_id": grant.user_id,
        "used_refresh_token": grant.refresh_token,
        "access_token": sealed,
        "refresh_token": seal(&pair.refresh_token).await?,
        "expires_at": expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "scope": pair.scope,
    });
    save(api.context, &arguments).await?;
    Ok(AccessToken { value: Secret::new(pair.access_token), sealed })
}

/// Saving twice is the same as once: the second finds that the refresh token which it replaces is gone. So it is when the user
/// connected again meanwhile, whose new pair must stay.
async fn save(context: &Context, arguments: &serde_json::Value) -> Result<(), Error> {
    let mut tries = 1;
    loop {
        match rpc_as_service::<IgnoredAny>(context, "save_zoom_tokens", arguments).await {
            Err(Error::Unavailable(_)) if tries < SAVE_TRIES => {
                tries += 1;
                context.clock().sleep(SAVE_PAUSE).await;
            }
            other => return other.map(drop),
        }
    }
}

async fn open(api: &Api<'_>, user_id: Uuid, sealed: Option<&str>) -> Result<Secret, Error> {
    let sealed = sealed.ok_or_else(|| Error::Internal("a connected Zoom user without tokens".to_owned()))?;
    let token = api.config.seal_keys.open(&token_seal_context(user_id), sealed).await?;
    String::from_utf8(token).map(Secret::new).map_err(|_| Error::Internal("a sealed token is not text".to_owned()))
}
