//! What OpenVidu tells: whether it is OpenVidu, and that repeats, disorder and nonsense change nothing.

mod forged;

use chrono::{DateTime, Duration, Utc};
use convene_tests::harness::{Answer, RoomEvent, RoomNews, Stack, SupabaseFault};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Meeting, has_livekit, time};
use crate::calls;

/// The event's names in the two versions.
fn name<'a>(stack: &Stack, [v2, v3]: [&'a str; 2]) -> &'a str {
    if has_livekit(stack) { v3 } else { v2 }
}

const JOINED: [&str; 2] = ["participantJoined", "participant_joined"];

impl Meeting {
    /// The end of the room as its server would tell it at that time.
    fn finished_at(&self, at: DateTime<Utc>) -> Value {
        if has_livekit(&self.stack) {
            json!({"event": "room_finished", "id": "EV_1", "createdAt": at.timestamp().to_string(),
                "room": {"sid": "RM_1", "name": self.room}})
        } else {
            json!({"event": "sessionDestroyed", "sessionId": self.room, "uniqueSessionId": self.room,
                "timestamp": at.timestamp_millis(), "startTime": (at - Duration::seconds(30)).timestamp_millis(),
                "duration": 30, "reason": "sessionClosedByServer"})
        }
    }

    async fn tell(&self, body: &Value) -> Answer {
        let answer = self.stack.room_webhook(body.to_string()).send().await;
        assert_eq!(answer.expect(200), json!({"received": true}));
        answer
    }

    async fn tell_all(&self, events: impl IntoIterator<Item = &RoomEvent>) {
        for event in events {
            self.stack.tell_again(event).send().await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_meeting_is_over_when_its_room_is_and_nobody_comes_back() {
    let (meeting, _) = Meeting::under_way().await;
    meeting.stack.finish_room(&meeting.room).await.received();
    assert_eq!(meeting.status().await, "in_progress", "whoever reloads the page, or sees a server crash, comes back");
    meeting.nobody_comes().await;
    let row = meeting.row().await;
    assert_eq!(row["status"], "completed");
    let seconds = row["duration_seconds"].as_i64().unwrap();
    assert!((595..=610).contains(&seconds), "without the wait: {row}");
    let between = (time(&row, "ended_at") - time(&row, "started_at")).num_seconds();
    assert!((between - seconds).abs() <= 1, "{row}");
    meeting.token(&meeting.operator).await.refused(409, "meeting_closed");
}

#[tokio::test]
async fn an_event_is_one_call_of_the_database_and_none_of_the_rooms_server() {
    let (meeting, [operator, _]) = Meeting::under_way().await;
    let asked = meeting.asked().await;
    let joined = operator.event(name(&meeting.stack, JOINED));
    for body in [joined.json(), meeting.finished_at(Utc::now())] {
        let answer = meeting.tell(&body).await;
        assert_eq!(calls(&meeting.stack, &answer).await, ["record_openvidu_event"]);
    }
    assert_eq!(meeting.asked().await, asked);
}

#[tokio::test]
async fn who_came_and_went_is_kept_for_each_time() {
    let (meeting, [operator, client]) = Meeting::under_way().await;
    meeting.stack.leave_room(&client.connection).await.received();
    let back = meeting.enter(&meeting.customer.person).await;
    let attendance = meeting.attendance().await;
    let stay = |connection: &str| attendance.iter().find(|stay| stay["connection_id"] == connection).unwrap();
    let (first, left, again) = (stay(&operator.connection), stay(&client.connection), stay(&back.connection));
    assert_eq!((&first["user_id"], &first["left_at"]), (&json!(meeting.operator.id), &Value::Null));
    assert_eq!((&left["user_id"], &again["user_id"]), (&json!(meeting.customer.person.id), &left["user_id"]));
    let minutes = (time(left, "left_at") - time(left, "joined_at")).num_minutes();
    assert!((9..=10).contains(&minutes), "{left}");
    assert_eq!((attendance.len(), &again["left_at"]), (3, &Value::Null));
}

#[tokio::test]
async fn whoever_reloads_the_page_alone_does_not_end_the_meeting() {
    let meeting = Meeting::due().await;
    let alone = meeting.enter(&meeting.operator).await;
    meeting.shift(20).await;
    meeting.stack.leave_room(&alone.connection).await.received();
    meeting.enter(&meeting.operator).await;
    meeting.enter(&meeting.customer.person).await;
    meeting.nobody_comes().await;
    assert_eq!((meeting.status().await.as_str(), meeting.attendance().await.len()), ("in_progress", 3));
}

#[tokio::test]
async fn a_meeting_that_everybody_left_is_over_when_nobody_comes_back() {
    let (meeting, inside) = Meeting::under_way().await;
    for person in &inside {
        meeting.stack.leave_room(&person.connection).await.received();
    }
    if has_livekit(&meeting.stack) {
        // It waits ten minutes by itself.
        meeting.stack.finish_room(&meeting.room).await.received();
    }
    meeting.nobody_comes().await;
    let row = meeting.row().await;
    assert_eq!(row["status"], "completed");
    let seconds = row["duration_seconds"].as_i64().unwrap();
    assert!((595..=610).contains(&seconds), "without the wait: {row}");
}

/// An event as it would be told of what happened so much earlier.
fn earlier(stack: &Stack, event: &RoomEvent, minutes: i64) -> Value {
    let mut body = event.json();
    let field = name(stack, ["timestamp", "createdAt"]);
    if let Some(milliseconds) = body[field].as_i64() {
        body[field] = json!(milliseconds - minutes * 60_000);
    } else {
        let seconds: i64 = body[field].as_str().unwrap().parse().unwrap();
        body[field] = json!((seconds - minutes * 60).to_string());
    }
    body
}

#[tokio::test]
async fn repeats_and_disorder_come_to_the_same() {
    let (meeting, [operator, client]) = Meeting::under_way().await;
    let quietly = |what: &'static str, details: Value| {
        let mut details = details;
        details["deliver"] = json!(false);
        meeting.stack.in_room(what, details)
    };
    let gone: [RoomNews; 2] = [
        quietly("leave", json!({"connection": client.connection})).await,
        quietly("finish", json!({"room": meeting.room})).await,
    ];
    meeting.shift(30).await;
    let events = [&operator, &client].into_iter().chain(&gone).flat_map(|news| news.events.iter());
    let mut events: Vec<Value> = events.map(|event| earlier(&meeting.stack, event, 15)).collect();
    let mut outcomes = Vec::new();
    for order in 0..4 {
        let back = "update public.meetings set status = 'in_progress', ended_at = null, duration_seconds = null
            where id = $1 and set_config('session_replication_role', 'replica', true) = 'replica'";
        meeting.stack.sql(back, &[&meeting.id]).await;
        for forget in [
            "delete from public.meeting_attendance where meeting_id = $1",
            "update private.meeting_rooms set empty_since = null, finished_at = null where meeting_id = $1",
        ] {
            meeting.stack.sql(forget, &[&meeting.id]).await;
        }
        match order {
            1 => events.reverse(),
            2 => events.rotate_left(2),
            3 => events.swap(0, 3),
            _ => {}
        }
        for _ in 0..2 {
            for event in &events {
                meeting.tell(event).await;
            }
        }
        join_all(events.iter().map(|event| meeting.tell(event))).await;
        meeting.stack.deliver_outbox().await.expect(200);
        let row = meeting.row().await;
        outcomes.push((
            row["status"].clone(),
            row["ended_at"].clone(),
            row["duration_seconds"].clone(),
            meeting.attendance().await,
        ));
    }
    assert_eq!(outcomes[0].0, "completed");
    assert_eq!(outcomes[0].3.len(), 2);
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:#?}");
}

#[tokio::test]
async fn the_end_of_an_earlier_room_does_not_end_the_meeting() {
    let meeting = Meeting::planned(60).await;
    meeting.enter(&meeting.operator).await;
    let earlier = meeting.stack.in_room("finish", json!({"room": meeting.room, "deliver": false})).await;
    meeting.stack.sql("update public.meetings set scheduled_at = now() where id = $1", &[&meeting.id]).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    meeting.enter(&meeting.operator).await;
    meeting.tell_all(&earlier.events).await;
    meeting.tell(&meeting.finished_at(Utc::now() - Duration::minutes(30))).await;
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "in_progress");
}

#[tokio::test]
async fn an_end_in_the_future_is_now_and_a_time_that_is_none_is_refused_or_ignored() {
    let (meeting, _) = Meeting::under_way().await;
    for at in [json!("soon"), json!(1e300), json!(-1), json!([])] {
        let mut body = meeting.finished_at(Utc::now());
        let field = name(&meeting.stack, ["timestamp", "createdAt"]);
        body[field] = at.clone();
        let answer = meeting.stack.room_webhook(body.to_string()).send().await;
        assert!(answer.status < 500, "{at}: {answer:?}");
        assert_eq!(meeting.status().await, "in_progress", "{at}");
    }
    meeting.tell(&meeting.finished_at(Utc::now() + Duration::days(1))).await;
    meeting.nobody_comes().await;
    let row = meeting.row().await;
    assert!(time(&row, "ended_at") <= Utc::now(), "{row}");
}

#[tokio::test]
async fn numbers_come_as_numbers_and_as_texts() {
    let (meeting, _) = Meeting::under_way().await;
    let mut body = meeting.finished_at(Utc::now());
    if has_livekit(&meeting.stack) {
        body["createdAt"] = json!(Utc::now().timestamp());
        body["somethingNew"] = json!({"a": 1});
    } else {
        body["timestamp"] = json!(body["timestamp"].to_string());
    }
    meeting.tell(&body).await;
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "completed");
}

#[tokio::test]
async fn what_nobody_needs_is_received_without_a_call() {
    let meeting = Meeting::due().await;
    let names: &[&str] = if has_livekit(&meeting.stack) {
        &[
            "track_published",
            "track_unpublished",
            "ingress_started",
            "egress_started",
            "egress_updated",
            "something_new",
        ]
    } else {
        &["signalSent", "webrtcConnectionCreated", "webrtcConnectionDestroyed", "nodeCrashed", "somethingNew"]
    };
    for name in names {
        let body = json!({"event": name, "sessionId": meeting.room, "timestamp": Utc::now().timestamp_millis(),
            "createdAt": Utc::now().timestamp().to_string(), "room": {"name": meeting.room}});
        let answer = meeting.tell(&body).await;
        assert!(calls(&meeting.stack, &answer).await.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_rooms_of_others_are_received_and_nothing_happens() {
    let (meeting, _) = Meeting::under_way().await;
    for room in ["lobby", "00000000-0000-4000-8000-00000000dead", &meeting.room.to_uppercase()] {
        let mut body = meeting.finished_at(Utc::now());
        if has_livekit(&meeting.stack) {
            body["room"]["name"] = json!(room);
        } else {
            body["sessionId"] = json!(room);
        }
        meeting.tell(&body).await;
    }
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "in_progress");
}

#[tokio::test]
async fn an_identity_that_is_no_user_of_ours_is_somebody() {
    let (meeting, [operator, _]) = Meeting::under_way().await;
    let mut body = operator.event(name(&meeting.stack, JOINED)).json();
    for (index, who) in ["", "somebody", "{", "null", "{\"userId\":7}"].iter().enumerate() {
        let connection = format!("con_{index}");
        if has_livekit(&meeting.stack) {
            body["participant"]["identity"] = json!(who);
            body["participant"]["sid"] = json!(connection);
        } else {
            body["serverData"] = json!(who);
            body["connectionId"] = json!(connection);
        }
        meeting.tell(&body).await;
    }
    let attendance = meeting.attendance().await;
    let unknown = attendance.iter().filter(|stay| stay["user_id"].is_null());
    assert_eq!((attendance.len(), unknown.count()), (7, 5));
}

#[tokio::test]
async fn an_event_that_cannot_be_written_down_is_not_received() {
    let (meeting, _) = Meeting::under_way().await;
    let told = || meeting.stack.room_webhook(meeting.finished_at(Utc::now()).to_string());
    for fault in [SupabaseFault::DropRequest, SupabaseFault::Status { status: 503 }] {
        let request = told();
        meeting.stack.supabase_fault(request.request_id(), "record_openvidu_event", fault, 1).await;
        // Whoever hears that tells it again.
        request.send().await.refused(503, "unavailable");
    }
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "in_progress");
    told().send().await.expect(200);
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "completed");
}
