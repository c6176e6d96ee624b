//! Inviting clients to a session: one call that writes all or nothing, and one message for each client.

use convene_tests::harness::{Answer, Person, Stack, SupabaseFault};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{calls, create, linked_session};

/// A host with a client, and a session of the host's that nobody takes part in.
struct Planned {
    stack: Stack,
    host: Person,
    client: Person,
    id: Value,
}

impl Planned {
    async fn new() -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let client = stack.client_of(&host).await;
        let id = create(&stack, &host, &linked_session()).await.expect(201)["session"]["id"].clone();
        Self { stack, host, client, id }
    }

    fn body(&self, changes: &Value) -> Value {
        let mut body = json!({"session_id": self.id, "client_ids": [self.client.id]});
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    }

    async fn invite_by(&self, person: &Person, changes: &Value) -> Answer {
        self.stack.function("send-session-invite").by(person).json(&self.body(changes)).send().await
    }

    async fn invite(&self, changes: &Value) -> Answer {
        self.invite_by(&self.host, changes).await
    }

    async fn messages(&self) -> usize {
        self.stack.count("select 1 from public.messages where sender_id = $1", &[&self.host.id]).await
    }
}

fn statuses(answer: &Value) -> Vec<&str> {
    answer["invitations"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_invitation_is_one_call_of_the_database() {
    let planned = Planned::new().await;
    let answer = planned.invite(&json!({"message": "See you.\nAnna"})).await;
    assert_eq!(calls(&planned.stack, &answer).await, ["send_session_invite"]);
    let answer = answer.expect(200);
    assert_eq!(statuses(&answer), ["invited"]);
    assert_eq!(answer["invitations"][0]["client_id"], json!(planned.client.id));
    let posted = "select content from public.messages where sender_id = $1";
    let rows = planned.stack.rows(posted, &[&planned.host.id]).await;
    let content = rows[0]["content"].as_str().unwrap();
    assert!(content.starts_with("See you.\nAnna\n") && content.ends_with("abc-defg-hij"), "{content}");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_without_a_second_message() {
    let planned = Planned::new().await;
    let request = planned.stack.function("send-session-invite").by(&planned.host).json(&planned.body(&json!({})));
    let id = request.request_id().to_owned();
    planned.stack.supabase_fault(&id, "send_session_invite", SupabaseFault::DropAnswer, 1).await;
    request.send().await.refused(503, "unavailable");
    assert_eq!(statuses(&planned.invite(&json!({})).await.expect(200)), ["already_invited"]);
    assert_eq!(planned.messages().await, 1);
}

#[tokio::test]
async fn invitations_at_once_are_one_message() {
    let planned = Planned::new().await;
    let nothing = json!({});
    let answers = futures_util::future::join_all((0..8).map(|_| planned.invite(&nothing))).await;
    let answers: Vec<Value> = answers.iter().map(|answer| answer.expect(200)).collect();
    assert_eq!(answers.iter().filter(|answer| statuses(answer) == ["invited"]).count(), 1);
    assert_eq!(planned.messages().await, 1);
}

#[tokio::test]
async fn one_stranger_among_clients_leaves_all_of_them_out() {
    let planned = Planned::new().await;
    let stranger = planned.stack.person("client").await;
    let whom = json!({"client_ids": [planned.client.id, stranger.id]});
    planned.invite(&whom).await.refused(403, "client_not_yours");
    assert_eq!(planned.messages().await, 0);
    let participants = "select 1 from public.video_session_participants where user_id = $1";
    for person in [&planned.client, &stranger] {
        assert_eq!(planned.stack.count(participants, &[&person.id]).await, 0);
    }
}

#[tokio::test]
async fn nobody_invites_to_another_s_session() {
    let planned = Planned::new().await;
    let other_host = planned.stack.trainer().await;
    for person in [&other_host, &planned.client] {
        planned.invite_by(person, &json!({})).await.refused(404, "session_not_found");
    }
    assert_eq!(planned.messages().await, 0);
}

#[tokio::test]
async fn what_is_not_an_invitation_asks_nobody() {
    let planned = Planned::new().await;
    for (field, changes) in [
        ("session_id", json!({"session_id": null})),
        ("session_id", json!({"session_id": "1"})),
        ("message", json!({"message": " "})),
        ("message", json!({"message": "x".repeat(1001)})),
        ("message", json!({"message": "a\u{1b}[31m"})),
        ("join_url", json!({"join_url": "https://evil.example/"})),
    ] {
        let answer = planned.invite(&changes).await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], field, "{changes}");
        assert!(calls(&planned.stack, &answer).await.is_empty(), "{changes}");
    }
    let crowd: Vec<Uuid> = (0..51).map(|_| Uuid::new_v4()).collect();
    for changes in [json!({"client_ids": []}), json!({"conversation_id": planned.id}), json!({"client_ids": crowd})] {
        assert_eq!(planned.invite(&changes).await.refused(422, "invalid_field")["field"], "client_ids", "{changes}");
    }
    let without_token = planned.stack.function("send-session-invite").json(&planned.body(&json!({}))).send().await;
    without_token.refused(401, "unauthenticated");
    assert!(calls(&planned.stack, &without_token).await.is_empty());
}
