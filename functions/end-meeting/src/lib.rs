//! `end-meeting`: lets an operator end a meeting, for everyone in its room.

mod handler;

use shared::edge::{self, Function};
use worker::{Context, Env, Request, Response, event};

const FUNCTION: Function = Function { name: "end-meeting", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, platform: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, platform, handler::handle).await
}
