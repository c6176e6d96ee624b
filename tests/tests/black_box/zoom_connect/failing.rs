//! Every way in which connecting fails: each lands on a reason, and leaves nothing.

use super::*;

#[tokio::test]
async fn a_user_who_denies_is_told_so_and_zoom_is_asked_nothing() {
    let flow = Flow::begin().await;
    let denied = flow.stack.deny_zoom(&flow.url).await;
    let answer = flow.come_back(&denied.location).await;
    flow.assert_failed(&answer, "access_denied").await;
    assert!(calls(&flow.stack, &answer).await.is_empty());
}

#[tokio::test]
async fn a_state_that_is_missing_or_not_ours_asks_nothing_of_anybody() {
    let flow = Flow::begin().await;
    let consent = flow.approve().await;
    let state = parameter(&consent.location, "state").unwrap();
    let callback = flow.stack.variable("ZOOM_REDIRECT_URI").to_owned();
    let code = consent.code.as_deref().unwrap();
    let other_context = flow.stack.open_zoom_state(&consent.location).await;
    let stored_token = {
        let other = flow.stack.trainer().await;
        flow.stack.connect_zoom(&other).await;
        row_of(&flow.stack, &other).await.unwrap()["access_token"].as_str().unwrap().to_owned()
    };
    let middle = state.len() / 2;
    let flipped = if state.as_bytes()[middle] == b'A' { "B" } else { "A" };
    for (location, reason) in [
        (format!("{callback}?code={code}"), "state_missing"),
        (format!("{callback}?code={code}&state="), "state_missing"),
        (with_parameter(&consent.location, "state", "nonsense"), "state_invalid"),
        (with_parameter(&consent.location, "state", &state[..state.len() - 2]), "state_invalid"),
        (with_parameter(&consent.location, "state", &format!("{state}A")), "state_invalid"),
        (with_parameter(&consent.location, "state", &state.replace("v1.", "v2.")), "state_invalid"),
        (
            with_parameter(
                &consent.location,
                "state",
                &format!("{}{flipped}{}", &state[..middle], &state[middle + 1..]),
            ),
            "state_invalid",
        ),
        (with_parameter(&consent.location, "state", &other_context.to_string()), "state_invalid"),
        (with_parameter(&consent.location, "state", &stored_token), "state_invalid"),
        (with_parameter(&consent.location, "state", &flow.stack.seal_zoom_state(&json!({})).await), "state_invalid"),
    ] {
        let answer = flow.come_back(&location).await;
        flow.assert_failed(&answer, reason).await;
        assert!(calls(&flow.stack, &answer).await.is_empty(), "{location}");
    }
    for query in ["", "?", "?error=access_denied", "?error=server_error&state=x", "?code=&state=", "?%ff=%00&state=%ff"]
    {
        let answer = flow.come_back(&format!("{callback}{query}")).await;
        assert_eq!(answer.landed().status, "error", "{query}");
        assert!(calls(&flow.stack, &answer).await.is_empty(), "{query}");
    }
    let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
    assert!(flow.made(&zoom).await.is_empty());
    assert_eq!(
        flow.come_back(&consent.location).await.landed(),
        connected(DEFAULT_TARGET),
        "none of it spent anything"
    );
}

#[tokio::test]
async fn a_state_is_too_old_after_ten_minutes() {
    let target = format!("{}/done", Stack::running().variable("API_URL"));
    let flow = Flow::begin_with(json!({"return_to": target})).await;
    let consent = flow.approve().await;
    let mut state = flow.stack.open_zoom_state(&consent.location).await;
    state["expires_at"] = match &state["expires_at"] {
        Value::Number(seconds) => json!(seconds.as_i64().unwrap() - 601),
        text => {
            let expires_at: chrono::DateTime<chrono::Utc> = text.as_str().unwrap().parse().unwrap();
            json!(expires_at - chrono::Duration::seconds(601))
        }
    };
    let expired = flow.stack.seal_zoom_state(&state).await;
    let answer = flow.come_back(&with_parameter(&consent.location, "state", &expired)).await;
    assert_eq!(answer.landed(), error(&target, "state_expired"));
    assert!(calls(&flow.stack, &answer).await.is_empty());
    assert_eq!(flow.row().await, None);
    let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
    assert!(flow.made(&zoom).await.is_empty());
}

#[tokio::test]
async fn a_code_of_another_flow_is_refused() {
    let (mine, other) = (Flow::begin().await, Flow::begin().await);
    let (my_consent, other_consent) = (mine.approve().await, other.approve().await);
    let mixed = with_parameter(&my_consent.location, "code", other_consent.code.as_deref().unwrap());
    let answer = mine.come_back(&mixed).await;
    mine.assert_failed(&answer, "code_refused").await;
    assert_eq!(other.row().await, None);
    assert!(calls(&mine.stack, &answer).await.is_empty(), "nothing to store");
}

#[tokio::test]
async fn a_code_that_is_unknown_or_too_old_is_refused() {
    let flow = Flow::begin().await;
    let consent = flow.approve().await;
    for code in ["unknown", "a b&c=d", &"x".repeat(3000)] {
        let answer = flow.come_back(&with_parameter(&consent.location, "code", code)).await;
        flow.assert_failed(&answer, "code_refused").await;
    }
    flow.stack.expire_zoom_code(consent.code.as_deref().unwrap()).await;
    let answer = flow.come_back(&consent.location).await;
    flow.assert_failed(&answer, "code_refused").await;
}

#[tokio::test]
async fn a_missing_scope_is_told_and_what_was_granted_is_given_back() {
    for missing in ["meeting:write:meeting", "meeting:update:meeting", "meeting:delete:meeting", "user:read:user"] {
        let flow = Flow::begin().await;
        let scope = GRANULAR_SCOPES.split_whitespace().filter(|scope| *scope != missing).collect::<Vec<_>>().join(" ");
        let consent = flow.stack.approve_zoom(&flow.url, json!({"scope": scope})).await;
        let answer = flow.come_back(&consent.location).await;
        flow.assert_failed(&answer, "scope_missing").await;
        assert!(calls(&flow.stack, &answer).await.is_empty());
        let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
        assert_eq!(zoom.access_token, None, "revoked");
        assert_eq!(flow.made(&zoom).await, [Operation::ExchangeCode, Operation::RevokeToken], "{missing}");
    }
}

#[tokio::test]
async fn whatever_zoom_does_instead_of_answering_ends_in_a_reason() {
    let raw = |body: &str| ZoomFault::Raw { status: 200, body: body.to_owned() };
    for fault in [
        ZoomFault::Status { status: 503 },
        ZoomFault::Status { status: 429 },
        ZoomFault::Xml { status: 500 },
        ZoomFault::DropRequest,
        ZoomFault::DropAnswer,
        ZoomFault::Delay { ms: 4_000 },
        raw("<html>"),
        raw("{}"),
        raw(r#"{"access_token": 5, "refresh_token": null, "expires_in": "soon"}"#),
        raw(""),
    ] {
        for operation in [Operation::ExchangeCode, Operation::GetUser] {
            let flow = Flow::begin().await;
            if operation == Operation::GetUser && is_hidden_by_runtime(&flow.stack, &fault) {
                continue;
            }
            let (answer, zoom) = flow.come_back_with(vec![(operation, fault.clone())]).await;
            assert_eq!(answer.landed(), error(DEFAULT_TARGET, "zoom_failed"), "{operation:?} {fault:?}");
            assert_eq!(flow.row().await, None, "{operation:?} {fault:?}");
            assert!(calls(&flow.stack, &answer).await.is_empty());
            if operation == Operation::GetUser {
                let zoom = flow.stack.zoom_user(&zoom.id).await;
                assert_eq!(zoom.access_token, None, "given back: {fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn giving_back_may_fail() {
    let flow = Flow::begin().await;
    let faults =
        vec![(Operation::GetUser, ZoomFault::Status { status: 500 }), (Operation::RevokeToken, ZoomFault::DropRequest)];
    let (answer, _) = flow.come_back_with(faults).await;
    flow.assert_failed(&answer, "zoom_failed").await;
}

#[tokio::test]
async fn a_database_that_is_away_leaves_nothing_at_zoom_and_the_user_can_try_again() {
    for fault in [SupabaseFault::DropRequest, SupabaseFault::Status { status: 503 }] {
        let flow = Flow::begin().await;
        let consent = flow.approve().await;
        let request = flow.stack.callback(&consent.location);
        flow.stack.supabase_fault(request.request_id(), "connect_zoom", fault, 1).await;
        let answer = request.send().await;
        flow.assert_failed(&answer, "unavailable").await;
        let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
        assert_eq!(zoom.access_token, None, "revoked");
        let again = flow.approve().await;
        assert_eq!(flow.come_back(&again.location).await.landed(), connected(DEFAULT_TARGET));
    }
}

#[tokio::test]
async fn someone_whose_account_is_gone_connects_nothing() {
    let flow = Flow::begin().await;
    let consent = flow.approve().await;
    let mut state = flow.stack.open_zoom_state(&consent.location).await;
    state["user_id"] = json!(Uuid::new_v4());
    let gone = flow.stack.seal_zoom_state(&state).await;
    let answer = flow.come_back(&with_parameter(&consent.location, "state", &gone)).await;
    assert_eq!(answer.landed().status, "error");
    let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
    assert_eq!(zoom.access_token, None, "revoked");
    let rows = "select 1 from public.user_integrations_zoom where zoom_user_id = $1";
    assert_eq!(flow.stack.count(rows, &[&zoom.id]).await, 0);
}
