//! The headers of a request, or of an upstream server's answer.

#[cfg(not(target_arch = "wasm32"))]
use std::collections::BTreeMap;

use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use serde::Serializer as _;
use worker::{js_sys::JSON, wasm_bindgen::JsValue, web_sys};

/// Headers as they came. One that came more than once is one whose values stand behind each other with `, ` in between (the Fetch
/// standard), so that it says nothing where one value is expected.
pub enum Headers {
    /// Where the runtime has them. Few are ever asked for, and carrying all of them into WebAssembly costs more than that.
    Runtime(web_sys::Headers),
    /// In tests.
    #[cfg(not(target_arch = "wasm32"))]
    Listed(BTreeMap<String, String>),
}

impl Headers {
    /// The value of a header, whose name is in lower case.
    #[must_use]
    pub fn get(&self, name: impl AsRef<str>) -> Option<String> {
        match self {
            // No runtime refuses these names. If one did: not there is another matter than not readable, which nobody takes.
            Self::Runtime(headers) => headers.get(name.as_ref()).unwrap_or_else(|_| Some(String::new())),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Listed(headers) => headers.get(name.as_ref()).cloned(),
        }
    }

    /// How many bytes the body has, where a header can be believed: beside `Transfer-Encoding` the length means nothing, and workerd
    /// passes both on; of an encoded body it is the length before decoding.
    pub(crate) fn content_length(&self) -> Option<usize> {
        let length = self.get(CONTENT_LENGTH)?.parse().ok()?;
        (self.get(TRANSFER_ENCODING).is_none() && self.get(CONTENT_ENCODING).is_none()).then_some(length)
    }
}

/// As the runtime takes them: an object, which workerd takes faster than pairs, and in one piece, because calls between WebAssembly and
/// JavaScript are most of what a small request costs. No header may be there twice. The runtimes send other characters than ASCII each in
/// its own way.
pub(crate) fn to_runtime(headers: &HeaderMap) -> Result<JsValue, JsValue> {
    if headers.values().any(|value| value.to_str().is_err()) {
        return Err(JsValue::from_str("a header that is not ASCII"));
    }
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
    let mut json = Vec::new();
    let written = serde_json::Serializer::new(&mut json).collect_map(pairs);
    written.map_err(|error| JsValue::from_str(&error.to_string()))?;
    JSON::parse(&String::from_utf8_lossy(&json))
}

#[cfg(not(target_arch = "wasm32"))]
impl<'a, I: IntoIterator<Item = (&'a str, &'a str)>> From<I> for Headers {
    fn from(lines: I) -> Self {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in lines {
            let values = headers.entry(name.to_ascii_lowercase());
            values.and_modify(|values| *values = format!("{values}, {value}")).or_insert_with(|| value.to_owned());
        }
        Self::Listed(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_believed_where_nothing_contradicts_it() {
        let length = |lines: &[(&'static str, &'static str)]| Headers::from(lines.iter().copied()).content_length();
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
