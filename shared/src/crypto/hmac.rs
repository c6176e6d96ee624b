use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use super::Secret;

/// HMAC-SHA256 (RFC 2104) of the parts one after another, keyed with the secret's bytes, as 64 lower-case hexadecimal
/// digits.
#[must_use]
pub fn hmac_sha256_hex(key: &Secret, parts: &[&[u8]]) -> Option<String> {
    // A key of any length will do: there is always a result.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
    for part in parts {
        mac.update(part);
    }
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        write!(hex, "{byte:02x}").ok()?;
    }
    Some(hex)
}

/// HMAC-SHA1 (RFC 2104) of `message`, keyed with the secret's bytes, in base64: what TURN servers ask for. As a MAC, SHA-1 is
/// not known to be broken; nothing else here uses it.
#[must_use]
pub fn hmac_sha1_base64(key: &Secret, message: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.expose().as_bytes()).ok()?;
    mac.update(message.as_bytes());
    Some(BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn the_published_vector_is_met_however_the_message_is_cut() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let key = Secret::new("Jefe");
        for parts in [&[&b"what do ya want for nothing?"[..]][..], &[b"what do ya ", b"", b"want for nothing?"]] {
            assert_eq!(hmac_sha256_hex(&key, parts).as_deref(), Some(expected));
        }
    }

    /// RFC 2202, test case 2, as `openssl dgst -sha1 -hmac` computes it too.
    #[test]
    fn the_published_vector_of_sha_1_is_met() {
        let mac = hmac_sha1_base64(&Secret::new("Jefe"), "what do ya want for nothing?");
        assert_eq!(mac.as_deref(), Some("7/zfauXrL6LSdBbV8YTfnCWafHk="));
    }
}
