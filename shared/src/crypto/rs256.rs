//! RS256 (RFC 7518, section 3.3): RSASSA-PKCS1-v1_5 with SHA-256.
//!
//! In WebAssembly the runtime's WebCrypto signs: native code, and none of it in the bundle. Natively `jwt-compact` does.

use base64::{Engine as _, prelude::BASE64_STANDARD};

#[cfg_attr(target_arch = "wasm32", path = "rs256_web.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "rs256_native.rs")]
mod platform;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// A private RSA key of at least 2048 bits, which signs.
pub struct Rs256Key(platform::Key);

impl Rs256Key {
    /// Reads a key in PKCS#8 PEM (RFC 7468, section 10). Its line breaks may be written as `\n`, as they are in the files that hold a
    /// variable in a line. Natively a key that cannot sign, or is too weak, is refused
    /// here; WebCrypto only says so on signing.
    #[must_use]
    pub fn parse(pem: &str) -> Option<Self> {
        let pem = pem.replace("\\n", "\n");
        let body = pem.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
        let body: String = body.split_ascii_whitespace().collect();
        platform::Key::new(&BASE64_STANDARD.decode(body).ok()?).map(Self)
    }

    /// The signature of `message`; nothing when the key is not one.
    pub async fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0.sign(message).await
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use futures_util::FutureExt as _;
    use jwt_compact::{
        Algorithm as _, AlgorithmSignature as _,
        alg::{ModulusBits, Rsa, RsaPrivateKey, RsaPublicKey},
    };
    use rand_core::OsRng;
    use rsa::pkcs8::EncodePrivateKey as _;

    use super::*;

    /// Made once: that takes a moment.
    static KEY: LazyLock<RsaPrivateKey> =
        LazyLock::new(|| Rsa::generate(&mut OsRng, ModulusBits::TwoKibibytes).unwrap().0.into_inner());

    /// A key as it is configured, and its public half.
    pub(crate) fn key_pair() -> (String, RsaPublicKey) {
        (pem_of(&KEY), KEY.to_public_key())
    }

    fn pem_of(key: &RsaPrivateKey) -> String {
        let der = BASE64_STANDARD.encode(key.to_pkcs8_der().unwrap().as_bytes());
        let lines: Vec<&str> = der.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
    }

    #[test]
    fn a_key_signs_however_its_lines_are_broken() {
        let (pem, public) = key_pair();
        for pem in [&pem, &pem.replace('\n', "\r\n"), &pem.replace('\n', "\\n"), &pem.replace('\n', " ")] {
            let signature = Rs256Key::parse(pem).unwrap().sign(b"message").now_or_never();
            let signature = <Rsa as jwt_compact::Algorithm>::Signature::try_from_slice(&signature.flatten().unwrap());
            assert!(Rsa::rs256().verify_signature(&signature.unwrap(), &public, b"message"));
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        let (pem, _) = key_pair();
        let weak = pem_of(&RsaPrivateKey::new(&mut OsRng, 1024).unwrap());
        for bad in [
            "",
            BEGIN,
            &format!("{BEGIN}\n{END}"),
            &format!("{BEGIN}\nAAAA\n{END}"),
            &pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            &pem.replace("PRIVATE KEY", "PUBLIC KEY"),
            &pem.replacen("MII", "M*I", 1),
            &pem[..pem.len() / 2],
            &weak,
        ] {
            assert!(Rs256Key::parse(bad).is_none(), "{bad}");
        }
    }
}
