//! A hello-world, built as the functions are: the floor under their figures in `scripts/bench`.

use worker::{
    Context, Env, event,
    web_sys::{Request, Response},
};

#[event(fetch)]
async fn fetch(_: Request, _: Env, _: Context) -> worker::Result<Response> {
    Ok(Response::new_with_opt_str(Some("hello"))?)
}
