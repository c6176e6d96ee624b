//! Proof Key for Code Exchange (RFC 7636), method S256: only who began a flow can exchange its code.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::random::{self, RandomError};

/// A new code verifier: 256 random bits in 43 characters, as section 4.1 recommends.
pub fn new_verifier() -> Result<String, RandomError> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>()?))
}

/// The code challenge of a verifier: its SHA-256 hash in base64url (section 4.2).
#[must_use]
pub fn s256_challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_published_vector_is_met() {
        let challenge = s256_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_long_enough_and_never_the_same() {
        let (first, second) = (new_verifier().unwrap(), new_verifier().unwrap());
        assert_eq!(first.len(), 43);
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(first, second);
    }
}
