//! Instant sessions, entered by a link, also without an account.

mod creating;
mod deciding;
mod entering;
mod input;
mod limits;
mod relays;
mod tickets;

use convene_tests::harness::{Answer, Person, Request, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

/// A session of a therapist's.
struct Session {
    stack: Stack,
    therapist: Person,
    id: Uuid,
    token: String,
}

/// Someone without an account who has joined.
struct Guest {
    secret: String,
    /// Their part in the session.
    participant_id: Uuid,
    answer: Answer,
}

impl Session {
    async fn open() -> Self {
        Self::made(&json!({})).await
    }

    async fn with_lobby() -> Self {
        Self::made(&json!({"lobby": true})).await
    }

    /// One made with these fields of the request.
    async fn made(fields: &Value) -> Self {
        let stack = Stack::running();
        let therapist = stack.person("therapist").await;
        let made = ask(&stack, &with(&json!({"action": "create", "session_name": "Talk"}), fields)).by(&therapist);
        let session = made.send().await.expect(201)["session"].clone();
        let token = session["session_token"].as_str().unwrap().to_owned();
        Self { stack, therapist, id: id(&session), token }
    }

    /// Asks the function for this.
    fn ask(&self, body: &Value) -> Request {
        ask(&self.stack, body)
    }

    /// Comes by the link.
    fn come(&self, name: &str) -> Request {
        self.come_with(name, None)
    }

    /// Comes by the link, with a guest's secret.
    fn come_with(&self, name: &str, secret: Option<&str>) -> Request {
        let join = json!({"action": "join", "participant_name": name, "guest_secret": secret});
        self.ask(&with(&join, &json!({"session_token": self.token})))
    }

    async fn guest(&self, name: &str) -> Guest {
        let answer = self.come(name).send().await;
        let joined = answer.expect(200);
        let secret = joined["guest_secret"].as_str().unwrap().to_owned();
        Guest { secret, participant_id: id(&joined["participant"]), answer }
    }

    fn status(&self, secret: Option<&str>) -> Request {
        self.ask(&json!({"action": "status", "session_token": self.token, "guest_secret": secret}))
    }

    fn leave(&self, secret: Option<&str>) -> Request {
        self.ask(&json!({"action": "leave", "session_token": self.token, "guest_secret": secret}))
    }

    /// A decision about a participant.
    fn about(&self, action: &str, participant_id: Uuid) -> Request {
        self.ask(&json!({"action": action, "participant_id": participant_id}))
    }

    /// A decision about the session.
    fn change(&self, action: &str) -> Request {
        self.ask(&json!({"action": action, "session_id": self.id}))
    }

    /// The therapist decides about the session.
    async fn changed(&self, action: &str) -> Value {
        self.change(action).by(&self.therapist).send().await.expect(200)["session"].clone()
    }

    /// The therapist decides about a participant.
    async fn decided(&self, action: &str, participant_id: Uuid) -> Value {
        self.about(action, participant_id).by(&self.therapist).send().await.expect(200)
    }

    /// Its time comes, past the triggers, which let nobody make it come.
    async fn expire(&self) {
        self.stack.sql("set session_replication_role = replica", &[]).await;
        let update = "update public.instant_sessions set expires_at = now() - interval '1 second' where id = $1";
        self.stack.sql(update, &[&self.id]).await;
        self.stack.sql("set session_replication_role = origin", &[]).await;
    }

    async fn participants(&self) -> Vec<Value> {
        let rows = "select * from public.instant_session_participants where session_id = $1 order by joined_at";
        self.stack.rows(rows, &[&self.id]).await
    }
}

fn ask(stack: &Stack, body: &Value) -> Request {
    stack.function("instant-sessions").json(body)
}

/// A body with further fields.
fn with(body: &Value, fields: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

fn id(row: &Value) -> Uuid {
    row["id"].as_str().unwrap().parse().unwrap()
}

/// Somebody's standing, with no more of a room than it entitles to.
#[track_caller]
fn standing(answer: &Answer) -> String {
    let body = answer.expect(200);
    let status = body["status"].as_str().unwrap().to_owned();
    for belonging in ["ticket", "ice_servers"] {
        assert_eq!(body.get(belonging).is_some(), status == "admitted", "{belonging}: {body}");
    }
    status
}

/// What the request asked of the TURN service comes last.
async fn calls(stack: &Stack, answer: &Answer) -> Vec<String> {
    crate::calls(stack, answer).await
}

/// The database's function and, where a TURN service is asked, its call.
fn and_relays(stack: &Stack, function: &str) -> Vec<String> {
    let minted = match stack.variable("TURN_SERVICE") {
        "twilio" => Some("Tokens.json"),
        "cloudflare" => Some("generate-ice-servers"),
        _ => None,
    };
    [Some(function), minted].into_iter().flatten().map(str::to_owned).collect()
}
