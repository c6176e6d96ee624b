//! Group sessions with seats, at the public Jitsi. What has tokens is in the acceptance tests.

mod changing;
mod creating;
mod joining;
mod rooms;
mod seats;

use chrono::{Duration, SecondsFormat, Utc};
use convene_tests::harness::{Answer, Person, Request, Stack};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

const EVERY_ACTION: [&str; 9] =
    ["create", "register", "unregister", "join", "start", "complete", "cancel", "remove", "readmit"];

/// A body that makes a session in so many minutes, with `changes`.
fn plan(minutes: i64, changes: &Value) -> Value {
    let time = (Utc::now() + Duration::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut body = json!({"action": "create", "title": "Integrals", "tutor_name": "Ms Tutor", "scheduled_time": time});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn create(stack: &Stack, by: &Person, body: &Value) -> Answer {
    stack.function("virtual-sessions").by(by).json(body).send().await
}

/// A session of a tutor.
struct Class {
    stack: Stack,
    tutor: Person,
    id: Uuid,
}

impl Class {
    /// One in so many minutes, with fifty seats.
    async fn planned(minutes: i64) -> Self {
        Self::with(minutes, &json!({})).await
    }

    async fn with(minutes: i64, changes: &Value) -> Self {
        let stack = Stack::running();
        let tutor = stack.person("tutor").await;
        let created = create(&stack, &tutor, &plan(minutes, changes)).await.expect(201);
        let id = created["session"]["id"].as_str().unwrap().parse().unwrap();
        Self { stack, tutor, id }
    }

    fn press(&self, action: &str) -> Request {
        self.stack.function("virtual-sessions").json(&json!({"action": action, "session_id": self.id}))
    }

    async fn act(&self, by: &Person, action: &str) -> Answer {
        self.press(action).by(by).send().await
    }

    /// `remove` or `readmit`.
    async fn act_on(&self, by: &Person, action: &str, person: &Person) -> Answer {
        let body = json!({"action": action, "session_id": self.id, "user_id": person.id});
        self.stack.function("virtual-sessions").by(by).json(&body).send().await
    }

    async fn join(&self, by: &Person) -> Answer {
        self.act(by, "join").await
    }

    async fn register(&self, by: &Person) -> Value {
        self.act(by, "register").await.expect(200)
    }

    async fn student(&self) -> Person {
        self.stack.person("student").await
    }

    async fn students(&self, count: usize) -> Vec<Person> {
        join_all((0..count).map(|_| self.student())).await
    }

    /// Somebody with a seat.
    async fn registered(&self) -> Person {
        let student = self.student().await;
        assert_eq!(self.register(&student).await, json!({"status": "registered"}));
        student
    }

    async fn row(&self) -> Value {
        self.stack.rows("select * from public.virtual_sessions where id = $1", &[&self.id]).await.remove(0)
    }

    async fn status(&self) -> String {
        self.row().await["status"].as_str().unwrap().to_owned()
    }

    /// The room's name and its URL.
    async fn room(&self) -> (String, String) {
        let room = "select meeting_room_id, meeting_url from public.virtual_session_rooms where session_id = $1";
        let row = self.stack.sql(room, &[&self.id]).await.remove(0);
        (row.get(0), row.get(1))
    }

    /// How many have this status, of `registered`, `waiting` and `removed`.
    async fn count(&self, status: &str) -> usize {
        let rows = "select 1 from public.virtual_session_registrations where session_id = $1 and status = $2";
        self.stack.count(rows, &[&self.id, &status]).await
    }

    /// How many notices of this kind someone has of the session.
    async fn notices(&self, person: &Person, kind: &str) -> usize {
        let told = "select 1 from public.notifications
            where user_id = $1 and type = $2 and data ->> 'session_id' = $3";
        self.stack.count(told, &[&person.id, &kind, &self.id.to_string()]).await
    }

    /// Past every rule: it was planned for so many minutes from now.
    async fn move_to(&self, minutes: i32) {
        let update =
            "update public.virtual_sessions set scheduled_time = now() + $2 * interval '1 minute' where id = $1";
        self.stack.sql(update, &[&self.id, &f64::from(minutes)]).await;
    }
}

/// How many seconds to wait.
fn retry_after(answer: &Answer) -> u32 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

/// The local Supabase grants every table to everyone and leaves the rest to the policies, by which no row is reached. That a hosted
/// one does not grant it either is in `supabase/tests`.
async fn assert_reaches_no_row(write: Request) {
    let reached = write.header("prefer", "return=representation").send().await.expect(200);
    assert_eq!(reached, json!([]));
}
