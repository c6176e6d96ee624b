//! The steps of `create-video-session`.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth::{self, Caller},
    context::Context,
    crypto::random,
    http::{Error, Request, Response, idempotency, json},
    providers::{
        Provider, jitsi,
        zoom::{Grant, PASSCODE_LENGTH},
    },
    supabase,
};

use crate::{
    request::{Body, SessionRequest},
    zoom_meeting::{self, Claim},
};

/// The answer: the session's row.
#[derive(Serialize)]
struct Created {
    session: Value,
}

/// The arguments of the database function.
#[derive(Serialize)]
struct Arguments<'a> {
    request: &'a SessionRequest,
    idempotency_key: Option<&'a str>,
    generated: Generated,
}

/// Secrets that a new session gets. They differ with each try and are no part of the caller's intent.
#[derive(Default, Serialize)]
struct Generated {
    #[serde(skip_serializing_if = "Option::is_none")]
    join_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passcode: Option<String>,
}

/// What the database made of the request.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The session is there, made now or by an earlier request with the same key.
    Created,
    /// A Zoom meeting has to be made, and this request alone may do it.
    Claimed,
    /// Another request with the same key is making it.
    InProgress,
}

#[derive(Deserialize)]
struct Answer {
    outcome: Outcome,
    session: Option<Value>,
    claim: Option<Claim>,
    zoom: Option<Grant>,
}

/// How long to wait for another request with the same key, pause by pause, before telling the caller to ask again.
const PAUSES_MS: [u64; 12] = [150, 250, 400, 600, 800, 1000, 1000, 1500, 1500, 2000, 2000, 2000];
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Creates a session.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise, and create the session or claim the making of a Zoom meeting: 403, 404, 409, 422. The same
///    `Idempotency-Key` finds what an earlier request made, and waits for one that is at it.
/// 4. Zoom only: make the meeting, or find the one that an earlier request left, and commit it: 409, 429, 502, 503, 504.
/// 5. Answer 201 with the session.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let key = idempotency::key(&request.headers)?;
    let body = json::read::<Body>(&request)?;
    let session_request = SessionRequest::parse(body, context.clock().now(), &context.config().jitsi_domain)?;

    // (3) Create or claim.
    let session = match create_or_claim(context, &caller, &session_request, key.as_deref()).await? {
        Answer { outcome: Outcome::Created, session: Some(session), .. } => session,
        // (4) Make the meeting and commit it.
        Answer { outcome: Outcome::Claimed, claim: Some(claim), zoom: Some(zoom), .. } => {
            zoom_meeting::settle(context, &session_request, &claim, zoom).await?
        }
        Answer { outcome: Outcome::InProgress, .. } => {
            return Err(Error::refused_for(
                StatusCode::CONFLICT,
                "request_in_progress",
                "A request with this Idempotency-Key is still being served. Ask again.",
                ASK_AGAIN_AFTER,
            ));
        }
        _ => return Err(Error::Internal("create_video_session: an incomplete answer".to_owned())),
    };

    // (5) Answer.
    json::respond(StatusCode::CREATED, &Created { session })
}

async fn create_or_claim(
    context: &Context,
    caller: &Caller,
    request: &SessionRequest,
    idempotency_key: Option<&str>,
) -> Result<Answer, Error> {
    let arguments = Arguments { request, idempotency_key, generated: generate(context, request)? };
    let mut pauses = PAUSES_MS.into_iter();
    loop {
        let answer = supabase::rpc_as::<Answer>(context, caller, "create_video_session", &arguments).await?;
        match (&answer.outcome, pauses.next()) {
            (Outcome::InProgress, Some(pause)) => context.clock().sleep(Duration::from_millis(pause)).await,
            _ => return Ok(answer),
        }
    }
}

fn generate(context: &Context, request: &SessionRequest) -> Result<Generated, Error> {
    Ok(match (request.provider, &request.join_url) {
        (Provider::Jitsi, None) => {
            Generated { join_url: Some(jitsi::new_room_url(&context.config().jitsi_domain)?), ..Generated::default() }
        }
        (Provider::Zoom, None) => {
            Generated { passcode: Some(random::passcode(PASSCODE_LENGTH)?), ..Generated::default() }
        }
        _ => Generated::default(),
    })
}
