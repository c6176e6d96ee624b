//! A function that traps as its path asks, built and served as the product's are.

use std::{hint::black_box, mem::forget, time::Duration};

use worker::{
    Context, Delay, Env, console_log, event,
    web_sys::{Request, Response},
};

const SHORTLY: Duration = Duration::from_millis(10);

#[event(fetch)]
#[expect(clippy::panic, reason = "that is what it is for")]
async fn fetch(request: Request, _: Env, _: Context) -> worker::Result<Response> {
    let url = request.url();
    if url.contains("/later/") {
        Delay::from(SHORTLY).await;
    }
    match url.rsplit('/').next() {
        Some("panic") => panic!("as asked"),
        Some("memory") => fill(),
        Some("stack") => drop(black_box(deeper(&[0; 1024]))),
        Some("recursion") => drop(black_box(recurse(1))),
        Some("sleep") => wait(Duration::from_mins(5)).await,
        Some("poll") => wait(SHORTLY).await,
        _ => {}
    }
    Ok(Response::new_with_opt_str(Some("answered"))?)
}

/// Waits until something else traps, and looks each time that this has passed.
async fn wait(interval: Duration) {
    console_log!("waiting");
    loop {
        Delay::from(interval).await;
    }
}

/// Takes memory until there is none.
fn fill() {
    loop {
        forget(black_box(Vec::<u8>::with_capacity(1 << 30)));
    }
}

/// Comes to the end of the stack in the WebAssembly's memory.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn deeper(page: &[u8; 1024]) -> u8 {
    let page = black_box(*page);
    deeper(&page) + page[0]
}

/// Comes to the end of the engine's stack.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn recurse(depth: u64) -> u64 {
    recurse(black_box(depth) + 1) ^ depth
}
