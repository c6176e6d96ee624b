//! `send-session-invite`: posts a session's join link into the conversations with its clients, and lets them in.

mod handler;
mod request;

use shared::edge::{self, Function};
use worker::{Context, Env, Request, Response, event};

const FUNCTION: Function = Function { name: "send-session-invite", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, platform: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, platform, handler::handle).await
}
