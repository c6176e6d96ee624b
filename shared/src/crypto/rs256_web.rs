use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

use crate::crypto::web::subtle;

const ALGORITHM: &str = "RSASSA-PKCS1-v1_5";
const PARAMETERS: &str = r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#;
/// Of a modulus: anything shorter is too weak (RFC 7518, section 3.3).
const FEWEST_BITS: f64 = 2048.0;

/// A key in PKCS#8 DER.
pub(super) struct Key(Vec<u8>);

impl Key {
    /// Never nothing: whether it is a key, WebCrypto says when it imports it.
    #[expect(clippy::unnecessary_wraps, reason = "natively the key is read here")]
    pub(super) fn new(der: &[u8]) -> Option<Self> {
        Some(Self(der.to_vec()))
    }

    pub(super) async fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let key = self.import().await?;
        let promise = subtle()?.sign_with_str_and_u8_array(ALGORITHM, &key, message).ok()?;
        let signature = JsFuture::from(promise).await.ok()?;
        Some(Uint8Array::new(&signature).to_vec())
    }

    async fn import(&self) -> Option<CryptoKey> {
        let parameters: Object = JSON::parse(PARAMETERS).ok()?.dyn_into().ok()?;
        let usages = Array::of1(&JsValue::from_str("sign"));
        let der = Uint8Array::from(&self.0[..]);
        let promise = subtle()?.import_key_with_object("pkcs8", &der, &parameters, false, &usages).ok()?;
        let key: CryptoKey = JsFuture::from(promise).await.ok()?.unchecked_into();
        let bits = Reflect::get(&key.algorithm().ok()?.into(), &JsValue::from_str("modulusLength")).ok()?.as_f64()?;
        (bits >= FEWEST_BITS).then_some(key)
    }
}
