//! Jitsi rooms: a room exists as soon as somebody opens its URL, so its name is the secret. A server of one's own, and `JaaS`, let in
//! by tokens on top of that.

mod room;
mod server;
mod token;

pub use room::{JitsiRoom, NotARoom};
pub use server::JitsiServer;
pub use token::JitsiToken;

use crate::crypto::random::{self, RandomError};

/// Jitsi's public domain. It asks for a signed-in moderator to open a room.
pub const PUBLIC_DOMAIN: &str = "meet.jit.si";
/// The domain of Jitsi as a Service (`JaaS`), where everyone needs a token.
pub const JAAS_DOMAIN: &str = "8x8.vc";

/// The URL of a new room on `domain`: 128 random bits in lower case, because Jitsi compares names so.
pub fn new_room_url(domain: &str) -> Result<String, RandomError> {
    Ok(format!("https://{domain}/convene-{}", random::room_secret()?))
}
