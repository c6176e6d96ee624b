//! What Zoom tells: whether it is Zoom, and that repeats, disorder and nonsense change nothing.

mod listening;

use chrono::{Duration, SecondsFormat, Utc};
use convene_tests::harness::{Answer, Person, Request, Stack, SupabaseFault, ZoomUser};
use convene_tests::simulators::zoom::signature;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{calls, create, session};

/// A Zoom session that starts in a few minutes, and its meeting.
struct Meeting {
    stack: Stack,
    host: Person,
    client: Person,
    zoom: ZoomUser,
    session_id: Uuid,
    id: u64,
}

impl Meeting {
    async fn new() -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let client = stack.client_of(&host).await;
        let zoom = stack.connect_zoom(&host).await;
        let start = (Utc::now() + Duration::minutes(5)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let body = session(&json!({"scheduled_start": start, "client_id": client.id}));
        let created = create(&stack, &host, &body).await.expect(201)["session"].clone();
        let session_id = created["id"].as_str().unwrap().parse().unwrap();
        let id = created["provider_meeting_id"].as_str().unwrap().parse().unwrap();
        Self { stack, host, client, zoom, session_id, id }
    }

    /// One whose time has come.
    async fn due() -> Self {
        let meeting = Self::new().await;
        // As if Zoom had agreed to it, so that nothing is sent there.
        let moved = "update public.video_sessions set scheduled_start = now() - interval '10 minutes'
            where id = $1 and set_config('convene.zoom_agrees', 'yes', true) = 'yes'";
        meeting.stack.sql(moved, &[&meeting.session_id]).await;
        meeting
    }

    async fn happens(&self, event: &str) {
        let told = self.stack.at_zoom(&json!({"event": event, "meeting_id": self.id})).await;
        assert_eq!(told.status, 200, "{told:?}");
    }

    /// An event as Zoom sends it, in a form of one's own.
    async fn told(&self, event: &str, object: Value) -> Answer {
        let answer = self.stack.webhook(self.event(event, &object).to_string()).send().await;
        answer.expect(200);
        answer
    }

    fn event(&self, event: &str, object: &Value) -> Value {
        let mut merged = json!({"id": self.id.to_string(), "uuid": "abc/def==", "host_id": self.zoom.id, "type": 2});
        merged.as_object_mut().unwrap().extend(object.as_object().unwrap().clone());
        let payload = json!({"account_id": self.zoom.account_id, "object": merged});
        json!({"event": event, "event_ts": Utc::now().timestamp_millis(), "payload": payload})
    }

    async fn session(&self) -> Value {
        let row = "select * from public.video_sessions where id = $1";
        self.stack.rows(row, &[&self.session_id]).await.remove(0)
    }

    async fn status(&self) -> String {
        self.session().await["status"].as_str().unwrap().to_owned()
    }

    async fn notices(&self, kind: &str) -> usize {
        let told = "select 1 from public.notifications where user_id = $1 and type = $2";
        self.stack.count(told, &[&self.client.id, &kind]).await
    }

    async fn attendance(&self) -> Vec<Value> {
        let rows = "select participant_name, joined_at, last_joined_at, left_at from public.video_session_attendance
            where session_id = $1 order by participant_name";
        self.stack.rows(rows, &[&self.session_id]).await
    }

    async fn effects(&self) -> usize {
        self.stack
            .count("select 1 from private.outbox where host_id = $1 and status = 'pending'", &[&self.host.id])
            .await
    }
}

#[tokio::test]
async fn a_meeting_that_starts_and_ends_at_zoom_starts_and_ends_here() {
    let meeting = Meeting::due().await;
    let told = meeting.stack.at_zoom(&json!({"event": "start", "meeting_id": meeting.id})).await;
    assert_eq!((told.status, &told.body), (200, &json!({"received": true})));
    assert_eq!(meeting.status().await, "live");
    assert_eq!(meeting.notices("video_session_started").await, 1);
    meeting.happens("end").await;
    assert_eq!(meeting.status().await, "ended");
    assert_eq!(meeting.effects().await, 0, "what Zoom told is not sent back");
}

#[tokio::test]
async fn an_event_is_one_call_of_the_database() {
    let meeting = Meeting::due().await;
    let answer = meeting.told("meeting.started", json!({})).await;
    assert_eq!(calls(&meeting.stack, &answer).await, ["record_zoom_event"]);
}

#[tokio::test]
async fn repeats_change_nothing() {
    let meeting = Meeting::due().await;
    let body = meeting.event("meeting.started", &json!({})).to_string();
    for _ in 0..3 {
        meeting.stack.webhook(body.clone()).send().await.expect(200);
    }
    let together = (0..10).map(|_| meeting.stack.webhook(body.clone()).send());
    for answer in futures_util::future::join_all(together).await {
        answer.expect(200);
    }
    assert_eq!(meeting.status().await, "live");
    assert_eq!(meeting.notices("video_session_started").await, 1);
}

#[tokio::test]
async fn an_end_that_comes_before_its_start_stays_the_end() {
    let meeting = Meeting::due().await;
    meeting.told("meeting.ended", json!({})).await;
    assert_eq!(meeting.status().await, "ended");
    for event in ["meeting.started", "meeting.updated", "meeting.deleted", "meeting.ended"] {
        meeting.told(event, json!({"topic": "Another"})).await;
        assert_eq!(meeting.status().await, "ended", "{event}");
    }
    assert_eq!(meeting.session().await["title"], "Knee rehabilitation");
}

#[tokio::test]
async fn an_id_is_a_number_or_a_text_and_so_is_a_time() {
    for id_is_number in [true, false] {
        for times in 0..4 {
            let meeting = Meeting::due().await;
            let id = if id_is_number { json!(meeting.id) } else { json!(meeting.id.to_string()) };
            let mut event = meeting.event("meeting.started", &json!({"id": id}));
            let now = event["event_ts"].take();
            event.as_object_mut().unwrap().remove("event_ts");
            let (place, value) = match times {
                0 => (&mut event, now),
                1 => (&mut event, json!(now.to_string())),
                2 => (&mut event["payload"], now),
                _ => (&mut event["payload"], json!(now.to_string())),
            };
            place["event_ts"] = value;
            let what = event.to_string();
            meeting.stack.webhook(what.clone()).send().await.expect(200);
            assert_eq!(meeting.status().await, "live", "{what}");
        }
    }
}

#[tokio::test]
async fn a_meeting_deleted_at_zoom_is_a_cancelled_session() {
    let meeting = Meeting::new().await;
    meeting.happens("delete").await;
    assert_eq!(meeting.status().await, "cancelled");
    assert_eq!(meeting.notices("video_session_cancelled").await, 1);
    assert_eq!(meeting.effects().await, 0, "there is nothing left to delete");
}

#[tokio::test]
async fn a_meeting_changed_at_zoom_is_a_changed_session() {
    let meeting = Meeting::new().await;
    let start = (Utc::now() + Duration::days(3)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let change = json!({"event": "change", "meeting_id": meeting.id, "start_time": start, "duration": 25});
    assert_eq!(meeting.stack.at_zoom(&change).await.status, 200);
    let changed = meeting.session().await;
    let scheduled: chrono::DateTime<Utc> = changed["scheduled_start"].as_str().unwrap().parse().unwrap();
    assert_eq!(scheduled.to_rfc3339_opts(SecondsFormat::Secs, true), start);
    assert_eq!(changed["duration_minutes"], 25);
    assert_eq!(meeting.notices("video_session_rescheduled").await, 1);
    assert_eq!(meeting.effects().await, 0);

    // News from before is no news.
    let mut stale = meeting.event("meeting.updated", &json!({"duration": 99}));
    stale["event_ts"] = json!((Utc::now() - Duration::minutes(30)).timestamp_millis());
    meeting.stack.webhook(stale.to_string()).send().await.expect(200);
    assert_eq!(meeting.session().await["duration_minutes"], 25);
}

#[tokio::test]
async fn who_came_and_went_is_for_the_host_to_read() {
    let meeting = Meeting::due().await;
    for (event, participant) in [("join", "Ada"), ("join", "Grace"), ("leave", "Ada")] {
        let event = json!({"event": event, "meeting_id": meeting.id, "participant": participant});
        assert_eq!(meeting.stack.at_zoom(&event).await.status, 200);
    }
    let attendance = meeting.attendance().await;
    assert_eq!(attendance.len(), 2, "{attendance:?}");
    assert_eq!(attendance[0]["participant_name"], "Ada");
    assert!(attendance[0]["joined_at"].is_string() && attendance[0]["left_at"].is_string(), "{attendance:?}");
    assert!(attendance[1]["joined_at"].is_string() && attendance[1]["left_at"].is_null(), "{attendance:?}");

    let list = "video_session_attendance?select=participant_name";
    let read = |person: Person| meeting.stack.rest(Method::GET, list).by(&person).send();
    assert_eq!(read(meeting.host.clone()).await.expect(200).as_array().unwrap().len(), 2);
    for other in [meeting.client.clone(), meeting.stack.trainer().await] {
        assert_eq!(read(other).await.expect(200), json!([]));
    }
    let anonymous = meeting.stack.rest(Method::GET, list).send().await;
    assert!(anonymous.status == 401 || anonymous.text == "[]", "{anonymous:?}");
}

#[tokio::test]
async fn attendance_does_not_depend_on_the_order() {
    let at = |minute: i64| (Utc::now() - Duration::minutes(10 - minute)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let (first, left, back) = (at(0), at(3), at(6));
    let person = |time: &str, at: &str| {
        let mut person = json!({"user_id": "16778240", "user_name": "Ada", "participant_uuid": "u-1", "email": ""});
        person[time] = json!(at);
        json!({"participant": person})
    };
    let events = [
        ("meeting.participant_joined", person("join_time", &first)),
        ("meeting.participant_left", person("leave_time", &left)),
        ("meeting.participant_joined", person("join_time", &back)),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        let meeting = Meeting::due().await;
        for repeat in [order, order] {
            for index in repeat {
                let (event, object) = &events[index];
                meeting.told(event, object.clone()).await;
            }
        }
        let attendance = meeting.attendance().await;
        assert_eq!(attendance.len(), 1, "{order:?}: {attendance:?}");
        let time = |name: &str| {
            let time: chrono::DateTime<Utc> = attendance[0][name].as_str().unwrap().parse().unwrap();
            time.to_rfc3339_opts(SecondsFormat::Secs, true)
        };
        assert_eq!((time("joined_at"), time("last_joined_at")), (first.clone(), back.clone()), "{order:?}");
        assert!(attendance[0]["left_at"].is_null(), "they came back: {order:?}");
    }
}

#[tokio::test]
async fn a_participant_without_a_uuid_is_known_by_their_number() {
    let meeting = Meeting::due().await;
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    for (user_id, name) in [("16778240", "Ada"), ("16779264", "Grace")] {
        let object = json!({"participant": {"user_id": user_id, "user_name": name, "join_time": now, "email": ""}});
        meeting.told("meeting.participant_joined", object).await;
    }
    assert_eq!(meeting.attendance().await.len(), 2);
}

#[tokio::test]
async fn a_change_tells_of_one_value_alone() {
    let meeting = Meeting::new().await;
    let start = (Utc::now() + Duration::days(4)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let before = meeting.session().await;
    meeting.told("meeting.updated", json!({"start_time": start})).await;
    let changed = meeting.session().await;
    assert_ne!(changed["scheduled_start"], before["scheduled_start"]);
    assert_eq!((&changed["timezone"], &changed["title"]), (&before["timezone"], &before["title"]));
}

#[tokio::test]
async fn a_removal_that_is_told_again_leaves_a_new_connection_alone() {
    let meeting = Meeting::new().await;
    let payload = json!({"account_id": meeting.zoom.account_id, "user_id": meeting.zoom.id,
        "client_id": meeting.stack.variable("ZOOM_CLIENT_ID"), "signature": "x",
        "deauthorization_time": "2030-01-01T00:00:00Z"});
    let event = json!({"event": "app_deauthorized", "event_ts": Utc::now().timestamp_millis(), "payload": payload});
    meeting.stack.webhook(event.to_string()).send().await.expect(200);
    meeting.stack.connect_zoom_with(&meeting.host, json!({"zoom_user_id": meeting.zoom.id})).await;
    // The connection of a moment ago has the database's time, in full seconds.
    let later =
        "update public.user_integrations_zoom set connected_at = now() + interval '1 second' where user_id = $1";
    meeting.stack.sql(later, &[&meeting.host.id]).await;
    meeting.stack.webhook(event.to_string()).send().await.expect(200);
    let rows = "select 1 from public.user_integrations_zoom where user_id = $1";
    assert_eq!(meeting.stack.count(rows, &[&meeting.host.id]).await, 1);
}

#[tokio::test]
async fn an_app_removed_at_zoom_leaves_no_tokens() {
    let meeting = Meeting::new().await;
    let rows = "select 1 from public.user_integrations_zoom where user_id = $1";
    let other = meeting.stack.trainer().await;
    meeting.stack.connect_zoom(&other).await;
    let event = json!({"event": "deauthorize", "zoom_user_id": meeting.zoom.id});
    for _ in 0..2 {
        assert_eq!(meeting.stack.at_zoom(&event).await.status, 200);
        assert_eq!(meeting.stack.count(rows, &[&meeting.host.id]).await, 0);
    }
    assert_eq!(meeting.stack.count(rows, &[&other.id]).await, 1);
    let told = "select 1 from public.notifications where user_id = $1 and type = 'zoom_disconnected'";
    assert_eq!(meeting.stack.count(told, &[&meeting.host.id]).await, 1);
    create(&meeting.stack, &meeting.host, &session(&json!({}))).await.refused(409, "zoom_not_connected");
}

#[tokio::test]
async fn the_removal_of_another_app_or_account_is_none_of_ours() {
    let meeting = Meeting::new().await;
    let client_id = meeting.stack.variable("ZOOM_CLIENT_ID");
    let now = Utc::now().timestamp_millis();
    let payload = |account: &str, user: &str, client: &str| json!({"account_id": account, "user_id": user, "client_id": client, "signature": "x", "deauthorization_time": "2030-01-01T00:00:00Z"});
    let zoom = &meeting.zoom;
    for payload in [
        payload("another", &zoom.id, client_id),
        payload(&zoom.account_id, "another", client_id),
        payload(&zoom.account_id, &zoom.id, "another"),
    ] {
        let what = payload.to_string();
        let body = json!({"event": "app_deauthorized", "event_ts": now, "payload": payload});
        let answer = meeting.stack.webhook(body.to_string()).send().await;
        assert!(answer.status < 500, "{what}: {answer:?}");
        let rows = "select 1 from public.user_integrations_zoom where user_id = $1";
        assert_eq!(meeting.stack.count(rows, &[&meeting.host.id]).await, 1, "{what}");
    }
    // The same, and ours, with the time inside the payload and as a text.
    let mut ours = payload(&zoom.account_id, &zoom.id, client_id);
    ours["event_ts"] = json!(now.to_string());
    let body = json!({"event": "app_deauthorized", "payload": ours});
    meeting.stack.webhook(body.to_string()).send().await.expect(200);
    let rows = "select 1 from public.user_integrations_zoom where user_id = $1";
    assert_eq!(meeting.stack.count(rows, &[&meeting.host.id]).await, 0);
}

#[tokio::test]
async fn an_event_of_a_meeting_that_is_not_ours_is_received() {
    let stack = Stack::running();
    let now = Utc::now().timestamp_millis();
    for event in ["meeting.started", "meeting.ended", "meeting.deleted", "meeting.updated"] {
        let body =
            json!({"event": event, "event_ts": now, "payload": {"account_id": "a", "object": {"id": "1234567890"}}});
        stack.webhook(body.to_string()).send().await.expect(200);
    }
}
