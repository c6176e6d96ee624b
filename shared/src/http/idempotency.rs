//! `Idempotency-Key`: the caller's name for one intent, so that repeating a request cannot repeat its effect.

use super::{Error, Headers};

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 255;

/// The request's key, if it has one: 1 to 255 visible ASCII characters.
pub fn key(headers: &Headers) -> Result<Option<String>, Error> {
    let Some(key) = headers.get(HEADER) else { return Ok(None) };
    let is_valid = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_valid {
        Ok(Some(key))
    } else {
        Err(Error::invalid("Idempotency-Key", "must be one value of 1 to 255 visible ASCII characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> Headers {
        values.iter().map(|value| (HEADER, *value)).into()
    }

    #[test]
    fn a_key_is_optional_but_must_be_usable() {
        assert_eq!(key(&headers(&[])).unwrap(), None);
        assert_eq!(key(&headers(&["a-1"])).unwrap().as_deref(), Some("a-1"));
        for bad in [vec![""], vec!["a b"], vec!["a", "b"], vec!["é"]] {
            assert!(key(&headers(&bad)).is_err(), "{bad:?}");
        }
        assert!(key(&headers(&[&"k".repeat(256)])).is_err());
    }
}
