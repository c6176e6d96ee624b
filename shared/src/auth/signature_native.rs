use jwt_compact::{
    Algorithm, AlgorithmSignature,
    alg::{Ed25519, Es256, Hs256, Hs256Key, Rsa, RsaPublicKey},
    jwk::JsonWebKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::Algorithm as Named;

pub(super) enum Key {
    Hs256(Hs256Key),
    Es256(<Es256 as Algorithm>::VerifyingKey),
    Rs256(RsaPublicKey),
    EdDsa(<Ed25519 as Algorithm>::VerifyingKey),
}

impl Key {
    #[expect(clippy::unused_async, reason = "WebCrypto imports asynchronously")]
    pub(super) async fn import(algorithm: Named, jwk: &Value) -> Option<Self> {
        let jwk = &JsonWebKey::deserialize(jwk).ok()?;
        match algorithm {
            Named::Hs256 => jwk.try_into().ok().map(Self::Hs256),
            Named::Es256 => jwk.try_into().ok().map(Self::Es256),
            Named::Rs256 => jwk.try_into().ok().map(Self::Rs256),
            Named::EdDsa => jwk.try_into().ok().map(Self::EdDsa),
        }
    }

    #[expect(clippy::unused_async, reason = "WebCrypto verifies asynchronously")]
    pub(super) async fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => verify(&Hs256, key, message, signature),
            Self::Es256(key) => verify(&Es256, key, message, signature),
            Self::Rs256(key) => verify(&Rsa::rs256(), key, message, signature),
            Self::EdDsa(key) => verify(&Ed25519, key, message, signature),
        }
    }
}

fn verify<A: Algorithm>(algorithm: &A, key: &A::VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    // `try_from_slice` panics on another length.
    A::Signature::LENGTH.is_none_or(|length| length.get() == signature.len())
        && A::Signature::try_from_slice(signature)
            .is_ok_and(|signature| algorithm.verify_signature(&signature, key, message))
}
