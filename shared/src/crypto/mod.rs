//! Sealing, random values, and comparing secrets.

pub mod random;
pub mod seal;
mod secret;

pub use secret::Secret;
