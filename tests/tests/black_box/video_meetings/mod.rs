//! Meetings behind an ID and a passcode: `video-meetings`, with the routes below it.

mod changing;
mod creating;
mod guessing;
mod inside;
mod joining;
mod reading;
mod removing;
mod routes;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use convene_tests::harness::{Answer, Person, Request, Stack};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A tutor and a student with a booking.
struct Booking {
    stack: Stack,
    tutor: Person,
    student: Person,
    id: Uuid,
}

impl Booking {
    async fn new() -> Self {
        let stack = Stack::running();
        let (tutor, student) = (stack.person("tutor").await, stack.person("student").await);
        let insert = "insert into public.bookings (tutor_id, student_id) values ($1, $2) returning id";
        let id = stack.sql(insert, &[&tutor.id, &student.id]).await[0].get(0);
        Self { stack, tutor, student, id }
    }

    /// What the tutor asks for, for an hour from `minutes` on.
    fn body(&self, minutes: i64) -> Value {
        let start = Utc::now() + Duration::minutes(minutes);
        json!({
            "bookingId": self.id, "tutorId": self.tutor.id, "studentId": self.student.id,
            "scheduledStart": written(start), "scheduledEnd": written(start + Duration::hours(1)),
        })
    }

    fn create(&self, body: &Value) -> Request {
        self.stack.function("video-meetings/meetings").by(&self.tutor).json(body)
    }

    async fn meetings(&self) -> usize {
        self.stack.count("select 1 from public.video_meetings where tutor_id = $1", &[&self.tutor.id]).await
    }
}

/// A meeting of theirs.
struct Meeting {
    stack: Stack,
    tutor: Person,
    student: Person,
    id: String,
    passcode: String,
}

impl Meeting {
    /// One that begins now.
    async fn due() -> Self {
        Self::planned(0).await
    }

    /// One that begins in so many minutes.
    async fn planned(minutes: i64) -> Self {
        let booking = Booking::new().await;
        let created = booking.create(&booking.body(minutes)).send().await.expect(201);
        let (id, passcode) = (text(&created, "meetingId"), text(&created, "passcode"));
        let Booking { stack, tutor, student, .. } = booking;
        Self { stack, tutor, student, id, passcode }
    }

    /// A `POST` below the meeting, by nobody yet.
    fn post(&self, what: &str, body: &Value) -> Request {
        self.stack.function(&format!("video-meetings/meetings/{}/{what}", self.id)).json(body)
    }

    /// A `GET` of the meeting, or of what is below it, by nobody yet.
    fn get(&self, below: &str) -> Request {
        self.stack.function(&format!("video-meetings/meetings/{}{below}", self.id)).method(Method::GET)
    }

    fn join(&self, user_type: &str) -> Request {
        self.post("join", &json!({"userType": user_type}))
    }

    /// With a passcode, as a guest.
    fn enter(&self, passcode: &str) -> Request {
        self.post("join", &json!({"userType": "guest", "passcode": passcode}))
    }

    /// The secret of a guest who has entered.
    async fn guest(&self) -> String {
        text(&self.enter(&self.passcode).send().await.expect(200), "guestSecret")
    }

    /// As the guest with this secret, without a passcode.
    fn come_back(&self, secret: &str) -> Request {
        self.post("join", &json!({"userType": "guest", "guestSecret": secret}))
    }

    fn wrong_passcode(&self) -> &'static str {
        if self.passcode == "000000" { "000001" } else { "000000" }
    }

    /// Sets a column, past the function.
    async fn set(&self, assignment: &str) {
        let update = format!("update public.video_meetings set {assignment} where meeting_id = $1 returning id");
        assert_eq!(self.stack.sql(&update, &[&self.id]).await.len(), 1, "{assignment}");
    }

    async fn status(&self) -> String {
        let rows = self.stack.rows("select status from public.video_meetings where meeting_id = $1", &[&self.id]).await;
        rows[0]["status"].as_str().unwrap().to_owned()
    }

    /// Everyone who was ever in it, the first first.
    async fn people(&self) -> Vec<Value> {
        let people = "select p.id, p.user_id, p.user_type, p.session_id, p.is_muted, p.left_at is null as is_there
            from public.video_participants p join public.video_meetings m on m.id = p.meeting
            where m.meeting_id = $1 order by p.joined_at";
        self.stack.rows(people, &[&self.id]).await
    }

    /// Of one user.
    async fn seat(&self, person: &Person) -> Value {
        let people = self.people().await;
        people.into_iter().find(|seat| seat["user_id"] == json!(person.id)).unwrap_or_default()
    }
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}

/// A refusal without what differs from request to request.
fn told(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    (answer.status, body)
}

/// In whole seconds.
fn retry_after(answer: &Answer) -> i64 {
    let seconds = answer.header("retry-after");
    assert!(seconds.is_some(), "no Retry-After: {answer:?}");
    seconds.unwrap().parse().unwrap()
}
