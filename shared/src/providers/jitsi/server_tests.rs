use futures_util::FutureExt as _;
use jwt_compact::{
    Algorithm, UntrustedToken,
    alg::{Rsa, RsaPublicKey},
};
use serde_json::Value;

use super::*;
use crate::crypto::rs256_key_pair;

const SECRET: &str = "an-app-secret";
const TENANT: &str = "vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe";

fn own() -> JitsiServer {
    JitsiServer::SelfHosted {
        domain: "meet.example".to_owned(),
        app_id: "convene".to_owned(),
        app_secret: Secret::new(SECRET),
    }
}

fn jaas() -> (JitsiServer, RsaPublicKey) {
    let (pem, public) = rs256_key_pair();
    let private_key = Rs256Key::parse(&pem).unwrap();
    (JitsiServer::Jaas { app_id: TENANT.to_owned(), key_id: "4f4910".to_owned(), private_key }, public)
}

fn now() -> DateTime<Utc> {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

/// A moderator.
fn tutor() -> JitsiToken {
    JitsiToken {
        room: JitsiRoom::try_from("Convene-0123ABCD".to_owned()).unwrap(),
        user_id: "u-1".to_owned(),
        user_name: "Zo\u{eb} \"Z\" \u{1f469}".to_owned(),
        is_moderator: true,
    }
}

/// Someone else, without a name.
fn student() -> JitsiToken {
    JitsiToken { user_id: "u-2".to_owned(), user_name: String::new(), is_moderator: false, ..tutor() }
}

/// Header and claims, once the signature is `key`'s.
fn read<A: Algorithm>(
    server: &JitsiServer,
    token: &JitsiToken,
    algorithm: &A,
    key: &A::VerifyingKey,
) -> (Value, Value) {
    let signed = server.sign(token, now()).now_or_never().unwrap().unwrap();
    let untrusted = UntrustedToken::new(&signed).unwrap();
    algorithm.validator::<Value>(key).validate(&untrusted).unwrap();
    let part = |at: usize| BASE64_URL_SAFE_NO_PAD.decode(signed.split('.').nth(at).unwrap()).unwrap();
    (serde_json::from_slice(&part(0)).unwrap(), serde_json::from_slice(&part(1)).unwrap())
}

#[test]
fn a_server_of_one_s_own_reads_its_issuer_its_domain_the_room_and_the_person() {
    let (header, claims) = read(&own(), &tutor(), &Hs256, &Hs256Key::new(SECRET));
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(
        claims,
        json!({
            "iss": "convene",
            "aud": "jitsi",
            "sub": "meet.example",
            "room": "convene-0123abcd",
            "nbf": now().timestamp() - 30,
            "exp": now().timestamp() + 300,
            "context": {
                "user": {
                    "id": "u-1",
                    "name": "Zo\u{eb} \"Z\" \u{1f469}",
                    "moderator": "true",
                },
            },
        })
    );
}

#[test]
fn jaas_reads_the_tenant_s_key_and_has_every_feature_closed() {
    let (server, public) = jaas();
    let (header, claims) = read(&server, &tutor(), &Rsa::rs256(), &public);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": format!("{TENANT}/4f4910")}));
    assert_eq!(
        claims,
        json!({
            "iss": "chat",
            "aud": "jitsi",
            "sub": TENANT,
            "room": "convene-0123abcd",
            "nbf": now().timestamp() - 30,
            "exp": now().timestamp() + 300,
            "context": {
                "user": {
                    "id": "u-1",
                    "name": "Zo\u{eb} \"Z\" \u{1f469}",
                    "moderator": "true",
                },
                "features": {
                    "livestreaming": "false",
                    "recording": "false",
                    "transcription": "false",
                    "inbound-call": "false",
                    "outbound-call": "false",
                    "sip-inbound-call": "false",
                    "sip-outbound-call": "false",
                },
            },
        })
    );
}

#[test]
fn whoever_has_no_name_is_no_null() {
    let (jaas, public) = jaas();
    for (_, claims) in
        [read(&own(), &student(), &Hs256, &Hs256Key::new(SECRET)), read(&jaas, &student(), &Rsa::rs256(), &public)]
    {
        assert_eq!(claims["context"]["user"], json!({"id": "u-2", "name": "", "moderator": "false"}));
        assert!(!claims.to_string().contains("null"), "{claims}");
    }
}

#[test]
fn a_browser_enters_by_the_url_of_the_room_in_lower_case() {
    let room = JitsiRoom::try_from("Convene-0123ABCD".to_owned()).unwrap();
    assert_eq!(own().room_url(&room), "https://meet.example/convene-0123abcd");
    assert_eq!(own().join_url(&room, "a.b-_.c"), "https://meet.example/convene-0123abcd?jwt=a.b-_.c");
    assert_eq!(jaas().0.join_url(&room, "a.b-_.c"), format!("https://8x8.vc/{TENANT}/convene-0123abcd?jwt=a.b-_.c"));
}
