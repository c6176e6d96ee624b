//! `virtual-sessions`: group sessions with seats, in rooms of Jitsi: planning them, taking seats, entering the room.

mod handler;
mod request;

use shared::edge::{self, Function};
use worker::{Context, Env, Request, Response, event};

const FUNCTION: Function = Function { name: "virtual-sessions", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, platform: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, platform, handler::handle).await
}
