use super::*;

const AT: u64 = 1_720_705_455_858;

fn report(event: &str, payload: &Value) -> Value {
    json!({"event": event, "event_ts": AT, "payload": payload})
}

fn parse(report: &Value) -> Result<Report, Error> {
    Report::parse(report.to_string().as_bytes(), Some("c"))
}

/// The arguments of the database function.
fn recorded(report: &Value) -> Value {
    match parse(report).unwrap() {
        Report::Event(event) => serde_json::to_value(event).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn refused_field(report: &Value) -> String {
    match parse(report).unwrap_err() {
        Error::InvalidField { field, .. } => field.into_owned(),
        other => panic!("{report}: {other:?}"),
    }
}

#[test]
fn what_happens_to_a_meeting_is_told_with_its_ids_and_time() {
    for name in ["started", "ended", "deleted"] {
        // An unreadable field that says nothing of this event does no harm.
        let payload = json!({
            "account_id": "a",
            "object": {"id": "81234567890", "uuid": "/x//y==", "host_id": "h", "start_time": "", "duration": "?"},
        });
        let expected = json!({
            "event": name, "event_at": "2024-07-11T13:44:15.858Z",
            "object": {"meeting_id": "81234567890", "meeting_uuid": "/x//y=="},
        });
        assert_eq!(recorded(&report(&format!("meeting.{name}"), &payload)), expected);
    }
}

#[test]
fn a_meeting_id_may_be_a_number_or_a_text() {
    for id in [json!(81_234_567_890_u64), json!("81234567890")] {
        let recorded = recorded(&report("meeting.started", &json!({"object": {"id": id}})));
        assert_eq!(recorded["object"]["meeting_id"], "81234567890");
    }
    for bad in [json!("8123 456"), json!(""), json!(-1), json!(1.5), json!(null), json!([1]), json!("x")] {
        let report = report("meeting.started", &json!({"object": {"id": bad}}));
        assert_eq!(refused_field(&report), "payload.object.id", "{bad}");
    }
}

#[test]
fn the_time_of_an_event_may_stand_in_either_place_and_form() {
    let object = json!({"id": 1});
    for written in [
        json!({"event": "meeting.ended", "event_ts": AT, "payload": {"object": object}}),
        json!({"event": "meeting.ended", "event_ts": AT.to_string(), "payload": {"object": object}}),
        json!({"event": "meeting.ended", "payload": {"event_ts": AT, "object": object}}),
        json!({"event": "meeting.ended", "payload": {"event_ts": AT.to_string(), "object": object}}),
        json!({"event": "meeting.ended", "event_ts": null, "payload": {"event_ts": AT, "object": object}}),
    ] {
        assert_eq!(recorded(&written)["event_at"], "2024-07-11T13:44:15.858Z", "{written}");
    }
    for bad in [json!("soon"), json!(-1), json!(1.5), json!(null), json!(u64::MAX), json!(253_402_300_800_000_u64)] {
        let written = json!({"event": "meeting.ended", "event_ts": bad, "payload": {"object": object}});
        assert_eq!(refused_field(&written), "event_ts", "{bad}");
    }
}

#[test]
fn a_change_carries_what_the_meeting_is_like_now() {
    let object = json!({
        "id": 1, "start_time": "2026-05-01T11:00:00+02:00", "duration": 50, "timezone": "Europe/Berlin",
        "topic": "Knee\u{0}\n",
    });
    let payload = json!({"object": object, "old_object": {"id": 1, "duration": "?"}});
    let expected = json!({
        "meeting_id": "1", "meeting_uuid": null, "start_time": "2026-05-01T09:00:00Z", "duration": 50,
        "timezone": "Europe/Berlin", "topic": "Knee",
    });
    assert_eq!(recorded(&report("meeting.updated", &payload))["object"], expected);

    let little = recorded(&report("meeting.updated", &json!({"object": {"id": 1, "start_time": "", "topic": " "}})));
    assert!(little["object"]["start_time"].is_null() && little["object"]["topic"].is_null(), "{little}");

    for (field, bad) in [("start_time", json!("tomorrow")), ("duration", json!("50")), ("topic", json!(7))] {
        let written = report("meeting.updated", &json!({"object": {"id": 1, field: bad}}));
        assert_eq!(refused_field(&written), format!("payload.object.{field}"));
    }
}

#[test]
fn attendance_names_the_participant_and_the_time() {
    let cases = [
        (
            "joined",
            json!({
                "participant_uuid": "u", "user_id": "1", "user_name": "Ann\u{7}", "join_time": "2026-05-01T09:00:00Z",
            }),
            json!({"key": "u", "name": "Ann", "at": "2026-05-01T09:00:00Z"}),
        ),
        (
            "left",
            json!({"participant_uuid": "", "user_id": "167", "leave_time": "2026-05-01T09:50:00Z", "join_time": "?"}),
            json!({"key": "167", "name": null, "at": "2026-05-01T09:50:00Z"}),
        ),
        ("left", json!({"user_id": 167}), json!({"key": "167", "name": null, "at": "2024-07-11T13:44:15.858Z"})),
    ];
    for (event, participant, expected) in cases {
        let payload = json!({"object": {"id": 1, "uuid": "m", "participant": participant}});
        let object = recorded(&report(&format!("meeting.participant_{event}"), &payload))["object"].clone();
        assert_eq!(object, json!({"meeting_id": "1", "meeting_uuid": "m", "participant": expected}));
    }
}

#[test]
fn attendance_of_nobody_is_refused() {
    let refused = |object: &Value| refused_field(&report("meeting.participant_joined", &json!({"object": object})));
    assert_eq!(refused(&json!({"id": 1})), "payload.object");
    assert_eq!(refused(&json!({"id": 1, "participant": {"user_id": " "}})), "payload.object.participant.user_id");
    let unreadable = json!({"id": 1, "participant": {"user_id": "1", "join_time": "noon"}});
    assert_eq!(refused(&unreadable), "payload.object.participant.join_time");
}

#[test]
fn a_removed_app_names_the_user_whenever_it_was() {
    let payload = json!({
        "account_id": "a", "user_id": "z", "client_id": "c", "signature": "s",
        "deauthorization_time": "2026-05-01T09:00:00.5Z",
    });
    let object = json!({"zoom_user_id": "z", "zoom_account_id": "a"});
    let in_time = recorded(&report("app_deauthorized", &payload));
    assert_eq!(in_time, json!({"event": "deauthorized", "event_at": "2024-07-11T13:44:15.858Z", "object": object}));
    let in_words = recorded(&json!({"event": "app_deauthorized", "payload": payload}));
    assert_eq!(in_words, json!({"event": "deauthorized", "event_at": "2026-05-01T09:00:00.500Z", "object": object}));

    assert_eq!(refused_field(&report("app_deauthorized", &json!({"account_id": "a"}))), "payload");
    assert_eq!(refused_field(&report("app_deauthorized", &json!({"user_id": ""}))), "payload.user_id");
}

#[test]
fn the_removal_of_another_app_is_none_of_ours() {
    let parsed = |client: Value, own: Option<&str>| {
        let payload = json!({"user_id": "z", "client_id": client});
        Report::parse(report("app_deauthorized", &payload).to_string().as_bytes(), own).unwrap()
    };
    assert!(matches!(parsed(json!("another"), Some("c")), Report::Other));
    for (client, own) in [(json!("c"), Some("c")), (json!(null), Some("c")), (json!("another"), None)] {
        assert!(matches!(parsed(client, own), Report::Event(_)));
    }
}

#[test]
fn what_nothing_depends_on_is_taken_as_it_comes() {
    for other in ["meeting.sharing_started", "recording.completed", "MEETING.STARTED", ""] {
        assert!(matches!(parse(&json!({"event": other, "payload": 7})), Ok(Report::Other)), "{other}");
    }
}

#[test]
fn what_is_no_report_is_refused() {
    for bad in ["", "{", "\u{0}", r#"{"event":"meeting.ended"}}"#] {
        assert!(matches!(Report::parse(bad.as_bytes(), None), Err(Error::MalformedJson)), "{bad:?}");
    }
    for (bad, field) in [
        (json!([]), "body"),
        (json!({}), "body"),
        (json!({"event": 7}), "event"),
        (json!({"event": "meeting.ended", "event_ts": AT}), "body"),
        (json!({"event": "meeting.ended", "event_ts": AT, "payload": []}), "payload"),
        (json!({"event": "meeting.ended", "event_ts": AT, "payload": {}}), "payload"),
        (json!({"event": "endpoint.url_validation", "payload": {}}), "payload"),
        (json!({"event": "endpoint.url_validation", "payload": {"plainToken": 1}}), "payload.plainToken"),
    ] {
        assert_eq!(refused_field(&bad), field, "{bad}");
    }
}
