//! Unguessable values, from the platform's secure random source.

use std::fmt::Write as _;

/// Letters and digits that nobody confuses when reading them aloud: no `0O`, `1lI`.
const READABLE: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The secure random source gave nothing.
#[derive(Debug, thiserror::Error)]
#[error("the platform's random source failed: {0}")]
pub struct RandomError(#[from] getrandom::Error);

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// 128 random bits as 32 lower-case hexadecimal digits: what makes a room name a secret.
pub fn room_secret() -> Result<String, RandomError> {
    Ok(hex(&bytes::<16>()?))
}

/// 256 random bits as 64 lower-case hexadecimal digits: by which a guest without an account is the same one again.
pub fn guest_secret() -> Result<String, RandomError> {
    Ok(hex(&bytes::<32>()?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// `length` characters of `alphabet`, which is ASCII and not empty, every one equally likely: bytes that would favour some are drawn
/// again.
pub(crate) fn text(alphabet: &[u8], length: usize) -> Result<String, RandomError> {
    let unbiased = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let fair = bytes::<32>()?.into_iter().map(usize::from).filter(|byte| *byte < unbiased);
        text.extend(fair.map(|byte| char::from(alphabet[byte % alphabet.len()])).take(length - text.len()));
    }
    Ok(text)
}

/// A passcode of `length` readable letters and digits with at least one of each. Zoom takes at most 10 characters.
pub fn passcode(length: usize) -> Result<String, RandomError> {
    loop {
        let passcode = text(READABLE, length)?;
        let has = |kind: fn(&u8) -> bool| passcode.bytes().any(|byte| kind(&byte));
        if has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
            return Ok(passcode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passcode_has_the_asked_length_and_both_kinds_of_character() {
        for _ in 0..1_000 {
            let passcode = passcode(10).unwrap();
            assert_eq!(passcode.len(), 10);
            assert!(passcode.bytes().all(|byte| READABLE.contains(&byte)));
            assert!(passcode.bytes().any(|byte| byte.is_ascii_digit()));
            assert!(passcode.bytes().any(|byte| byte.is_ascii_alphabetic()));
        }
    }

    #[test]
    fn a_secret_has_its_bits_and_is_never_the_same() {
        for (secret, digits) in [(room_secret as fn() -> _, 32), (guest_secret, 64)] {
            let (first, second): (String, String) = (secret().unwrap(), secret().unwrap());
            assert_eq!(first.len(), digits);
            assert!(first.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{first}");
            assert_ne!(first, second);
        }
    }
}
