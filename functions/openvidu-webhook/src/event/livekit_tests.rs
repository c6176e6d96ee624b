use super::*;

const ROOM: &str = "00000000-0000-0000-0000-000000000001";
const AT: u64 = 1_777_626_000;
const AT_TEXT: &str = "2026-05-01T09:00:00Z";

fn report(event: &str, changes: &Value) -> Value {
    let room = json!({"sid": "RM_1", "name": ROOM, "emptyTimeout": 600, "creationTime": "1"});
    let mut report = json!({"event": event, "room": room, "id": "EV_1", "createdAt": AT.to_string()});
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
fn a_room_begins_and_ends_when_livekit_says() {
    for (name, event) in [("room_started", "room_started"), ("room_finished", "room_gone")] {
        let expected = json!({"event": event, "event_at": AT_TEXT, "room": ROOM, "details": {}});
        for created_at in [json!(AT), json!(AT.to_string())] {
            assert_eq!(recorded(&report(name, &json!({"createdAt": created_at}))), expected);
        }
    }
}

#[test]
fn attendance_names_the_connection_and_the_user() {
    let user = Uuid::from_u128(7);
    for (participant, user_id) in [
        (json!({"sid": "PA_1", "identity": user, "state": "ACTIVE", "joinedAt": AT.to_string()}), json!(user)),
        (json!({"sid": "PA_1", "identity": "phone", "kind": "SIP"}), json!(null)),
        (json!({"sid": "PA_1", "kind": "STANDARD"}), json!(null)),
    ] {
        for event in ["participant_joined", "participant_left"] {
            let expected = json!({"event": event, "event_at": AT_TEXT, "room": ROOM,
                "details": {"connection": "PA_1", "user_id": user_id}});
            assert_eq!(recorded(&report(event, &json!({"participant": participant}))), expected);
        }
    }
}

#[test]
fn recorders_and_programs_attend_nothing() {
    for kind in ["EGRESS", "INGRESS", "AGENT"] {
        let participant = json!({"participant": {"sid": "PA_1", "identity": "EG_1", "kind": kind}});
        assert!(parse(&report("participant_joined", &participant)).unwrap().is_none(), "{kind}");
    }
}

fn egress(status: &str, files: &Value) -> Value {
    let info = json!({
        "egressId": "EG_1", "roomId": "RM_1", "roomName": ROOM, "status": status, "endedAt": "1777626000000000000",
        "fileResults": files,
    });
    json!({"event": "egress_ended", "egressInfo": info, "id": "EV_1", "createdAt": AT.to_string()})
}

#[test]
fn a_complete_recording_is_at_its_first_web_url() {
    let url = "https://recordings.example/m.mp4";
    let expected = json!({"event": "recording_ready", "event_at": AT_TEXT, "room": ROOM, "details": {"url": url}});
    for files in [
        json!([{"filename": "m.mp4", "location": url, "duration": "1", "size": "2"}]),
        json!([{"location": "/out/m.mp4"}, {}, {"location": url}, {"location": "https://other.example/"}]),
    ] {
        assert_eq!(recorded(&egress("EGRESS_COMPLETE", &files)), expected);
    }
}

#[test]
fn a_recording_that_is_nowhere_on_the_web_is_passed_over() {
    let url = json!([{"location": "https://recordings.example/m.mp4"}]);
    for (status, files) in [
        ("EGRESS_FAILED", &url),
        ("EGRESS_ABORTED", &url),
        ("", &url),
        ("EGRESS_COMPLETE", &json!([])),
        ("EGRESS_COMPLETE", &json!([{"location": "/out/m.mp4"}, {"location": "gs://bucket/m.mp4"}])),
    ] {
        assert!(parse(&egress(status, files)).unwrap().is_none(), "{status} {files}");
    }
    let streamed = json!({"event": "egress_ended", "egressInfo": {"status": "EGRESS_COMPLETE"}, "createdAt": "1"});
    assert!(parse(&streamed).unwrap().is_none());
}

#[test]
fn what_nothing_depends_on_is_passed_over() {
    for event in ["track_published", "egress_started", "egress_updated", "participant_connection_aborted", ""] {
        assert!(parse(&json!({"event": event, "createdAt": "?"})).unwrap().is_none(), "{event}");
    }
}

#[test]
fn what_is_missing_in_an_event_that_matters_is_named() {
    let without_name = json!([{"location": "https://recordings.example/m.mp4"}]);
    let mut nameless = egress("EGRESS_COMPLETE", &without_name);
    nameless["egressInfo"]["roomName"] = json!("");
    assert_eq!(refused_field(&nameless), "egressInfo.roomName");
    for (event, changes, field) in [
        ("room_started", json!({"room": {}}), "room.name"),
        ("room_started", json!({"room": null}), "room"),
        ("room_finished", json!({"createdAt": null}), "createdAt"),
        ("room_finished", json!({"createdAt": "soon"}), "createdAt"),
        ("room_finished", json!({"createdAt": u64::MAX}), "createdAt"),
        ("participant_left", json!({"participant": {"sid": " "}}), "participant.sid"),
    ] {
        assert_eq!(refused_field(&report(event, &changes)), field, "{event} {changes}");
    }
    assert!(matches!(super::parse(b"no JSON"), Err(Error::MalformedJson)));
}
