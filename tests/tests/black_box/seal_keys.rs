//! A second seal key is added, and the first retired, while everything runs: the stack is in the midst of that, with a key that
//! seals and one that only opens any more.

use convene_tests::harness::{Operation, Person, Stack, ZoomFault, ZoomUser};
use serde_json::json;
use shared::crypto::seal::SealKeys;

use crate::{create, operations, session};

/// Two keys that this stack has never had.
const UNKNOWN_KEYS: &str =
    "local:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,retired:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Seals the stored tokens again, with other keys.
async fn reseal(stack: &Stack, host: &Person, zoom: &ZoomUser, keys: &SealKeys) {
    let access_token = stack.seal_zoom_token(keys, host, zoom.access_token.as_deref().unwrap()).await;
    let refresh_token = stack.seal_zoom_token(keys, host, zoom.refresh_token.as_deref().unwrap()).await;
    let update = "update public.user_integrations_zoom set access_token = $2, refresh_token = $3 where user_id = $1";
    stack.sql(update, &[&host.id, &access_token, &refresh_token]).await;
}

/// The ids of the keys with which a user's tokens are sealed.
async fn sealed_with(stack: &Stack, host: &Person) -> Vec<String> {
    let row = "select access_token, refresh_token from public.user_integrations_zoom where user_id = $1";
    let row = stack.rows(row, &[&host.id]).await.remove(0);
    let key = |column: &str| row[column].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    vec![key("access_token"), key("refresh_token")]
}

#[tokio::test]
async fn what_the_previous_key_sealed_opens_and_a_refresh_seals_it_with_the_new_one() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    reseal(&stack, &host, &zoom, &stack.previous_seal_keys()).await;
    create(&stack, &host, &session(&json!({}))).await.expect(201);
    assert_eq!(sealed_with(&stack, &host).await, ["previous", "previous"]);

    stack.zoom_fault(&zoom, Operation::CreateMeeting, ZoomFault::ExpiredToken, 1).await;
    create(&stack, &host, &session(&json!({}))).await.expect(201);
    assert_eq!(sealed_with(&stack, &host).await, ["local", "local"]);
    create(&stack, &host, &session(&json!({}))).await.expect(201);
}

#[tokio::test]
async fn a_connection_that_the_previous_key_sealed_can_be_ended() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    reseal(&stack, &host, &zoom, &stack.previous_seal_keys()).await;
    stack.function("zoom-disconnect").by(&host).json(&json!({})).send().await.expect(200);
    assert_eq!(stack.zoom_user(&zoom.id).await.access_token, None, "revoked");
}

#[tokio::test]
async fn a_flow_begun_before_the_rotation_is_finished_after_it() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let url = stack.start_zoom_connect(&host, &json!({})).await;
    let state = stack.open_zoom_state(&url).await;
    let sealed_before = stack.seal_zoom_state_with(&stack.previous_seal_keys(), &state).await;
    let mut url = url::Url::parse(&url).unwrap();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "state")
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair("state", &sealed_before);
    let consent = stack.approve_zoom(url.as_str(), json!({})).await;
    assert_eq!(stack.callback(&consent.location).send().await.landed().status, "connected");
    assert_eq!(sealed_with(&stack, &host).await, ["local", "local"]);
}

#[tokio::test]
async fn what_no_key_of_ours_sealed_opens_nowhere() {
    let stack = Stack::running();
    let foreign = SealKeys::parse(UNKNOWN_KEYS).unwrap();
    let retired = SealKeys::parse(UNKNOWN_KEYS.split_once(',').unwrap().1).unwrap();
    for keys in [&foreign, &retired] {
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom(&host).await;
        reseal(&stack, &host, &zoom, keys).await;
        let answer = create(&stack, &host, &session(&json!({}))).await;
        answer.refused(500, "internal");
        assert!(operations(&stack.zoom_calls(&zoom).await).is_empty());

        let url = stack.start_zoom_connect(&host, &json!({})).await;
        let state = stack.open_zoom_state(&url).await;
        let forged = stack.seal_zoom_state_with(keys, &state).await;
        let callback = format!("{}?code=x&state={forged}", stack.variable("ZOOM_REDIRECT_URI"));
        let landing = stack.callback(&callback).send().await.landed();
        assert_eq!(landing.reason.as_deref(), Some("state_invalid"));
    }
}
