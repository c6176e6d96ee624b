use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use http::header::AUTHORIZATION;
use jwt_compact::{
    AlgorithmExt as _, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{
    auth,
    config::LiveKitConfig,
    http::{Error, Headers},
};

#[derive(Deserialize)]
struct ReportClaims {
    iss: String,
    sha256: String,
}

/// Lets a report pass whose Authorization header is, without a scheme, a token that LiveKit signed with this deployment's
/// secret over exactly these bytes of the body, and that is valid now; 401 for every other.
pub fn verify_report(config: &LiveKitConfig, headers: &Headers, body: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    let token = headers.get(AUTHORIZATION).ok_or(Error::Unauthenticated("no token of LiveKit's"))?;
    let untrusted = UntrustedToken::new(&token).map_err(|_| Error::Unauthenticated("not a JWT"))?;
    let key = Hs256Key::new(config.api_secret.expose());
    let token = Hs256.validator::<ReportClaims>(&key).validate(&untrusted);
    let token = token.map_err(|_| Error::Unauthenticated("not LiveKit's signature"))?;
    auth::check_times(token.claims(), now).map_err(Error::Unauthenticated)?;
    let ReportClaims { iss, sha256 } = &token.claims().custom;
    if *iss != config.api_key {
        return Err(Error::Unauthenticated("another API key"));
    }
    if *sha256 != BASE64_STANDARD.encode(Sha256::digest(body)) {
        return Err(Error::Unauthenticated("signed over another body"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use jwt_compact::{Algorithm, Claims, Header, alg::Hs512};
    use serde_json::{Value, json};

    use super::*;
    use crate::crypto::Secret;

    const SECRET: &str = "a-secret-of-livekit's";
    const NOW: i64 = 1_777_626_000;
    const BODY: &[u8] = br#"{"event":"room_finished"}"#;
    /// Of `BODY`, by another implementation.
    const BODY_SHA256: &str = "+IgaTFcZ8JkJU9BjAXUs1XP+bYNXkAlgrT7vV5zdDWI=";

    fn claims() -> Claims<Value> {
        let mut claims = Claims::new(json!({"iss": "key", "sha256": BODY_SHA256}));
        claims.not_before = DateTime::from_timestamp(NOW, 0);
        claims.expiration = DateTime::from_timestamp(NOW + 300, 0);
        claims
    }

    fn signed<A: Algorithm>(algorithm: &A, key: &A::SigningKey, claims: &Claims<Value>) -> String {
        algorithm.token(&Header::empty(), claims, key).unwrap()
    }

    fn hs256(claims: &Claims<Value>) -> String {
        signed(&Hs256, &Hs256Key::new(SECRET), claims)
    }

    fn with(change: fn(&mut Claims<Value>)) -> String {
        let mut claims = claims();
        change(&mut claims);
        hs256(&claims)
    }

    fn check_all(tokens: &[&str], body: &[u8], seconds_later: i64) -> Result<(), &'static str> {
        let config = LiveKitConfig {
            api_url: String::new(),
            client_url: String::new(),
            api_key: "key".to_owned(),
            api_secret: Secret::new(SECRET),
        };
        let headers = tokens.iter().map(|token| ("authorization", *token)).into();
        let now = DateTime::from_timestamp(NOW + seconds_later, 0).unwrap();
        verify_report(&config, &headers, body, now).map_err(|error| match error {
            Error::Unauthenticated(cause) => cause,
            other => panic!("{other:?}"),
        })
    }

    fn check_one(token: &str) -> Result<(), &'static str> {
        check_all(&[token], BODY, 0)
    }

    #[test]
    fn a_report_is_believed_that_was_signed_over_its_very_bytes() {
        assert_eq!(check_one(&hs256(&claims())), Ok(()));
        for place in 0..BODY.len() {
            let mut tampered = BODY.to_vec();
            tampered[place] ^= 1;
            assert_eq!(check_all(&[&hs256(&claims())], &tampered, 0), Err("signed over another body"), "{place}");
        }
        for body in [&b""[..], &BODY[1..], &[BODY, b" "].concat()] {
            assert_eq!(check_all(&[&hs256(&claims())], body, 0), Err("signed over another body"));
        }
    }

    #[test]
    fn a_forged_token_is_nobodys() {
        let good = hs256(&claims());
        let (signed_part, signature) = good.rsplit_once('.').unwrap();
        let (_, payload) = signed_part.split_once('.').unwrap();
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        for (what, token) in [
            ("another secret", signed(&Hs256, &Hs256Key::new("another"), &claims())),
            ("another algorithm", signed(&Hs512, &jwt_compact::alg::Hs512Key::new(SECRET), &claims())),
            ("alg none", format!("{}.{payload}.", encode(&json!({"alg": "none"})))),
            ("alg none, signed", format!("{}.{payload}.{signature}", encode(&json!({"alg": "none"})))),
            ("alg RS256", format!("{}.{payload}.{signature}", encode(&json!({"alg": "RS256"})))),
            ("no signature", format!("{signed_part}.")),
            ("half a signature", good[..good.len() - 20].to_owned()),
            ("changed claims", good.replacen(payload, &encode(&json!({"iss": "key", "sha256": BODY_SHA256})), 1)),
            ("a scheme", format!("Bearer {good}")),
            ("no token", "key".to_owned()),
            ("nothing", String::new()),
        ] {
            assert!(check_one(&token).is_err(), "{what}");
        }
        assert!(check_all(&[], BODY, 0).is_err(), "no header");
        assert!(check_all(&[&good, &good], BODY, 0).is_err(), "two headers");
    }

    #[test]
    fn every_claim_counts() {
        for (what, token) in [
            ("no expiry", with(|claims| claims.expiration = None)),
            ("another issuer", with(|claims| claims.custom["iss"] = json!("another"))),
            ("no issuer", with(|claims| claims.custom = json!({"sha256": BODY_SHA256}))),
            ("no hash", with(|claims| claims.custom = json!({"iss": "key"}))),
            ("an empty hash", with(|claims| claims.custom["sha256"] = json!(""))),
            ("another hash", with(|claims| claims.custom["sha256"] = json!(BODY_SHA256.to_lowercase()))),
        ] {
            assert!(check_one(&token).is_err(), "{what}");
        }
        assert_eq!(check_one(&with(|claims| claims.not_before = None)), Ok(()));
    }

    #[test]
    fn a_token_is_good_for_its_time_and_a_leeway() {
        let token = hs256(&claims());
        for (seconds_later, expected) in [
            (-31, Err("not valid yet")),
            (-30, Ok(())),
            (300, Ok(())),
            (329, Ok(())),
            (330, Err("expired")),
            (86_400, Err("expired")),
        ] {
            assert_eq!(check_all(&[&token], BODY, seconds_later), expected, "{seconds_later}");
        }
    }
}
