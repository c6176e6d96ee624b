use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};

use super::{KEY_BYTES, NONCE_BYTES};

/// AES-256-GCM with one key.
pub(super) struct Cipher(Aes256Gcm);

impl Cipher {
    pub(super) fn new(key: [u8; KEY_BYTES]) -> Self {
        Self(Aes256Gcm::new(&key.into()))
    }

    #[expect(clippy::unused_async, reason = "WebCrypto encrypts asynchronously")]
    pub(super) async fn encrypt(&self, nonce: &[u8; NONCE_BYTES], message: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(&Nonce::from(*nonce), Payload { msg: message, aad }).ok()
    }

    #[expect(clippy::unused_async, reason = "WebCrypto decrypts asynchronously")]
    pub(super) async fn decrypt(&self, nonce: &[u8; NONCE_BYTES], message: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(&Nonce::from(*nonce), Payload { msg: message, aad }).ok()
    }
}
