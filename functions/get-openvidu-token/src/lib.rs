//! `get-openvidu-token`: lets an operator or a client into the room of their meeting.

mod handler;

use shared::edge::{self, Function};
use worker::{Context, Env, Request, Response, event};

const FUNCTION: Function = Function { name: "get-openvidu-token", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, platform: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, platform, handler::handle).await
}
