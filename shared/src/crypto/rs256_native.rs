use jwt_compact::{
    Algorithm as _, AlgorithmSignature as _,
    alg::{Rsa, RsaPrivateKey, StrongKey},
};
use rsa::pkcs8::DecodePrivateKey as _;

/// Boxed: it is large where WebCrypto's is not.
pub(super) struct Key(Box<StrongKey<RsaPrivateKey>>);

impl Key {
    pub(super) fn new(der: &[u8]) -> Option<Self> {
        let key = RsaPrivateKey::from_pkcs8_der(der).ok()?;
        Some(Self(Box::new(StrongKey::try_from(key).ok()?)))
    }

    #[expect(clippy::unused_async, reason = "WebCrypto signs asynchronously")]
    pub(super) async fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(Rsa::rs256().sign(self.0.as_ref().as_ref(), message).as_bytes().into_owned())
    }
}
