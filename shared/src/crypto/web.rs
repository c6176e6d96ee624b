//! The runtime's WebCrypto.

use wasm_bindgen::JsCast as _;
use web_sys::{SubtleCrypto, WorkerGlobalScope};

/// What it can do.
pub(crate) fn subtle() -> Option<SubtleCrypto> {
    // Deno's global is of another class with the same `crypto`.
    let global: WorkerGlobalScope = js_sys::global().unchecked_into();
    Some(global.crypto().ok()?.subtle())
}
