use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// `N` random bytes as text that needs no escaping in a URL.
pub(crate) fn url_safe<const N: usize>() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes::<N>())
}

/// `N` random bytes in plain base64, with `+`, `/` and `=`.
pub(crate) fn base64<const N: usize>() -> String {
    BASE64_STANDARD.encode(bytes::<N>())
}

/// An even choice of `0..bound`, near enough for test data.
pub(crate) fn below(bound: u64) -> u64 {
    u64::from_le_bytes(bytes()) % bound
}

/// `N` random letters and digits.
pub(crate) fn alphanumeric<const N: usize>() -> String {
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    // Not quite an even choice, which is near enough for test data.
    bytes::<N>().into_iter().map(|byte| char::from(CHARACTERS[usize::from(byte) % CHARACTERS.len()])).collect()
}
