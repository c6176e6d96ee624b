//! `end-meeting`: lets an operator end a meeting, for everyone in its room.

mod handler;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "end-meeting", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
