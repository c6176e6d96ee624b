use super::*;

const ROOM: &str = "00000000-0000-0000-0000-000000000001";
const AT: u64 = 1_777_626_000_858;
const AT_TEXT: &str = "2026-05-01T09:00:00.858Z";

fn report(event: &str, changes: &Value) -> Value {
    let mut report = json!({"event": event, "sessionId": ROOM, "uniqueSessionId": "x", "timestamp": AT});
    for (field, value) in changes.as_object().unwrap() {
        report[field] = value.clone();
    }
    report
}

fn parse(report: &Value) -> Result<Option<Record>, Error> {
    super::parse(report.to_string().as_bytes())
}

/// The arguments of the database function.
fn recorded(report: &Value) -> Value {
    serde_json::to_value(parse(report).unwrap().unwrap()).unwrap()
}

fn refused_field(report: &Value) -> String {
    match parse(report).unwrap_err() {
        Error::InvalidField { field, .. } => field.into_owned(),
        other => panic!("{report}: {other:?}"),
    }
}

#[test]
fn a_session_begins_and_ends_when_openvidu_says() {
    for (name, event) in [("sessionCreated", "room_started"), ("sessionDestroyed", "room_gone")] {
        let expected = json!({"event": event, "event_at": AT_TEXT, "room": ROOM, "details": {}});
        for timestamp in [json!(AT), json!(AT.to_string())] {
            let more = json!({"timestamp": timestamp, "startTime": 1, "duration": 1, "reason": "lastParticipantLeft"});
            assert_eq!(recorded(&report(name, &more)), expected);
        }
    }
}

#[test]
fn attendance_names_the_connection_and_the_user_of_its_token() {
    let user = Uuid::from_u128(7);
    for (server_data, user_id) in [
        (json!(json!({"userId": user, "role": "client", "name": "Ann"}).to_string()), json!(user)),
        (json!(json!({"userId": "7"}).to_string()), json!(null)),
        (json!("{"), json!(null)),
        (json!(""), json!(null)),
        (json!({"userId": user}), json!(null)),
        (json!(null), json!(null)),
    ] {
        for (name, event) in [("participantJoined", "participant_joined"), ("participantLeft", "participant_left")] {
            // A client says of itself what it likes.
            let client_data = json!({"userId": Uuid::from_u128(8)}).to_string();
            let participant = json!({
                "connectionId": "con_1", "participantId": "con_1", "serverData": server_data, "clientData": client_data,
                "startTime": 1, "duration": 1,
            });
            let details = json!({"connection": "con_1", "user_id": user_id});
            let expected = json!({"event": event, "event_at": AT_TEXT, "room": ROOM, "details": details});
            assert_eq!(recorded(&report(name, &participant)), expected);
        }
    }
}

#[test]
fn of_a_recording_only_that_it_is_ready_matters() {
    let ready =
        report("recordingStatusChanged", &json!({"id": "r-1", "name": "r", "status": "ready", "duration": 5.1}));
    let expected =
        json!({"event": "recording_ready", "event_at": AT_TEXT, "room": ROOM, "details": {"recording_id": "r-1"}});
    assert_eq!(recorded(&ready), expected);
    for status in [json!("started"), json!("stopped"), json!("failed"), json!(null)] {
        let other = report("recordingStatusChanged", &json!({"id": "r-1", "status": status}));
        assert!(parse(&other).unwrap().is_none(), "{status}");
    }
}

#[test]
fn what_nothing_depends_on_is_passed_over() {
    for event in ["webrtcConnectionCreated", "mediaNodeStatusChanged", "signalSent", ""] {
        assert!(parse(&json!({"event": event, "timestamp": "?"})).unwrap().is_none(), "{event}");
    }
}

#[test]
fn what_is_missing_in_an_event_that_matters_is_named() {
    for (event, changes, field) in [
        ("sessionCreated", json!({"sessionId": null}), "sessionId"),
        ("sessionCreated", json!({"sessionId": " "}), "sessionId"),
        ("sessionCreated", json!({"timestamp": null}), "timestamp"),
        ("sessionCreated", json!({"timestamp": "soon"}), "timestamp"),
        ("sessionCreated", json!({"timestamp": u64::MAX}), "timestamp"),
        ("sessionDestroyed", json!({"timestamp": null}), "timestamp"),
        ("participantJoined", json!({}), "connectionId"),
        ("recordingStatusChanged", json!({"status": "ready"}), "id"),
    ] {
        assert_eq!(refused_field(&report(event, &changes)), field, "{event} {changes}");
    }
    assert!(matches!(super::parse(b"no JSON"), Err(Error::MalformedJson)));
}
