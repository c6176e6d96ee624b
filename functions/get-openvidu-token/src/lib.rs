//! `get-openvidu-token`: lets an operator or a client into the room of their meeting.

mod handler;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "get-openvidu-token", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
