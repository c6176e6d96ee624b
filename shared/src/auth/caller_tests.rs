use chrono::{DateTime, Utc};
use jwt_compact::{
    AlgorithmExt as _, Claims, Header,
    alg::{Hs256, Hs256Key},
};
use serde_json::json;

use super::*;
use crate::testing::{NOWHERE, TestClock, context};

const JWT_SECRET: &str = "a-legacy-secret-of-a-reasonable-length";
const USER: Uuid = Uuid::from_u128(7);
const NOW: &str = "2026-05-01T12:00:00Z";

/// Signed by the project, and expiring in so many seconds.
fn token(role: &str, expires_in: i64) -> String {
    let expires = NOW.parse::<DateTime<Utc>>().unwrap().timestamp() + expires_in;
    let claims = Claims::new(json!({"sub": USER, "aud": role, "role": role, "exp": expires}));
    Hs256.token(&Header::empty(), &claims, &Hs256Key::new(JWT_SECRET)).unwrap()
}

fn deployed(anon_key: &str) -> Context {
    let variables = [
        ("SUPABASE_URL", NOWHERE),
        ("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_1"),
        ("SUPABASE_ANON_KEY", anon_key),
        ("JWT_SECRET", JWT_SECRET),
    ];
    context(&TestClock::at(NOW), &variables)
}

fn headers(authorizations: &[&str]) -> Headers {
    authorizations.iter().map(|value| ("authorization", *value)).into()
}

#[test]
fn a_bearer_token_follows_its_scheme() {
    let of = |values: &[&str]| bearer(&headers(values));
    assert_eq!(of(&["Bearer a.b.c"]).as_deref(), Some("a.b.c"));
    assert_eq!(of(&["bearer a.b.c"]).as_deref(), Some("a.b.c"));
    for none in [vec![], vec!["Basic a"], vec!["a.b.c"]] {
        assert_eq!(of(&none), None, "{none:?}");
    }
}

/// What a request with these Authorization headers is: a user's, a guest's, or refused.
async fn identified(context: &Context, authorizations: &[&str]) -> Result<Option<Uuid>, Error> {
    identify(context, &headers(authorizations)).await.map(|caller| caller.map(|caller| caller.id))
}

#[tokio::test]
async fn a_signed_in_user_is_known_and_noted_for_the_log() {
    let context = deployed("eyJ.legacy.anon");
    let bearer = format!("Bearer {}", token("authenticated", 60));
    assert_eq!(identified(&context, &[&bearer]).await.unwrap(), Some(USER));
    assert_eq!(context.caller_id.get(), Some(USER));
}

#[tokio::test]
async fn a_guest_sends_no_token_or_a_publishable_key() {
    let anon_key = token("anon", 3600);
    let context = deployed(&anon_key);
    let legacy = format!("Bearer {anon_key}");
    for guest in [&[][..], &["Bearer sb_publishable_1"], &["bearer sb_publishable_1"], &[&legacy]] {
        assert_eq!(identified(&context, guest).await.unwrap(), None, "{guest:?}");
    }
    assert_eq!(context.caller_id.get(), None);
}

#[tokio::test]
async fn any_other_token_is_refused_and_never_a_guest() {
    let context = deployed("eyJ.legacy.anon");
    let [valid, expired, another_anon] = [token("authenticated", 60), token("authenticated", -60), token("anon", 3600)]
        .map(|token| format!("Bearer {token}"));
    for refused in [
        &[expired.as_str()][..],
        &[&another_anon],
        &["Bearer sb_secret_1"],
        &["Bearer sb_publishable_2"],
        &["Bearer "],
        &["Bearer null"],
        &[""],
        &["Basic c2JfcHVibGlzaGFibGVfMQ=="],
        &["sb_publishable_1"],
        &["Bearer sb_publishable_1", "Bearer sb_publishable_1"],
        &[&valid, &valid],
    ] {
        let identified = identified(&context, refused).await;
        assert!(matches!(identified, Err(Error::Unauthenticated(_))), "{refused:?}: {identified:?}");
    }
}
