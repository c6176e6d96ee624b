//! `video-meetings`: a tutor and a student meet behind an ID and a passcode, and whoever was given both comes as a guest.

mod address;
mod change;
mod create;
mod handler;
mod join;
mod link;
mod participant;
mod read;
mod removal;
mod route;

use shared::edge::{self, Function};
use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "video-meetings", methods: "GET, POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}
