//! `deliver-outbox`: carries out the effects that a commit asked for outside the database. The scheduler calls it, and nobody else.

mod effects;
mod handler;

use shared::edge::{self, Function};
use worker::{
    Context, Env, ScheduleContext, ScheduledEvent, event,
    web_sys::{Request, Response},
};

const FUNCTION: Function = Function { name: "deliver-outbox", methods: "POST" };

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    edge::serve(FUNCTION, request, env, handler::handle).await
}

#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    edge::on_schedule(FUNCTION, env, handler::deliver).await;
}
