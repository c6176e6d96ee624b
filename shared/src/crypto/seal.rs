//! Sealing: authenticated encryption of what must be stored but never read from the database.
//!
//! A sealed value is `v1.<key id>.<base64url(nonce || ciphertext || tag)>`: AES-256-GCM with a fresh 96-bit nonce, and
//! `v1.<key id>|<context>` as additional data. The context names what the value belongs to (its user, say), so a sealed value
//! moved to another row does not open there. The key id lets a second key seal while values of the first still open.
//!
//! In WebAssembly the runtime's WebCrypto encrypts: native code, and none of it in the bundle. Natively `aes-gcm` does.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};

use super::random;

#[cfg_attr(target_arch = "wasm32", path = "cipher_web.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "cipher_native.rs")]
mod cipher;

use cipher::Cipher;

const VERSION: &str = "v1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// What can go wrong when sealing or opening. It never says which of the checks failed on opening.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The configuration is not `<key id>:<base64 of 32 bytes>[,...]`.
    #[error("SEAL_KEYS must be `<key id>:<base64 of 32 bytes>`, several separated by commas, the sealing key first")]
    Keys,
    /// The value was not sealed with one of these keys for this context.
    #[error("a sealed value does not open: a wrong key, a wrong context, or it was changed")]
    Open,
    /// AES-GCM refused to encrypt, or there was no randomness for a nonce.
    #[error("sealing failed")]
    Seal,
}

/// The keys of one deployment: the first seals, all of them open.
pub struct SealKeys(Vec<(String, Cipher)>);

impl SealKeys {
    /// Reads `<key id>:<base64 of 32 bytes>[,...]`. A key id is made of letters, digits, `-` and `_`, and is unique.
    pub fn parse(keys: &str) -> Result<Self, SealError> {
        let mut parsed: Vec<(String, Cipher)> = Vec::new();
        for entry in keys.split(',').map(str::trim) {
            let (id, key) = entry.split_once(':').ok_or(SealError::Keys)?;
            let id_is_valid = !id.is_empty()
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                && parsed.iter().all(|(known, _)| known != id);
            if !id_is_valid {
                return Err(SealError::Keys);
            }
            let key = BASE64_STANDARD.decode(key).map_err(|_| SealError::Keys)?;
            let key: [u8; KEY_BYTES] = key.try_into().map_err(|_| SealError::Keys)?;
            parsed.push((id.to_owned(), Cipher::new(key)));
        }
        Ok(Self(parsed))
    }

    /// Seals `plaintext` with the first key, bound to `context`.
    pub async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<String, SealError> {
        let (id, cipher) = self.0.first().ok_or(SealError::Keys)?;
        let nonce = random::bytes::<NONCE_BYTES>().map_err(|_| SealError::Seal)?;
        let aad = additional_data(id, context);
        let ciphertext = cipher.encrypt(&nonce, plaintext, aad.as_bytes()).await.ok_or(SealError::Seal)?;
        let body = BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &ciphertext].concat());
        Ok(format!("{VERSION}.{id}.{body}"))
    }

    /// Opens what [`SealKeys::seal`] made for the same `context`, with whichever key it names.
    pub async fn open(&self, context: &str, sealed: &str) -> Result<Vec<u8>, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(VERSION), Some(id), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SealError::Open);
        };
        let (_, cipher) = self.0.iter().find(|(known, _)| known == id).ok_or(SealError::Open)?;
        let body = BASE64_URL_SAFE_NO_PAD.decode(body).map_err(|_| SealError::Open)?;
        let (nonce, ciphertext) = body.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Open)?;
        let aad = additional_data(id, context);
        cipher.decrypt(nonce, ciphertext, aad.as_bytes()).await.ok_or(SealError::Open)
    }
}

fn additional_data(key_id: &str, context: &str) -> String {
    format!("{VERSION}.{key_id}|{context}")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    // The native cipher never waits.
    fn seal(keys: &SealKeys, context: &str, plaintext: &[u8]) -> String {
        keys.seal(context, plaintext).now_or_never().unwrap().unwrap()
    }

    fn open(keys: &SealKeys, context: &str, sealed: &str) -> Result<Vec<u8>, SealError> {
        keys.open(context, sealed).now_or_never().unwrap()
    }

    fn keys(ids: &[&str]) -> SealKeys {
        let entries: Vec<String> =
            ids.iter().map(|id| format!("{id}:{}", BASE64_STANDARD.encode([id.as_bytes()[0]; 32]))).collect();
        SealKeys::parse(&entries.join(",")).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_context_alone() {
        let keys = keys(&["a"]);
        let sealed = seal(&keys, "user-1", b"token");
        assert!(sealed.starts_with("v1.a."));
        assert!(!sealed.contains("token"));
        assert_eq!(open(&keys, "user-1", &sealed).unwrap(), b"token");
        assert!(open(&keys, "user-2", &sealed).is_err());
    }

    #[test]
    fn the_same_value_never_seals_to_the_same_text() {
        let keys = keys(&["a"]);
        assert_ne!(seal(&keys, "c", b"x"), seal(&keys, "c", b"x"));
    }

    #[test]
    fn a_new_key_seals_while_the_old_one_still_opens_until_it_is_removed() {
        let sealed_before = seal(&keys(&["old"]), "c", b"x");
        let rotating = keys(&["new", "old"]);
        assert_eq!(open(&rotating, "c", &sealed_before).unwrap(), b"x");
        assert!(seal(&rotating, "c", b"x").starts_with("v1.new."));
        assert!(open(&keys(&["new"]), "c", &sealed_before).is_err());
    }

    #[test]
    fn a_changed_or_relabelled_value_does_not_open() {
        let keys = keys(&["a", "b"]);
        let sealed = seal(&keys, "c", b"x");
        let mut flipped = sealed.clone().into_bytes();
        let last = flipped.len() - 2;
        flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
        for forged in [
            String::from_utf8(flipped).unwrap(),
            sealed.replacen("v1.a.", "v1.b.", 1),
            sealed.replacen("v1.", "v2.", 1),
            "v1.a.AAAA".to_owned(),
            String::new(),
        ] {
            assert!(open(&keys, "c", &forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn unusable_key_lists_are_refused() {
        let good = BASE64_STANDARD.encode([7; 32]);
        for bad in ["", "a", "a:", "a:AAAA", ":x", &format!("a:{good},a:{good}"), &format!("a b:{good}")] {
            assert!(SealKeys::parse(bad).is_err(), "{bad}");
        }
    }
}
