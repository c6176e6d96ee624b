//! `create-video-session`: plans a session with the host's clients, at Zoom, on Jitsi, or behind a link that the host pasted.

mod handler;
mod request;
mod zoom_meeting;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "create-video-session", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
