//! Which web origins may call, and with what. Apps that are not browsers send no Origin and need none of this.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
    },
};
use url::{Host, Url};

use super::Response;

/// What supabase-js and `supabase_flutter` send, and our own `idempotency-key` and `x-meeting-passcode`.
const ALLOWED_HEADERS: &str = "authorization, x-client-info, apikey, content-type, x-region, x-retry-count, \
     traceparent, tracestate, baggage, x-request-id, idempotency-key, x-meeting-passcode";
const EXPOSED_HEADERS: &str = "x-request-id, retry-after";
const PREFLIGHT_SECONDS: u32 = 3600;

/// The origins that browsers may call from.
#[derive(Debug)]
pub enum AllowedOrigins {
    /// Nothing was configured: any port of this machine, so that local development works.
    LocalDevelopment,
    /// Exactly these.
    Listed(Vec<String>),
}

impl AllowedOrigins {
    /// Reads a comma-separated list of origins (`https://app.example`, no path), or nothing. A wildcard is refused.
    #[must_use]
    pub fn parse(origins: Option<&str>) -> Option<Self> {
        let Some(origins) = origins else { return Some(Self::LocalDevelopment) };
        let is_origin = |origin: &str| {
            !origin.contains('*') && Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == origin)
        };
        let origins: Vec<String> = origins.split(',').map(|origin| origin.trim().to_owned()).collect();
        origins.iter().all(|origin| is_origin(origin)).then_some(Self::Listed(origins))
    }

    fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Listed(origins) => origins.iter().any(|listed| listed == origin),
            Self::LocalDevelopment => Url::parse(origin).is_ok_and(|url| match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            }),
        }
    }

    /// Adds the CORS headers to the answer to a request from `origin`, if that may read it.
    pub fn apply(&self, origin: Option<&str>, response: &mut HeaderMap) {
        response.insert(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin.filter(|origin| origin.is_ascii() && self.allows(origin)) else { return };
        if let Ok(origin) = HeaderValue::from_str(origin) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        }
    }
}

/// The answer to a preflight request, but for the origin, which [`AllowedOrigins::apply`] adds.
#[must_use]
pub fn preflight(methods: &'static str) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(PREFLIGHT_SECONDS));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_allowed_when_nothing_is_configured() {
        let origins = AllowedOrigins::parse(None).unwrap();
        for local in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080"] {
            assert!(origins.allows(local), "{local}");
        }
        for other in ["https://app.example", "http://localhost.evil.example", "http://10.0.0.1", "null", ""] {
            assert!(!origins.allows(other), "{other}");
        }
    }

    #[test]
    fn listed_origins_are_compared_exactly() {
        let origins = AllowedOrigins::parse(Some("https://app.example, https://admin.example:8443")).unwrap();
        assert!(origins.allows("https://app.example") && origins.allows("https://admin.example:8443"));
        for other in ["http://app.example", "https://app.example:444", "https://app.example.evil", "http://localhost:1"]
        {
            assert!(!origins.allows(other), "{other}");
        }
    }

    #[test]
    fn wildcards_and_paths_are_not_origins() {
        for bad in ["*", "https://*.example", "https://app.example/", "app.example", "https://a.example,,"] {
            assert!(AllowedOrigins::parse(Some(bad)).is_none(), "{bad}");
        }
    }
}
