//! What Zoom's redirect carries (RFC 6749, sections 4.1.2 and 4.1.2.1).

use url::form_urlencoded;

use crate::failure::Failure;

/// The parameters that count; others are passed over.
#[derive(Default)]
pub(crate) struct Query {
    state: Parameter,
    code: Parameter,
    error: Parameter,
}

#[derive(Default)]
enum Parameter {
    #[default]
    Missing,
    Once(String),
    Repeated,
}

impl Query {
    /// Reads the query of a URL. A parameter without a value counts as missing.
    pub(crate) fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            let parameter = match name.as_ref() {
                "state" => &mut parsed.state,
                "code" => &mut parsed.code,
                "error" => &mut parsed.error,
                _ => continue,
            };
            *parameter = match parameter {
                Parameter::Missing => Parameter::Once(value.into_owned()),
                Parameter::Once(_) | Parameter::Repeated => Parameter::Repeated,
            };
        }
        parsed
    }

    /// The sealed state. Without one this is an installation that began at Zoom's Marketplace.
    pub(crate) fn state(&self) -> Result<&str, Failure> {
        match &self.state {
            Parameter::Once(state) => Ok(state),
            Parameter::Missing => Err(Failure::StateMissing),
            Parameter::Repeated => Err(Failure::StateInvalid),
        }
    }

    /// The code, unless Zoom says that there is none.
    pub(crate) fn code(&self) -> Result<&str, Failure> {
        match (&self.error, &self.code) {
            (Parameter::Missing, Parameter::Once(code)) => Ok(code),
            (Parameter::Missing, Parameter::Missing | Parameter::Repeated) => Err(Failure::CodeRefused),
            (Parameter::Once(error), _) if error == "access_denied" => Err(Failure::AccessDenied),
            // What it says comes through the browser, where anybody can write it: it is not for the log.
            (Parameter::Once(_) | Parameter::Repeated, _) => {
                Err(Failure::ZoomFailed("Zoom's authorization page sent an error".to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(query: &str) -> Result<String, &'static str> {
        Query::parse(query).state().map(str::to_owned).map_err(|failure| failure.reason())
    }

    fn code(query: &str) -> Result<String, &'static str> {
        Query::parse(query).code().map(str::to_owned).map_err(|failure| failure.reason())
    }

    #[test]
    fn an_approval_has_a_code_and_a_state_in_any_order_and_encoding() {
        for query in
            ["code=a%2Bb&state=v1.k.x", "state=v1%2Ek.x&code=a%2bb&other=1&scope", "&&code=a%2Bb&=&state=v1.k.x&"]
        {
            assert_eq!((code(query), state(query)), (Ok("a+b".to_owned()), Ok("v1.k.x".to_owned())), "{query}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_a_fault_and_counts_before_a_code() {
        assert_eq!(code("error=access_denied&error_description=x&state=s"), Err("access_denied"));
        assert_eq!(code("error=access_denied&code=c"), Err("access_denied"));
        for other in ["error=server_error", "error=Access_Denied&code=c", "error=x&error=access_denied"] {
            assert_eq!(code(other), Err("zoom_failed"), "{other}");
        }
    }

    #[test]
    fn what_is_missing_empty_or_repeated_is_not_guessed() {
        for missing in ["", "code=c", "state=&code=c", "State=s", "state", "xstate=s"] {
            assert_eq!(state(missing), Err("state_missing"), "{missing}");
        }
        assert_eq!(state("state=a&state=a"), Err("state_invalid"));
        for missing in ["", "state=s", "code=", "code=a&code=b", "error=&Code=c"] {
            assert_eq!(code(missing), Err("code_refused"), "{missing}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        assert!(state("state=%ff%fe%00").is_ok());
        assert!(code("code=%zz%").is_ok());
    }
}
