use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, CryptoKey};

use super::{KEY_BYTES, NONCE_BYTES};
use crate::crypto::web::subtle;

/// AES-256-GCM with one key.
pub(super) struct Cipher([u8; KEY_BYTES]);

impl Cipher {
    pub(super) fn new(key: [u8; KEY_BYTES]) -> Self {
        Self(key)
    }

    pub(super) async fn encrypt(&self, nonce: &[u8; NONCE_BYTES], message: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let key = self.import("encrypt").await?;
        let done = subtle()?.encrypt_with_object_and_u8_array(&parameters(nonce, aad), &key, message).ok()?;
        bytes(JsFuture::from(done).await)
    }

    pub(super) async fn decrypt(&self, nonce: &[u8; NONCE_BYTES], message: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let key = self.import("decrypt").await?;
        let done = subtle()?.decrypt_with_object_and_u8_array(&parameters(nonce, aad), &key, message).ok()?;
        bytes(JsFuture::from(done).await)
    }

    async fn import(&self, usage: &str) -> Option<CryptoKey> {
        let key = Uint8Array::from(&self.0[..]);
        let usages = Array::of1(&JsValue::from_str(usage));
        let promise = subtle()?.import_key_with_str("raw", &key, "AES-GCM", false, &usages).ok()?;
        Some(JsFuture::from(promise).await.ok()?.unchecked_into())
    }
}

fn parameters(nonce: &[u8; NONCE_BYTES], aad: &[u8]) -> AesGcmParams {
    let parameters = AesGcmParams::new("AES-GCM", &Uint8Array::from(&nonce[..]));
    parameters.set_additional_data(&Uint8Array::from(aad));
    parameters
}

fn bytes(buffer: Result<JsValue, JsValue>) -> Option<Vec<u8>> {
    Some(Uint8Array::new(&buffer.ok()?).to_vec())
}
