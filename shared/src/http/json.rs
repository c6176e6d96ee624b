//! Typed JSON in and out.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::error::Category;

use super::{Error, Request, Response};

/// Reads the body, a JSON object, as `T`: 415 unless it is declared as JSON, 400 unless it is JSON, 422 naming the field that
/// does not fit.
pub fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Error> {
    let content_type = request.headers.get(CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Error::UnsupportedMediaType);
    }
    parse(&request.body)
}

/// Reads `body`, a JSON object, as `T`, whatever it was declared as: for what a signature vouches for.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // serde would read an array as the fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        let json = serde_json::from_slice::<IgnoredAny>(body);
        return Err(json.map_or(Error::MalformedJson, |_| Error::invalid("body", "must be a JSON object")));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| field_error(&error, body))?;
    json.end().map_err(|_| Error::MalformedJson)?;
    Ok(value)
}

/// A field that has to be there: 422 when it is not.
pub fn required<T>(value: Option<T>, field: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| Error::invalid(field, "is required"))
}

fn field_error(error: &serde_path_to_error::Error<serde_json::Error>, body: &[u8]) -> Error {
    // serde_json calls a number or an object in place of one of several words a mistake in the JSON, too.
    if error.inner().classify() != Category::Data && serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Error::MalformedJson;
    }
    let path = error.path().to_string();
    let field = if path == "." { "body".to_owned() } else { path };
    // serde_json appends where in the body it stopped, which tells a person nothing.
    let reason = error.inner().to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
    Error::invalid(field, reason)
}

/// `value` as JSON with `status`.
pub fn respond(status: StatusCode, value: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_vec(value).map_err(|error| Error::Internal(format!("an answer is not JSON: {error}")))?;
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Body {
        count: Option<u8>,
        word: Option<Word>,
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Yes,
    }

    fn parse(content_type: &str, body: &str) -> Result<Body, Error> {
        read(&testing::request(&[("content-type", content_type)], body))
    }

    #[test]
    fn json_is_read_whatever_the_charset_and_case_of_its_type() {
        assert!(parse("application/json", "{}").is_ok());
        assert!(parse("Application/JSON; charset=utf-8", r#"{"count":1}"#).is_ok());
    }

    #[test]
    fn another_type_is_415() {
        for other in ["text/plain", "", "application/x-www-form-urlencoded", "application/problem+json"] {
            assert!(matches!(parse(other, "{}"), Err(Error::UnsupportedMediaType)), "{other}");
        }
    }

    #[test]
    fn what_is_not_json_is_400() {
        for bad in ["", "{", "{} {}", "{\"word\":yes}", "{\"word\":1", "{\"count\":1,}", "\u{0}"] {
            assert!(matches!(parse("application/json", bad), Err(Error::MalformedJson)), "{bad:?}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_field() {
        for (bad, expected) in [
            (r#"{"count":"x"}"#, "count"),
            (r#"{"count":300}"#, "count"),
            (r#"{"kind":"Two"}"#, "kind"),
            (r#"{"kind":7}"#, "kind"),
            (r#"{"other":1}"#, "other"),
            (r#"{"word":"no"}"#, "word"),
            (r#"{"word":1}"#, "word"),
            (r#"{"word":[]}"#, "word"),
            (r#"{"word":{}}"#, "word"),
            (r#"{"count":1,"count":2}"#, "body"),
            ("[]", "body"),
            (" [1]", "body"),
            ("7", "body"),
        ] {
            match parse("application/json", bad) {
                Err(Error::InvalidField { field, .. }) => assert_eq!(field, expected, "{bad}"),
                other => panic!("{bad}: {other:?}"),
            }
        }
    }
}
