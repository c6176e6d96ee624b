//! Changing a session: who may, what reaches Zoom, and that a session and its meeting never stay apart.

mod closing;
mod crossing;
mod moving;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use convene_tests::harness::{Answer, Operation, Person, Stack, SupabaseFault, ZoomFault, ZoomUser};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{calls, create, is_hidden_by_runtime, operations, session};

/// A host with a client, and a session of theirs.
struct Planned {
    stack: Stack,
    host: Person,
    client: Person,
    zoom: ZoomUser,
    id: Uuid,
}

impl Planned {
    async fn at_zoom() -> Self {
        Self::with(json!({})).await
    }

    async fn with(changes: Value) -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let client = stack.client_of(&host).await;
        let zoom = stack.connect_zoom(&host).await;
        let mut body = session(&changes);
        body["client_id"] = json!(client.id);
        let created = create(&stack, &host, &body).await.expect(201);
        let id = created["session"]["id"].as_str().unwrap().parse().unwrap();
        Self { stack, host, client, zoom, id }
    }

    async fn change(&self, action: &str, changes: Value) -> Answer {
        self.change_by(&self.host, action, changes).await
    }

    async fn change_by(&self, person: &Person, action: &str, mut body: Value) -> Answer {
        body["session_id"] = json!(self.id);
        body["action"] = json!(action);
        self.stack.function("update-video-session").by(person).json(&body).send().await
    }

    async fn fault(&self, operation: Operation, fault: ZoomFault) {
        self.stack.zoom_fault(&self.zoom, operation, fault, 1).await;
    }

    async fn session(&self) -> Value {
        let row = "select * from public.video_sessions where id = $1";
        self.stack.rows(row, &[&self.id]).await.remove(0)
    }

    async fn status(&self) -> String {
        self.session().await["status"].as_str().unwrap().to_owned()
    }

    /// What was asked of Zoom after the session was created.
    async fn asked(&self) -> Vec<Operation> {
        operations(&self.stack.zoom_calls(&self.zoom).await).split_off(1)
    }

    async fn meeting(&self) -> Option<Value> {
        self.stack.zoom_meetings(&self.zoom).await.pop()
    }

    async fn meeting_id(&self) -> u64 {
        self.meeting().await.unwrap()["id"].as_u64().unwrap()
    }

    async fn happens(&self, event: &str) {
        let told = self.stack.at_zoom(&json!({"event": event, "meeting_id": self.meeting_id().await})).await;
        assert_eq!(told.status, 200, "{told:?}");
    }

    async fn notices(&self, kind: &str) -> usize {
        let told = "select 1 from public.notifications where user_id = $1 and type = $2";
        self.stack.count(told, &[&self.client.id, &kind]).await
    }

    /// The effects that are not done.
    async fn effects(&self) -> Vec<Value> {
        let open = "select kind, status, leased_until is not null as leased from private.outbox
            where host_id = $1 and status <> 'done'";
        self.stack.rows(open, &[&self.host.id]).await
    }

    /// The outbox does what is left, now.
    async fn outbox_catches_up(&self) {
        let due = "update private.outbox set available_at = now(), leased_until = null
            where host_id = $1 and status = 'pending'";
        self.stack.sql(due, &[&self.host.id]).await;
        self.stack.deliver_until_settled(&self.host).await;
        assert!(self.effects().await.is_empty());
    }

    /// The meeting is where the session is.
    async fn assert_agreed(&self) {
        let (session, meeting) = (self.session().await, self.meeting().await.unwrap());
        assert_eq!(time(&meeting["start_time"]), time(&session["scheduled_start"]));
        assert_eq!(meeting["duration"], session["duration_minutes"]);
        assert_eq!(meeting["timezone"], session["timezone"]);
        assert_eq!(meeting["topic"], session["title"]);
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

fn in_days(days: i64) -> String {
    (Utc::now() + Duration::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

const ACTIONS: [&str; 4] = ["reschedule", "cancel", "end", "start"];

/// A body that the action takes.
fn body_of(action: &str) -> Value {
    if action == "reschedule" { json!({"duration_minutes": 25}) } else { json!({}) }
}

#[tokio::test]
async fn nobody_but_the_host_changes_a_session() {
    for provider in ["zoom", "jitsi"] {
        let planned = Planned::with(json!({"provider": provider})).await;
        let before = planned.session().await;
        let others = [planned.client.clone(), planned.stack.person("client").await, planned.stack.trainer().await];
        for action in ACTIONS {
            for person in &others {
                let answer = planned.change_by(person, action, body_of(action)).await;
                answer.refused(404, "session_not_found");
                assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change"]);
                assert!(!answer.text.contains("start_url"), "{}", answer.text);
            }
            let body = json!({"session_id": planned.id, "action": action});
            let anonymous = planned.stack.function("update-video-session").json(&body).send().await;
            anonymous.refused(401, "unauthenticated");
            assert!(calls(&planned.stack, &anonymous).await.is_empty());
        }
        assert_eq!(planned.session().await, before);
        assert!(operations(&planned.stack.zoom_calls(&planned.zoom).await).len() <= 1, "none for them");
    }
}

#[tokio::test]
async fn a_session_that_does_not_exist_is_not_found() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    for action in ACTIONS {
        let mut body = body_of(action);
        body["session_id"] = json!(Uuid::new_v4());
        body["action"] = json!(action);
        let answer = stack.function("update-video-session").by(&host).json(&body).send().await;
        answer.refused(404, "session_not_found");
    }
}

#[tokio::test]
async fn a_body_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let id = Uuid::new_v4();
    for body in [
        json!({}),
        json!({"session_id": id}),
        json!({"action": "cancel"}),
        json!({"session_id": "1", "action": "cancel"}),
        json!({"session_id": id, "action": "delete"}),
        json!({"session_id": id, "action": "reschedule"}),
        json!({"session_id": id, "action": "cancel", "duration_minutes": 5}),
        json!({"session_id": id, "action": "start", "scheduled_start": in_days(1)}),
        json!({"session_id": id, "action": "reschedule", "duration_minutes": 0}),
        json!({"session_id": id, "action": "reschedule", "duration_minutes": 1441}),
        json!({"session_id": id, "action": "reschedule", "duration_minutes": "50"}),
        json!({"session_id": id, "action": "reschedule", "scheduled_start": in_days(-1)}),
        json!({"session_id": id, "action": "reschedule", "scheduled_start": in_days(1000)}),
        json!({"session_id": id, "action": "reschedule", "scheduled_start": "tomorrow"}),
        json!({"session_id": id, "action": "reschedule", "timezone": "Mars"}),
        json!({"session_id": id, "action": "reschedule", "title": "Another"}),
        json!({"session_id": id, "action": "reschedule", "host_id": host.id, "duration_minutes": 5}),
    ] {
        let answer = stack.function("update-video-session").by(&host).json(&body).send().await;
        assert_eq!(answer.status, 422, "{body}: {answer:?}");
        answer.refused(422, "invalid_field");
        assert!(calls(&stack, &answer).await.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn the_host_and_nobody_else_gets_a_start_link() {
    let planned = Planned::at_zoom().await;
    let answer = planned.change("start", json!({})).await;
    let started = answer.expect(200);
    let start_url = started["start_url"].as_str().unwrap().to_owned();
    assert!(start_url.contains("zak="), "{start_url}");
    assert_eq!(started["session"]["status"], "live");
    assert!(!started["session"].to_string().contains("zak="), "{started}");
    assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change", "commit_zoom_start"]);
    assert_eq!(planned.asked().await, [Operation::GetMeeting]);
    assert_eq!(planned.notices("video_session_started").await, 1);

    let again = planned.change("start", json!({})).await.expect(200);
    assert_ne!(again["start_url"], json!(start_url), "a fresh one");
    assert_eq!(again["session"]["status"], "live");
    assert_eq!(planned.notices("video_session_started").await, 1);

    let admin = planned.stack.person("admin").await;
    let stranger = planned.stack.trainer().await;
    for person in [&planned.client, &stranger, &admin] {
        planned.change_by(person, "start", json!({})).await.refused(404, "session_not_found");
        let meta = planned.stack.rest(Method::GET, "video_session_host_meta?select=*").by(person).send().await;
        assert_eq!(meta.expect(200), json!([]));
        for table in ["video_sessions", "video_session_participants", "notifications", "messages", "session_audit"] {
            let rows = planned.stack.rest(Method::GET, &format!("{table}?select=*")).by(person).send().await;
            assert!(!rows.text.contains("zak="), "{table}");
        }
    }
}

#[tokio::test]
async fn a_start_that_zoom_does_not_answer_starts_nothing() {
    let error = |status, code, message: &str| ZoomFault::Error { status, code, message: message.to_owned() };
    for (fault, status, code) in [
        (error(404, 3001, "Meeting does not exist"), 409, "zoom_meeting_gone"),
        (ZoomFault::RateLimit { retry_after: None }, 429, "zoom_rate_limited"),
        (ZoomFault::Status { status: 503 }, 502, "provider_failed"),
        (ZoomFault::DropRequest, 502, "provider_failed"),
        (ZoomFault::Delay { ms: 4_000 }, 504, "provider_timed_out"),
        (ZoomFault::Raw { status: 200, body: "{}".to_owned() }, 502, "provider_failed"),
    ] {
        let planned = Planned::at_zoom().await;
        if is_hidden_by_runtime(&planned.stack, &fault) {
            continue;
        }
        let what = format!("{fault:?}");
        planned.fault(Operation::GetMeeting, fault).await;
        let answer = planned.change("start", json!({})).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        answer.refused(status, code);
        assert_eq!(planned.status().await, "scheduled", "{what}");
        assert_eq!(planned.notices("video_session_started").await, 0, "{what}");
        planned.change("start", json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_session_elsewhere_needs_nothing_of_zoom() {
    for body in [json!({"provider": "jitsi"}), json!({"join_url": "https://zoom.us/j/12345678901?pwd=abc"})] {
        let planned = Planned::with(body.clone()).await;
        let moved = planned.change("reschedule", json!({"scheduled_start": in_days(9)})).await;
        assert_eq!(calls(&planned.stack, &moved).await, ["begin_session_change"]);
        assert_eq!(moved.expect(200)["session"]["status"], "scheduled");
        for (action, status) in [("start", "live"), ("start", "live"), ("end", "ended"), ("end", "ended")] {
            let answer = planned.change(action, json!({})).await;
            let changed = answer.expect(200);
            assert_eq!(changed["session"]["id"], json!(planned.id), "{body} {action}");
            assert_eq!(changed["session"]["status"], status, "{body} {action}");
            assert!(changed.get("start_url").is_none() && changed.get("zoom").is_none(), "{changed}");
            assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change"]);
        }
        planned.change("cancel", json!({})).await.refused(409, "invalid_transition");
        assert!(planned.stack.zoom_calls(&planned.zoom).await.is_empty());
        assert!(planned.effects().await.is_empty());
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_changes_nothing() {
    let planned = Planned::at_zoom().await;
    let before = planned.session().await;
    for action in ACTIONS {
        let mut body = body_of(action);
        body["session_id"] = json!(planned.id);
        body["action"] = json!(action);
        let request = planned.stack.function("update-video-session").by(&planned.host).json(&body);
        let fault = SupabaseFault::DropRequest;
        planned.stack.supabase_fault(request.request_id(), "begin_session_change", fault, 1).await;
        request.send().await.refused(503, "unavailable");
    }
    assert_eq!(planned.session().await, before);
    assert!(planned.asked().await.is_empty());
}

#[tokio::test]
async fn what_the_app_changes_itself_reaches_zoom() {
    let planned = Planned::at_zoom().await;
    let rows = format!("video_sessions?id=eq.{}", planned.id);
    let patch = |body: Value| planned.stack.rest(Method::PATCH, &rows).by(&planned.host).json(&body).send();
    let moved = patch(json!({"scheduled_start": in_days(11), "duration_minutes": 20, "title": "Shoulder"})).await;
    assert!(moved.status < 300, "{moved:?}");
    planned.outbox_catches_up().await;
    planned.assert_agreed().await;
    assert_eq!(planned.asked().await, [Operation::UpdateMeeting]);

    let untouched = patch(json!({"duration_minutes": 20})).await;
    assert!(untouched.status < 300, "{untouched:?}");
    assert!(planned.effects().await.is_empty(), "no change");

    let live = patch(json!({"status": "live"})).await;
    assert!(live.status < 300, "{live:?}");
    planned.happens("start").await;
    let ended = patch(json!({"status": "ended"})).await;
    assert!(ended.status < 300, "{ended:?}");
    planned.outbox_catches_up().await;
    assert_eq!(planned.asked().await, [Operation::UpdateMeeting, Operation::EndMeeting]);
}

#[tokio::test]
async fn of_a_cancel_and_a_start_at_once_one_wins() {
    for _ in 0..5 {
        let planned = Planned::at_zoom().await;
        let (cancel, start) =
            futures_util::join!(planned.change("cancel", json!({})), planned.change("start", json!({})));
        planned.outbox_catches_up().await;
        match planned.status().await.as_str() {
            "cancelled" => {
                cancel.expect(200);
                let code = start.expect(409)["code"].clone();
                assert!(code == "invalid_transition" || code == "zoom_meeting_gone", "{start:?}");
                assert!(planned.meeting().await.is_none());
            }
            "live" => {
                start.expect(200);
                cancel.refused(409, "invalid_transition");
                assert!(planned.meeting().await.is_some());
            }
            other => panic!("{other}: {cancel:?} {start:?}"),
        }
    }
}
