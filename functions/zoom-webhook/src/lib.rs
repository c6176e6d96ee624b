//! `zoom-webhook`: hears from Zoom what happened to meetings there, and which users removed the app.

mod event;
mod handler;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "zoom-webhook", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
