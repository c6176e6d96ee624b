//! Signatures. In WebAssembly the runtime's WebCrypto verifies them: native code, and none of it in the bundle.
//! Natively `jwt-compact` does.

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
pub(super) struct VerifyingKey {
    algorithm: Algorithm,
    key: platform::Key,
}

/// Base64url characters of a 2048-bit modulus: anything shorter is too weak (RFC 7518, section 3.3).
const SHORTEST_RSA_MODULUS: usize = 342;

impl VerifyingKey {
    /// Imports a JSON Web Key. Nothing for a key that does not sign tokens, is too weak, or contradicts itself: Supabase publishes
    /// keys of other kinds beside these.
    pub(super) async fn import(jwk: &Value) -> Option<Self> {
        let algorithm = algorithm_of(jwk)?;
        let key = platform::Key::import(algorithm, jwk).await?;
        Some(Self { algorithm, key })
    }

    /// The key that a shared secret is.
    pub(super) async fn of_secret(secret: &Secret) -> Option<Self> {
        let jwk = json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(secret.expose())});
        let key = platform::Key::import(Algorithm::Hs256, &jwk).await?;
        Some(Self { algorithm: Algorithm::Hs256, key })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's for `message`.
    pub(super) async fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, signature).await
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
