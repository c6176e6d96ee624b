//! The state of a connect flow (RFC 6749, section 10.12): everything that the callback needs, sealed, so that beginning a flow writes
//! nothing anywhere, and nobody but this project can make or read one.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    crypto::{
        pkce,
        seal::{SealError, SealKeys},
    },
    http::Error,
    validation::ReturnTarget,
};

/// A sealed token is no state, and a state is no token.
const SEAL_CONTEXT: &str = "zoom_oauth_state";
/// Long enough to sign in at Zoom. The shorter, the less time somebody has to make another finish this flow.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// One connect flow, from its beginning to its callback.
#[derive(Deserialize, Serialize)]
pub struct ConnectState {
    /// Whose account at Zoom is being connected.
    pub user_id: Uuid,
    /// Names this flow: it can be finished once.
    pub nonce: Uuid,
    /// The PKCE code verifier.
    pub verifier: String,
    /// Where the browser goes back to.
    pub return_to: String,
    /// From then on it is over.
    pub expires_at: DateTime<Utc>,
}

impl ConnectState {
    /// A flow that begins `now`.
    pub(super) fn new(user_id: Uuid, return_to: &ReturnTarget, now: DateTime<Utc>) -> Result<Self, Error> {
        Ok(Self {
            user_id,
            nonce: Uuid::new_v4(),
            verifier: pkce::new_verifier()?,
            return_to: return_to.as_str().to_owned(),
            expires_at: now + LIFETIME,
        })
    }

    /// The state as it travels: at most 2000 characters, all of which a URL takes as they are.
    pub(super) async fn seal(&self, keys: &SealKeys) -> Result<String, Error> {
        let state =
            serde_json::to_vec(self).map_err(|error| Error::Internal(format!("a state is not JSON: {error}")))?;
        Ok(keys.seal(SEAL_CONTEXT, &state).await?)
    }

    /// Opens what [`ConnectState::seal`] made, expired or not.
    pub(super) async fn open(keys: &SealKeys, sealed: &str) -> Result<Self, SealError> {
        let state = keys.open(SEAL_CONTEXT, sealed).await?;
        serde_json::from_slice(&state).map_err(|_| SealError::Open)
    }

    /// Whether it is too late to finish it.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{providers::zoom::token_seal_context, validation::ReturnTargets};

    const KEY: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHER_KEY: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const USER: Uuid = Uuid::from_u128(7);

    fn keys(keys: &str) -> SealKeys {
        SealKeys::parse(keys).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-05-01T09:00:00.5Z".parse().unwrap()
    }

    fn state(return_to: &str) -> ConnectState {
        let target = ReturnTargets::parse("https://app.example").unwrap().find(return_to).unwrap();
        ConnectState::new(USER, &target, now()).unwrap()
    }

    // The native cipher never waits.
    fn seal(state: &ConnectState, with: &str) -> String {
        state.seal(&keys(with)).now_or_never().unwrap().unwrap()
    }

    fn open(sealed: &str, with: &str) -> Result<ConnectState, SealError> {
        ConnectState::open(&keys(with), sealed).now_or_never().unwrap()
    }

    #[test]
    fn a_state_comes_back_as_it_was_and_shows_nothing() {
        let state = state("https://app.example/x");
        let sealed = seal(&state, KEY);
        for shown in ["app.example", &state.verifier, &USER.to_string(), &state.nonce.to_string()] {
            assert!(!sealed.contains(shown), "{shown}");
        }
        let opened = open(&sealed, KEY).unwrap();
        assert_eq!((opened.user_id, opened.nonce), (USER, state.nonce));
        assert_eq!((opened.verifier, opened.return_to), (state.verifier, state.return_to));
        assert_eq!(opened.expires_at, state.expires_at);
    }

    #[test]
    fn a_state_lives_ten_minutes() {
        let state = state("https://app.example/");
        let end = now() + TimeDelta::minutes(10);
        assert!(!state.is_expired(now()) && !state.is_expired(end - TimeDelta::milliseconds(1)));
        assert!(state.is_expired(end) && state.is_expired(end + TimeDelta::days(365)));
    }

    #[test]
    fn every_flow_has_its_own_nonce_and_verifier() {
        let (first, second) = (state("https://app.example/"), state("https://app.example/"));
        assert_ne!(first.nonce, second.nonce);
        assert_ne!(first.verifier, second.verifier);
    }

    #[test]
    fn a_forged_foreign_or_cut_state_does_not_open() {
        let sealed = seal(&state("https://app.example/"), KEY);
        assert!(open(&sealed, OTHER_KEY).is_err(), "another deployment's");
        for cut in 0..sealed.len() {
            assert!(open(&sealed[..cut], KEY).is_err(), "{cut}");
        }
        for place in 0..sealed.len() - 1 {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(open(&String::from_utf8(changed).unwrap(), KEY).is_err(), "{place}");
        }
        let seal_as = |context: &str, value: &[u8]| keys(KEY).seal(context, value).now_or_never().unwrap().unwrap();
        assert!(open(&seal_as(&token_seal_context(USER), b"{}"), KEY).is_err(), "a token");
        assert!(open(&seal_as(SEAL_CONTEXT, b"{}"), KEY).is_err(), "not a state");
    }

    #[test]
    fn the_longest_state_still_fits_into_a_url() {
        let sealed = seal(&state(&format!("https://app.example/{}", "a".repeat(1000))), KEY);
        assert!(sealed.len() <= 2000, "{}", sealed.len());
        assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
    }
}
