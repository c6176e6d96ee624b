use http::HeaderMap;
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// As they were received.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
    /// The `x-request-id` that was sent: upstream calls are recorded under it.
    pub request_id: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// Asserts the status. The body as JSON, or null when it is empty.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts a function's refusal, in the one envelope that all have. Its `details`, or null.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        assert!(body["request_id"].is_string(), "{self:?}");
        let fields = body.as_object().unwrap().keys();
        let mut unknown = fields.filter(|field| !["error", "code", "details", "request_id"].contains(&field.as_str()));
        assert_eq!(unknown.next(), None, "{self:?}");
        body["details"].clone()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
