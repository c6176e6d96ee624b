use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    api::Api,
    error::ZoomError,
    meeting::{Mark, Meeting, MeetingPlan, NewMeeting},
    oauth,
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

#[derive(Deserialize)]
struct Marking {
    marked: bool,
}

#[derive(Deserialize)]
struct Saving {
    saved: bool,
}

/// Another flight's refresh is waited for this often, this long: until its lease of 8 seconds has lapsed, should it have died.
const BUSY_TRIES: u32 = 29;
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

    /// Deletes a meeting, ending it first if it is running; one that is over or not there is deleted.
    pub async fn delete_meeting(&mut self, id: &str) -> Result<(), ZoomError> {
        self.call(async |api, token| api.delete_meeting(token, id).await).await
    }

    /// A fresh link by which the host starts the meeting. It signs its bearer in as the host, and lasts two hours.
    pub async fn start_url(&mut self, id: &str) -> Result<String, ZoomError> {
        self.call(async |api, token| api.start_url(token, id).await).await
    }

    /// Makes a meeting agree with `plan`. Zoom leaves a start alone that is past.
    pub async fn update_meeting(&mut self, plan: &MeetingPlan) -> Result<(), ZoomError> {
        self.call(async |api, token| api.update_meeting(token, plan).await).await
    }

    /// Ends a meeting for everyone in it; one that is not running, or not there, is ended.
    pub async fn end_meeting(&mut self, id: &str) -> Result<(), ZoomError> {
        self.call(async |api, token| api.end_meeting(token, id).await).await
    }

    /// A refused token means that nothing was done, so the call can be made again with a new one.
    async fn call<T>(&mut self, call: impl AsyncFn(Api<'a>, &Secret) -> Result<T, ZoomError>) -> Result<T, ZoomError> {
        let mut is_renewed = false;
        loop {
            // Awaited in one place: its code is there once.
            match call(self.api, &self.token.value).await {
                Err(ZoomError::TokenRefused) if is_renewed => return Err(self.give_up().await),
                Err(ZoomError::TokenRefused) => self.renew().await?,
                other => return other,
            }
            is_renewed = true;
        }
    }

    /// A token that was just renewed is refused too: renewing it with every request would change nothing.
    async fn give_up(&mut self) -> ZoomError {
        match mark_reconnect(self.api.context, self.user_id, &self.token.sealed, None).await {
            Ok(true) => ZoomError::ReconnectRequired,
            // It is not the stored one any more, or is being replaced: what is stored now decides.
            Ok(false) => match self.renew().await {
                Ok(()) => Error::Unavailable("Zoom: the token was replaced while it was used".to_owned()).into(),
                Err(error) => error,
            },
            Err(error) => error.into(),
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

/// Tells that Zoom refused a sealed token. False when that token is not the stored one any more, or another flight is replacing it.
async fn mark_reconnect(
    context: &Context,
    user_id: Uuid,
    refused_token: &str,
    refresh_lease: Option<Uuid>,
) -> Result<bool, Error> {
    let arguments = json!({"user_id": user_id, "refused_token": refused_token, "refresh_lease": refresh_lease});
    rpc_as_service::<Marking>(context, "mark_zoom_reconnect", &arguments).await.map(|marking| marking.marked)
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
            if let Some(token) = refresh(api, &grant, lease).await? {
                return Ok(token);
            }
        } else if !grant.refresh_busy {
            let sealed = stored(grant.access_token)?;
            return Ok(AccessToken { value: oauth::open(api, grant.user_id, &sealed).await?, sealed });
        }
        if tries == BUSY_TRIES {
            return Err(Error::Unavailable("Zoom: another flight's token refresh takes too long".to_owned()).into());
        }
        tries += 1;
        api.context.clock().sleep(BUSY_PAUSE).await;
        grant = read(api.context, grant.user_id, refused).await?;
    }
}

/// Refreshes and saves the tokens. None when others were stored meanwhile, or none are any more, because another flight refreshed
/// or the user connected again or disconnected: what is stored now decides.
async fn refresh(api: &Api<'_>, grant: &Grant, lease: Uuid) -> Result<Option<AccessToken>, ZoomError> {
    let used = stored(grant.refresh_token.clone())?;
    let refresh_token = oauth::open(api, grant.user_id, &used).await?;
    let pair = match api.refresh(&refresh_token).await {
        Ok(pair) => pair,
        Err(ZoomError::ReconnectRequired) => {
            let is_marked = mark_reconnect(api.context, grant.user_id, &used, Some(lease)).await?;
            return if is_marked { Err(ZoomError::ReconnectRequired) } else { Ok(None) };
        }
        // The lease lapses, and the next flight finds out whether this refresh token still lives.
        Err(error) => return Err(error),
    };
    let tokens = pair.seal(api, grant.user_id).await.map_err(Error::from)?;
    let arguments = json!({
        "user_id": grant.user_id,
        "used_refresh_token": used,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": tokens.expires_at,
        "scope": tokens.scope,
    });
    let is_saved = save(api.context, &arguments).await?;
    Ok(is_saved.then(|| AccessToken { value: Secret::new(pair.access_token), sealed: tokens.access_token }))
}

fn stored(token: Option<String>) -> Result<String, Error> {
    token.ok_or_else(|| Error::Internal("a connected Zoom user without tokens".to_owned()))
}

/// Saving twice is the same as once: the second finds that the refresh token which it replaces is gone, and answers false. So it is
/// when the user connected again meanwhile, whose new pair must stay.
async fn save(context: &Context, arguments: &serde_json::Value) -> Result<bool, Error> {
    let mut tries = 1;
    loop {
        match rpc_as_service::<Saving>(context, "save_zoom_tokens", arguments).await {
            Err(Error::Unavailable(_)) if tries < SAVE_TRIES => {
                tries += 1;
                context.clock().sleep(SAVE_PAUSE).await;
            }
            other => return other.map(|saving| saving.saved),
        }
    }
}
