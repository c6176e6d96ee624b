//! `create-meeting`: plans a meeting of a client with their operator.

mod handler;
mod request;

use shared::edge::{self, Function};
use worker::{Context, Env, Request, Response, event};

const FUNCTION: Function = Function { name: "create-meeting", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, platform: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, platform, handler::handle).await
}
