//! Signatures. In WebAssembly the runtime's WebCrypto verifies them: native code, and none of it in the bundle.
//! Natively `jwt-compact` does.

use std::cell::RefCell;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::crypto::Secret;

#[cfg_attr(target_arch = "wasm32", path = "signature_web.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "signature_native.rs")]
mod platform;

/// The signature algorithms of Supabase's signing keys (RFC 7518 and RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// With the legacy secret of the project; never a public key's.
    Hs256,
    Es256,
    Rs256,
    EdDsa,
}

impl Algorithm {
    /// A public key's, by its name in a token's header or in the key's `alg`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A key that verifies signatures of one algorithm.
pub(crate) struct VerifyingKey {
    algorithm: Algorithm,
    key: platform::Key,
    /// The last tokens that were found to be of this key. They go with it: when the project's keys are fetched again.
    genuine: RefCell<Vec<Secret>>,
}

/// How many tokens a key remembers. Looking through them has to stay far cheaper than a signature.
const MOST_REMEMBERED: usize = 64;

/// Base64url characters of a 2048-bit modulus: anything shorter is too weak (RFC 7518, section 3.3).
const SHORTEST_RSA_MODULUS: usize = 342;

impl VerifyingKey {
    /// Imports a JSON Web Key. Nothing for a key that does not sign tokens, is too weak, or contradicts itself: Supabase publishes
    /// keys of other kinds beside these.
    pub(super) async fn import(jwk: &Value) -> Option<Self> {
        let algorithm = algorithm_of(jwk)?;
        let key = platform::Key::import(algorithm, jwk).await?;
        Some(Self::new(algorithm, key))
    }

    /// The key that a shared secret is.
    pub(super) async fn of_secret(secret: &Secret) -> Option<Self> {
        let jwk = json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(secret.expose())});
        let key = platform::Key::import(Algorithm::Hs256, &jwk).await?;
        Some(Self::new(Algorithm::Hs256, key))
    }

    fn new(algorithm: Algorithm, key: platform::Key) -> Self {
        Self { algorithm, key, genuine: RefCell::default() }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature`, the last part of `token`, is this key's for the parts before it. People come back with the same token, and
    /// its signature is most of what its verification costs.
    pub(super) async fn has_signed(&self, token: &str, signature: &[u8]) -> bool {
        if self.genuine.borrow().iter().any(|genuine| genuine.matches(token)) {
            return true;
        }
        let Some((message, _)) = token.rsplit_once('.') else { return false };
        let is_genuine = self.key.verify(message.as_bytes(), signature).await;
        if is_genuine {
            let mut genuine = self.genuine.borrow_mut();
            if genuine.len() == MOST_REMEMBERED {
                genuine.remove(0);
            }
            genuine.push(Secret::new(token));
        }
        is_genuine
    }
}

/// What a key is for, by what of it decides that (RFC 7517, section 4; `n` is an RSA modulus, base64url).
fn algorithm_of(jwk: &Value) -> Option<Algorithm> {
    let text = |name: &str| jwk[name].as_str();
    let algorithm = match (text("kty")?, text("crv")) {
        ("EC", Some("P-256")) => Algorithm::Es256,
        ("RSA", None) => Algorithm::Rs256,
        ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
        _ => return None,
    };
    let declared = jwk["alg"].is_null() || Algorithm::named(text("alg")?) == Some(algorithm);
    let signs = jwk["use"].is_null() || text("use")? == "sig";
    let strong =
        algorithm != Algorithm::Rs256 || text("n").is_some_and(|modulus| modulus.len() >= SHORTEST_RSA_MODULUS);
    (declared && signs && strong).then_some(algorithm)
}

#[cfg(test)]
mod tests {
    use jwt_compact::{
        AlgorithmExt as _, Claims, Header, UntrustedToken,
        alg::{Hs256, Hs256Key},
    };

    use super::*;

    const SECRET: &str = "a-legacy-secret-of-a-reasonable-length";

    fn token(number: usize, secret: &str) -> String {
        Hs256.token(&Header::empty(), &Claims::new(json!({"number": number})), &Hs256Key::new(secret)).unwrap()
    }

    async fn has_signed(key: &VerifyingKey, token: &str) -> bool {
        key.has_signed(token, UntrustedToken::new(token).unwrap().signature_bytes()).await
    }

    #[tokio::test]
    async fn only_genuine_tokens_are_remembered_and_the_last_of_them() {
        let key = VerifyingKey::of_secret(&Secret::new(SECRET)).await.unwrap();
        assert!(!has_signed(&key, &token(0, "another-secret-of-a-reasonable-length")).await);
        assert!(key.genuine.borrow().is_empty());
        for number in [0, 0, 1, 0, 1] {
            assert!(has_signed(&key, &token(number, SECRET)).await);
        }
        assert_eq!(key.genuine.borrow().len(), 2);
        for number in 0..MOST_REMEMBERED {
            assert!(has_signed(&key, &token(number + 2, SECRET)).await);
        }
        assert_eq!(key.genuine.borrow().len(), MOST_REMEMBERED);
        assert!(key.genuine.borrow()[MOST_REMEMBERED - 1].matches(&token(MOST_REMEMBERED + 1, SECRET)));
        assert!(has_signed(&key, &token(0, SECRET)).await, "one that was forgotten is verified again");
    }
}
