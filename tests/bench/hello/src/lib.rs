//! A hello-world, built as the functions are: the floor under their figures in `scripts/bench`.

use worker::{Context, Env, Request, Response, event};

#[event(fetch)]
async fn fetch(_: Request, _: Env, _: Context) -> worker::Result<Response> {
    Response::ok("hello")
}
