//! What headers say.

use http::{
    HeaderMap,
    header::{AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING},
};

/// The value of a header that is there exactly once.
pub(crate) fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// How many bytes a body has, where a header can be believed: beside `Transfer-Encoding` the length means nothing, and workerd passes
/// both on; of an encoded body it is the length before decoding.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<usize> {
    if headers.contains_key(TRANSFER_ENCODING) || headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    single(headers, CONTENT_LENGTH)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_believed_where_nothing_contradicts_it() {
        let length = |lines: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            content_length(&headers)
        };
        assert_eq!(length(&[("content-length", "5")]), Some(5));
        for not_known in [
            &[][..],
            &[("content-length", "-5")],
            &[("content-length", "5, 5")],
            &[("content-length", "99999999999999999999")],
            &[("content-length", "5"), ("content-length", "6")],
            &[("content-length", "5"), ("transfer-encoding", "chunked")],
            &[("content-length", "5"), ("content-encoding", "gzip")],
        ] {
            assert_eq!(length(not_known), None, "{not_known:?}");
        }
    }
}
