//! `update-video-session`: moves, cancels, ends or starts a session of the caller's, and its meeting at Zoom with it.

mod handler;
mod request;
mod zoom_change;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "update-video-session", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
