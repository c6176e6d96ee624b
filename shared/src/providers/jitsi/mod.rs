//! Jitsi rooms: a room exists as soon as somebody opens its URL, so its name is the secret.

use crate::crypto::random::{self, RandomError};

/// Jitsi's public domain. It asks for a signed-in moderator to open a room.
pub const PUBLIC_DOMAIN: &str = "meet.jit.si";

/// The URL of a new room on `domain`: 128 random bits in lower case, because Jitsi compares names so.
pub fn new_room_url(domain: &str) -> Result<String, RandomError> {
    Ok(format!("https://{domain}/convene-{}", random::room_secret()?))
}
