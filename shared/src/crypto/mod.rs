//! Sealing, random values, and comparing secrets.

pub mod random;
pub mod seal;
mod secret;
#[cfg(target_arch = "wasm32")]
pub(crate) mod web;

pub use secret::Secret;
