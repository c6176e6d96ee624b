//! Signing keys such as a hosted project has. The signatures are made and checked with the primitives
//! themselves, not with the JWT library of the code under test, so that the two cannot share a mistake.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use p256::ecdsa;
use rand_core::OsRng;
use rsa::pkcs1v15;
use rsa::signature::{SignatureEncoding as _, Signer as _, Verifier as _};
use rsa::traits::PublicKeyParts as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::random;
use crate::tokens;

const RSA_BITS: usize = 2048;

/// The algorithms of the stand-in keys.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256, the default of new projects.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA, PKCS #1 v1.5.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// One key of each algorithm, new in every process.
pub(crate) struct HostedKeys {
    es256: ecdsa::SigningKey,
    rs256: pkcs1v15::SigningKey<Sha256>,
    ed_dsa: ed25519_compact::KeyPair,
    /// In the `kid` of each, so that a cached JWKS of an earlier process never matches by name.
    generation: String,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl HostedKeys {
    pub(crate) fn generate() -> Self {
        let rsa = rsa::RsaPrivateKey::new(&mut OsRng, RSA_BITS).expect("an RSA key can be made");
        Self {
            es256: ecdsa::SigningKey::random(&mut OsRng),
            rs256: pkcs1v15::SigningKey::new(rsa),
            ed_dsa: ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new(random::bytes())),
            generation: random::url_safe::<6>(),
        }
    }

    /// The body of `/auth/v1/.well-known/jwks.json`.
    pub(super) fn jwks(&self) -> Value {
        let keys: Vec<Value> = Algorithm::ALL.iter().map(|algorithm| self.jwk(*algorithm)).collect();
        json!({"keys": keys})
    }

    /// A token signed with the key of that algorithm. `kid` names another key than it was signed with.
    pub(crate) fn sign(&self, algorithm: Algorithm, claims: &Value, kid: Option<String>) -> String {
        let kid = kid.unwrap_or_else(|| self.kid(algorithm));
        let header = json!({"alg": algorithm.name(), "kid": kid, "typ": "JWT"});
        let input = tokens::signing_input(&header, claims);
        let message = input.as_bytes();
        let signature = match algorithm {
            Algorithm::Es256 => {
                let signature: ecdsa::Signature = self.es256.sign(message);
                signature.to_vec()
            }
            Algorithm::Rs256 => self.rs256.sign(message).to_vec(),
            Algorithm::EdDsa => self.ed_dsa.sk.sign(message, None).to_vec(),
        };
        format!("{input}.{}", BASE64URL.encode(signature))
    }

    /// The same claims under the local secret, when the token is one of ours.
    pub(super) fn as_local_token(&self, token: &str, secret: &[u8]) -> Option<String> {
        let claims = self.verify(token)?;
        Some(tokens::hs256(&json!({"alg": "HS256", "typ": "JWT"}), &claims, secret))
    }

    fn verify(&self, token: &str) -> Option<Value> {
        let (input, signature) = token.rsplit_once('.')?;
        let (header, claims) = input.split_once('.')?;
        let header: Value = serde_json::from_slice(&BASE64URL.decode(header).ok()?).ok()?;
        let algorithm = Algorithm::deserialize(header.get("alg")?).ok()?;
        let signature = BASE64URL.decode(signature).ok()?;
        let message = input.as_bytes();
        let genuine = match algorithm {
            Algorithm::Es256 => {
                let signature = ecdsa::Signature::from_slice(&signature).ok()?;
                self.es256.verifying_key().verify(message, &signature).is_ok()
            }
            Algorithm::Rs256 => {
                let signature = pkcs1v15::Signature::try_from(signature.as_slice()).ok()?;
                rsa::signature::Keypair::verifying_key(&self.rs256).verify(message, &signature).is_ok()
            }
            Algorithm::EdDsa => {
                let signature = ed25519_compact::Signature::from_slice(&signature).ok()?;
                self.ed_dsa.pk.verify(message, &signature).is_ok()
            }
        };
        let claims = genuine.then(|| BASE64URL.decode(claims).ok())??;
        serde_json::from_slice(&claims).ok()
    }

    fn jwk(&self, algorithm: Algorithm) -> Value {
        let encode = |bytes: &[u8]| BASE64URL.encode(bytes);
        let mut jwk = match algorithm {
            Algorithm::Es256 => {
                let point = self.es256.verifying_key().to_encoded_point(false);
                json!({"kty": "EC", "crv": "P-256", "x": encode(point.x().unwrap()), "y": encode(point.y().unwrap())})
            }
            Algorithm::Rs256 => {
                let key: &rsa::RsaPrivateKey = self.rs256.as_ref();
                json!({"kty": "RSA", "n": encode(&key.n().to_bytes_be()), "e": encode(&key.e().to_bytes_be())})
            }
            Algorithm::EdDsa => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(self.ed_dsa.pk.as_ref())}),
        };
        jwk["alg"] = algorithm.name().into();
        jwk["kid"] = self.kid(algorithm).into();
        jwk["use"] = "sig".into();
        jwk["key_ops"] = json!(["verify"]);
        jwk["ext"] = true.into();
        jwk
    }

    fn kid(&self, algorithm: Algorithm) -> String {
        format!("{}-{}", algorithm.name().to_lowercase(), self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_becomes_a_local_token_with_the_same_claims_and_a_foreign_or_changed_one_does_not() {
        let (ours, theirs) = (HostedKeys::generate(), HostedKeys::generate());
        let claims = json!({"sub": "someone", "exp": 1});
        for algorithm in Algorithm::ALL {
            let token = ours.sign(algorithm, &claims, None);
            let local = ours.as_local_token(&token, b"secret").unwrap();
            assert_eq!(local.split('.').nth(1), token.split('.').nth(1));

            assert!(theirs.as_local_token(&token, b"secret").is_none());
            let (header, _) = token.split_once('.').unwrap();
            let signature = token.rsplit('.').next().unwrap();
            let changed = format!("{header}.{}.{signature}", BASE64URL.encode(r#"{"sub":"admin"}"#));
            assert!(ours.as_local_token(&changed, b"secret").is_none());
        }
    }
}
