//! Consent, codes and grants.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use super::*;

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

fn consent_url(world: &World, changes: &[(&str, Option<&str>)]) -> String {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let parameters = [
        ("response_type", "code"),
        ("client_id", "id"),
        ("redirect_uri", REDIRECT_URI),
        ("state", "state-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let instead = |name: &str| changes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let kept = parameters.iter().filter_map(|(name, value)| Some((*name, instead(name).unwrap_or(Some(value))?)));
    let new = changes.iter().filter(|(name, _)| !parameters.iter().any(|(known, _)| known == name));
    let all: Vec<(&str, &str)> = kept.chain(new.filter_map(|(name, value)| Some((*name, (*value)?)))).collect();
    format!("{}/zoom/oauth/authorize?{}", world.url, serde_urlencoded::to_string(all).unwrap())
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).unwrap();
    assert!(location.starts_with(REDIRECT_URI), "{location}");
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

async fn approve(world: &World, options: Value) -> Value {
    let mut body = json!({"url": consent_url(world, &[]), "approve": true});
    body.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    world.control("zoom/authorize", body).await
}

fn exchange<'a>(code: &'a Value, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.as_str().unwrap()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        form.retain(|(field, _)| field != name);
        form.push((name, value));
    }
    form
}

#[tokio::test]
async fn a_wrong_request_for_consent_goes_nowhere() {
    let world = World::new().await;
    for changes in [
        [("response_type", Some("token"))],
        [("response_type", None)],
        [("client_id", Some("another"))],
        [("redirect_uri", Some("https://evil.example/"))],
        [("redirect_uri", None)],
        [("state", None)],
        [("state", Some(""))],
        [("code_challenge", None)],
        [("code_challenge", Some("short"))],
        [("code_challenge_method", Some("plain"))],
        [("code_challenge_method", None)],
        [("scope", Some("meeting:write"))],
    ] {
        let url = consent_url(&world, &changes);
        let page = world.client.get(&url).send().await.unwrap();
        assert_eq!(page.status(), 400, "{changes:?}");
        assert!(page.headers().get("location").is_none());
        let refused = world.ask("zoom/authorize", json!({"url": url, "approve": true})).await;
        assert_eq!(refused.status(), 400, "{changes:?}");
    }
}

#[tokio::test]
async fn a_person_answers_on_a_page_that_remembers_them() {
    let world = World::new().await;
    let url = consent_url(&world, &[]);
    let page = world.client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Approve") && page.contains("Deny") && !page.contains(" selected"), "{page}");

    let form = |body: &'static str| {
        world.client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    let denied = form("decision=deny&zoom_user=").send().await.unwrap();
    let location = denied.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(parameter(&location, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&location, "state").unwrap(), "state-1");
    assert_eq!(parameter(&location, "code"), None);

    let approved = form("decision=approve&zoom_user=&scope=user:read:user").send().await.unwrap();
    let location = approved.headers()["location"].to_str().unwrap().to_owned();
    let code = json!(parameter(&location, "code").unwrap());
    assert_eq!(parameter(&location, "state").unwrap(), "state-1");
    let cookie = approved.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = world.client.get(&url).header("cookie", cookie).send().await.unwrap().text().await.unwrap();
    assert_eq!(page.matches(" selected").count(), 1, "{page}");
    let (status, tokens) = world.token(&exchange(&code, &[])).await;
    assert_eq!((status, &tokens["scope"]), (200, &json!("user:read:user")));
}

#[tokio::test]
async fn a_code_works_once_with_its_verifier_and_redirect_uri() {
    let mut world = World::new().await;
    for (changes, error) in [
        ([("code_verifier", "another-verifier-of-at-least-forty-three-chars")], "invalid_grant"),
        ([("redirect_uri", "https://evil.example/")], "invalid_request"),
        ([("code", "unknown")], "invalid_request"),
        ([("client_id", "id")], "invalid_request"),
    ] {
        let approved = approve(&world, json!({})).await;
        let (status, refused) = world.token(&exchange(&approved["code"], &changes)).await;
        assert_eq!((status, &refused["error"]), (400, &json!(error)), "{changes:?}");
    }
    let approved = approve(&world, json!({})).await;
    world.control("zoom/expire-code", json!({"code": approved["code"]})).await;
    assert_eq!(world.token(&exchange(&approved["code"], &[])).await.0, 400, "five minutes are over");

    let approved = approve(&world, json!({})).await;
    let (status, tokens) = world.token(&exchange(&approved["code"], &[])).await;
    assert_eq!(status, 200);
    assert_eq!(world.token(&exchange(&approved["code"], &[])).await.0, 400, "it is used");
    world.user = tokens;
    let me: Value = world.zoom(Method::GET, "/v2/users/me").send().await.unwrap().json().await.unwrap();
    assert_eq!(me["id"], approved["zoom_user_id"]);
}

#[tokio::test]
async fn connecting_again_ends_the_grant_from_before() {
    let world = World::new().await;
    let approved = approve(&world, json!({"zoom_user_id": world.user["zoom_user_id"]})).await;
    assert_eq!(world.create().send().await.unwrap().status(), 201, "an approval alone ends nothing");
    assert_eq!(world.token(&exchange(&approved["code"], &[])).await.0, 200);
    let refused = world.create().send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["code"], 4741);
    assert_eq!(world.refresh(&world.user["refresh_token"]).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_revoked_grant_is_dead() {
    let world = World::new().await;
    let revoke = || {
        let form = format!("token={}", world.user["access_token"].as_str().unwrap());
        let request = world.client.post(format!("{}/zoom/oauth/revoke", world.url)).basic_auth("id", Some("secret"));
        request.header("content-type", "application/x-www-form-urlencoded").body(form).send()
    };
    assert_eq!(revoke().await.unwrap().status(), 200);
    assert_eq!(world.create().send().await.unwrap().status(), 401);
    assert_eq!(world.refresh(&world.user["refresh_token"]).await.1["error"], "invalid_grant");
    assert_eq!(revoke().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_missing() {
    let mut world = World::new().await;
    let approved = approve(&world, json!({"scope": "meeting:write:meeting"})).await;
    let (_, tokens) = world.token(&exchange(&approved["code"], &[])).await;
    world.user = tokens;
    let me: Value = world.zoom(Method::GET, "/v2/users/me").send().await.unwrap().json().await.unwrap();
    assert_eq!(me["code"], 4711);
    assert_eq!(world.create().send().await.unwrap().status(), 201);
}
