//! Sealing, signing, PKCE, random values, and comparing secrets.

mod hmac;
pub mod pkce;
pub mod random;
mod rs256;
pub mod seal;
mod secret;
#[cfg(target_arch = "wasm32")]
pub(crate) mod web;

pub use hmac::{hmac_sha1_base64, hmac_sha256_hex};
pub use rs256::Rs256Key;
#[cfg(test)]
pub(crate) use rs256::tests::key_pair as rs256_key_pair;
pub use secret::Secret;
