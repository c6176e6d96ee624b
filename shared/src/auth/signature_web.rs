use serde_json::Value;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

use super::Algorithm;
use crate::crypto::web::subtle;

/// A WebCrypto key, and the parameters that its operations take.
pub(super) struct Key {
    parameters: js_sys::Object,
    key: CryptoKey,
}

impl Key {
    pub(super) async fn import(algorithm: Algorithm, jwk: &Value) -> Option<Self> {
        let parameters = parameters(algorithm)?;
        let jwk = js_sys::JSON::parse(&serde_json::to_string(jwk).ok()?).ok()?.dyn_into().ok()?;
        let usages = js_sys::Array::of1(&JsValue::from_str("verify"));
        let promise = subtle()?.import_key_with_object("jwk", &jwk, &parameters, false, &usages).ok()?;
        let key = JsFuture::from(promise).await.ok()?.unchecked_into();
        Some(Self { parameters, key })
    }

    pub(super) async fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(subtle) = subtle() else { return false };
        let promise =
            subtle.verify_with_object_and_u8_array_and_u8_array(&self.parameters, &self.key, signature, message);
        match promise {
            Ok(promise) => JsFuture::from(promise).await.is_ok_and(|verified| verified.is_truthy()),
            Err(_) => false,
        }
    }
}

fn parameters(algorithm: Algorithm) -> Option<js_sys::Object> {
    let parameters = match algorithm {
        Algorithm::Hs256 => r#"{"name":"HMAC","hash":"SHA-256"}"#,
        Algorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        Algorithm::EdDsa => r#"{"name":"Ed25519"}"#,
    };
    js_sys::JSON::parse(parameters).ok()?.dyn_into().ok()
}
