//! `zoom-oauth-callback`: where Zoom sends the browser of a user who was asked. A browser is led on from here, whatever happened.

mod failure;
mod handler;
mod query;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "zoom-oauth-callback", methods: "GET" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
