//! `instant-sessions`: sessions that start at once and are entered by a link, also without an account.

mod create;
mod decide;
mod enter;
mod handler;
mod request;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "instant-sessions", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
