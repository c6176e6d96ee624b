//! What Zoom reports of its own accord, signed with the secret token of the app
//! (<https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header>).

use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq as _;

use crate::{
    crypto::{Secret, hmac_sha256_hex},
    http::{Error, Headers},
};

/// `v0=` and the HMAC-SHA256 of `v0:{timestamp}:{body}` in lower-case hexadecimal digits.
const SIGNATURE: &str = "x-zm-signature";
/// When it was sent, in seconds since 1970.
const TIMESTAMP: &str = "x-zm-request-timestamp";
/// A report is believed this long before and after its timestamp: later somebody may be replaying it. Zoom signs each
/// repetition anew.
const WINDOW_SECONDS: u64 = 5 * 60;

/// Lets a request pass that Zoom signed within the last five minutes, over exactly these bytes of the body; 401 for
/// every other.
pub fn verify(secret: &Secret, headers: &Headers, body: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    let signature = headers.get(SIGNATURE).ok_or(Error::Unauthenticated("no signature of Zoom's"))?;
    let timestamp = headers.get(TIMESTAMP).ok_or(Error::Unauthenticated("no timestamp of Zoom's"))?;
    let expected = sign(secret, &[b"v0:", timestamp.as_bytes(), b":", body])?;
    let is_signed: bool = format!("v0={expected}").as_bytes().ct_eq(signature.as_bytes()).into();
    if !is_signed {
        return Err(Error::Unauthenticated("not Zoom's signature"));
    }
    let sent: i64 = match timestamp.parse() {
        Ok(sent) if timestamp.bytes().all(|byte| byte.is_ascii_digit()) => sent,
        _ => return Err(Error::Unauthenticated("not a timestamp")),
    };
    if now.timestamp().abs_diff(sent) > WINDOW_SECONDS {
        return Err(Error::Unauthenticated("signed too long ago, or ahead of time"));
    }
    Ok(())
}

/// The proof that this endpoint knows the secret, for which Zoom asks when the endpoint is entered and every 72
/// hours. Only for a request that [`verify`] let pass: for anybody else it would sign whatever they like.
pub fn prove(secret: &Secret, plain_token: &str) -> Result<String, Error> {
    sign(secret, &[plain_token.as_bytes()])
}

fn sign(secret: &Secret, parts: &[&[u8]]) -> Result<String, Error> {
    hmac_sha256_hex(secret, parts).ok_or_else(|| Error::Internal("HMAC refused its key".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Zoom's own example.
    const SECRET: &str = "4fv1RkqGQUq5sWbEz6hA5A";
    const SENT: i64 = 1_720_705_455;
    const BODY: &[u8] = b"{\"payload\":{\"plainToken\":\"xys8n8PGS7mAU0m5-YJjRA\"},\"event_ts\":1720705455858,\
        \"event\":\"endpoint.url_validation\"}";
    const SIGNED: &str = "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6";

    fn headers(signature: &str, timestamp: &str) -> Headers {
        [(SIGNATURE, signature), (TIMESTAMP, timestamp)].into()
    }

    fn check(headers: &Headers, body: &[u8], seconds_later: i64) -> Result<(), &'static str> {
        let now = DateTime::from_timestamp(SENT + seconds_later, 0).unwrap();
        verify(&Secret::new(SECRET), headers, body, now).map_err(|error| match error {
            Error::Unauthenticated(cause) => cause,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_published_example_is_accepted_and_proved() {
        assert_eq!(check(&headers(SIGNED, "1720705455"), BODY, 0), Ok(()));
        let proof = prove(&Secret::new(SECRET), "xys8n8PGS7mAU0m5-YJjRA").unwrap();
        assert_eq!(proof, "2fffc6a967dde4f68024025a5bd991c5ae1e5313b4e6365be4883e3e81d479b3");
    }

    #[test]
    fn every_byte_of_the_body_and_the_timestamp_is_signed() {
        for place in 0..BODY.len() {
            let mut tampered = BODY.to_vec();
            tampered[place] ^= 1;
            assert_eq!(check(&headers(SIGNED, "1720705455"), &tampered, 0), Err("not Zoom's signature"), "{place}");
        }
        let spaced = [BODY, b" "].concat();
        for body in [&BODY[1..], &spaced, b""] {
            assert_eq!(check(&headers(SIGNED, "1720705455"), body, 0), Err("not Zoom's signature"));
        }
        assert_eq!(check(&headers(SIGNED, "1720705456"), BODY, 0), Err("not Zoom's signature"));
    }

    #[test]
    fn only_the_secret_signs() {
        let other = hmac_sha256_hex(&Secret::new("other"), &[b"v0:1720705455:", BODY]).unwrap();
        let upper = SIGNED.to_uppercase();
        for forged in [&format!("v0={other}"), &SIGNED[3..], &upper, &SIGNED[..SIGNED.len() - 1], "v0=", "", "v0"] {
            assert!(check(&headers(forged, "1720705455"), BODY, 0).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_signature_is_believed_for_five_minutes_both_ways() {
        let headers = headers(SIGNED, "1720705455");
        for near in [-300, -1, 1, 300] {
            assert_eq!(check(&headers, BODY, near), Ok(()), "{near}");
        }
        for far in [-301, 301, 86_400, -86_400] {
            assert_eq!(check(&headers, BODY, far), Err("signed too long ago, or ahead of time"), "{far}");
        }
    }

    #[test]
    fn a_signed_timestamp_must_be_a_number_of_seconds() {
        let largest = i64::MAX.to_string();
        let smallest = i64::MIN.to_string();
        for odd in
            ["", "soon", "+1720705455", "1720705455.0", "99999999999999999999", "1720705455858", &largest, &smallest]
        {
            let signature = hmac_sha256_hex(&Secret::new(SECRET), &[b"v0:", odd.as_bytes(), b":", BODY]).unwrap();
            let refused = check(&headers(&format!("v0={signature}"), odd), BODY, 0).unwrap_err();
            assert!(refused == "not a timestamp" || refused.starts_with("signed too long ago"), "{odd}: {refused}");
        }
    }

    #[test]
    fn each_header_comes_exactly_once() {
        let (signature, timestamp) = ((SIGNATURE, SIGNED), (TIMESTAMP, "1720705455"));
        assert_eq!(check(&[signature, timestamp].into(), BODY, 0), Ok(()));
        for wrong in
            [&[signature][..], &[timestamp], &[signature, signature, timestamp], &[signature, timestamp, timestamp]]
        {
            assert!(check(&wrong.iter().copied().into(), BODY, 0).is_err(), "{wrong:?}");
        }
    }
}
