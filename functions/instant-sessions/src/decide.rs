//! A therapist's decisions about their session and who is in it.

use http::StatusCode;
use serde_json::Value;
use shared::{
    auth::Caller,
    context::Context,
    http::{Error, Response, json},
    supabase,
};

use crate::request::Decision;

/// Has the database carry out a decision, if it is the caller's to make. The answer is the database's.
pub(crate) async fn decide(context: &Context, caller: &Caller, decision: &Decision) -> Result<Response, Error> {
    let function = match decision {
        Decision::Admit { .. } => "admit_instant_participant",
        Decision::Remove { .. } => "dismiss_instant_participant",
        Decision::Readmit { .. } => "readmit_instant_participant",
        Decision::Change { .. } => "change_instant_session",
    };
    let decided: Value = supabase::rpc_as(context, caller, function, decision).await?;
    json::respond(StatusCode::OK, &decided)
}
