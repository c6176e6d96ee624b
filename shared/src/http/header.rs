//! Headers that a caller is known by.

use http::{HeaderMap, header::AsHeaderName};

/// The value of a header that is there exactly once.
pub(crate) fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
