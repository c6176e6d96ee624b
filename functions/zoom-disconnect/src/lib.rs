//! `zoom-disconnect`: ends a user's connection to Zoom, here and at Zoom.

mod handler;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "zoom-disconnect", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
