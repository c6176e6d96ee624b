//! What a caller may ask for.

use serde::Deserialize;
use shared::{
    http::{Error, Request, json},
    validation::{ReturnTarget, ReturnTargets},
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    return_to: Option<String>,
}

/// Where the browser shall go in the end: 422 unless it is among `targets`. The first of them when the caller says nothing, which it
/// may do without a body, as `functions.invoke("zoom-oauth-start")` does.
pub(crate) fn return_to(request: &Request, targets: &ReturnTargets) -> Result<ReturnTarget, Error> {
    let body = if request.body.is_empty() { Body::default() } else { json::read(request)? };
    match body.return_to {
        Some(target) => targets
            .find(&target)
            .ok_or_else(|| Error::invalid("return_to", "is not one of this deployment's return targets")),
        None => Ok(targets.default_target().clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::testing;

    use super::*;

    fn parse(body: &str) -> Result<String, Error> {
        let request = testing::request(&[("content-type", "application/json")], body);
        let targets = ReturnTargets::parse("cotrainr://video/zoom-connected,https://app.example").unwrap();
        return_to(&request, &targets).map(|target| target.as_str().to_owned())
    }

    fn refused_field(body: &Value) -> String {
        match parse(&body.to_string()) {
            Err(Error::InvalidField { field, .. }) => field.into_owned(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn nothing_asked_for_is_the_default() {
        for body in ["", "{}", r#"{"return_to":null}"#] {
            assert_eq!(parse(body).unwrap(), "cotrainr://video/zoom-connected", "{body}");
        }
    }

    #[test]
    fn an_allowed_target_is_taken_and_another_is_refused_by_its_name() {
        let page = "https://app.example/settings?tab=zoom";
        assert_eq!(parse(&json!({"return_to": page}).to_string()).unwrap(), page);
        for other in [
            json!("https://app.example.evil.example/"),
            json!("https://evil.example/"),
            json!("/settings"),
            json!("javascript:alert(1)"),
            json!(""),
            json!(7),
            json!(["https://app.example/"]),
        ] {
            assert_eq!(refused_field(&json!({"return_to": other})), "return_to", "{other}");
        }
        assert_eq!(refused_field(&json!({"user_id": "x"})), "user_id");
        assert!(matches!(parse("return_to=x"), Err(Error::MalformedJson)));
    }
}
