//! Sealing, signing, PKCE, random values, and comparing secrets.

mod hmac;
pub mod pkce;
pub mod random;
pub mod seal;
mod secret;
#[cfg(target_arch = "wasm32")]
pub(crate) mod web;

pub use hmac::hmac_sha256_hex;
pub use secret::Secret;
