use std::cell::OnceCell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, CryptoKey};

use super::{KEY_BYTES, NONCE_BYTES};
use crate::crypto::web::subtle;

/// AES-256-GCM with one key, which is imported once.
pub(super) struct Cipher {
    bytes: [u8; KEY_BYTES],
    key: OnceCell<CryptoKey>,
}

impl Cipher {
    pub(super) fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self { bytes, key: OnceCell::new() }
    }

    pub(super) async fn encrypt(&self, nonce: &[u8; NONCE_BYTES], message: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let key = self.key().await?;
        let done = subtle()?.encrypt_with_object_and_u8_array(&parameters(nonce, aad), key, message).ok()?;
        bytes(JsFuture::from(done).await)
    }

    pub(super) async fn decrypt(&self, nonce: &[u8; NONCE_BYTES], message: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let key = self.key().await?;
        let done = subtle()?.decrypt_with_object_and_u8_array(&parameters(nonce, aad), key, message).ok()?;
        bytes(JsFuture::from(done).await)
    }

    async fn key(&self) -> Option<&CryptoKey> {
        if let Some(key) = self.key.get() {
            return Some(key);
        }
        let bytes = Uint8Array::from(&self.bytes[..]);
        let usages = Array::of2(&JsValue::from_str("encrypt"), &JsValue::from_str("decrypt"));
        let promise = subtle()?.import_key_with_str("raw", &bytes, "AES-GCM", false, &usages).ok()?;
        let key = JsFuture::from(promise).await.ok()?.unchecked_into();
        // Another request may have been faster.
        Some(self.key.get_or_init(|| key))
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
