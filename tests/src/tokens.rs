//! Tokens as an attacker or another issuer would make them. Those of the stand-in hosted keys come from
//! [`Stack::hosted_token`](crate::harness::Stack::hosted_token).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// Signed HS256 with any secret, whatever the header says.
pub fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let input = signing_input(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(input.as_bytes());
    format!("{input}.{}", BASE64URL.encode(mac.finalize().into_bytes()))
}

/// HMAC-SHA256, in lower-case hexadecimal digits.
pub fn hmac_sha256_hex(secret: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message);
    let digits = mac.finalize().into_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

/// With an empty signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.", signing_input(header, claims))
}

/// What a token says, unverified.
pub fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap_or_else(|| panic!("not a JWT: {token}"));
    serde_json::from_slice(&BASE64URL.decode(claims).unwrap()).unwrap()
}

/// The part of a token that is signed.
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()))
}
