use crate::{
    auth,
    crypto::Secret,
    http::{Error, Headers},
};

/// Lets a report pass that carries the secret as its bearer token, as `OPENVIDU_WEBHOOK_HEADERS` makes OpenVidu send it; 401
/// for every other. OpenVidu signs nothing.
pub fn verify_report(secret: &Secret, headers: &Headers) -> Result<(), Error> {
    match auth::bearer(headers) {
        Some(token) if secret.matches(&token) => Ok(()),
        _ => Err(Error::Unauthenticated("not OpenVidu's secret")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_as_the_one_bearer_token_passes() {
        let verify = |values: &[&str]| {
            let headers = values.iter().map(|value| ("authorization", *value)).into();
            verify_report(&Secret::new("s3cret"), &headers).is_ok()
        };
        assert!(verify(&["Bearer s3cret"]));
        for wrong in [
            &[][..],
            &["s3cret"],
            &["Basic s3cret"],
            &["Bearer s3cre"],
            &["Bearer S3cret"],
            &["Bearer "],
            &["Bearer s3cret", "Bearer s3cret"],
        ] {
            assert!(!verify(wrong), "{wrong:?}");
        }
    }
}
