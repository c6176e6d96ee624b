//! What the caller sends, as types that cannot hold a bad value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    http::{Error, json::required},
    validation::{Description, ScheduledTime, Title},
};
use uuid::Uuid;

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    client_id: Option<Uuid>,
    title: Option<Title>,
    description: Option<Description>,
    scheduled_at: Option<ScheduledTime>,
}

/// A meeting to be created. Serialised, it is arguments of the database function, and what an `Idempotency-Key` stands for.
#[derive(Debug, Serialize)]
pub(crate) struct MeetingRequest {
    /// With whom. A client need not say that it is themself.
    client_id: Option<Uuid>,
    /// The title.
    title: Title,
    /// The description.
    description: Option<Description>,
    /// When it begins.
    scheduled_at: ScheduledTime,
}

impl MeetingRequest {
    /// Checks the fields against the present: 422 naming the field.
    pub(crate) fn parse(body: Body, now: DateTime<Utc>) -> Result<Self, Error> {
        let Body { client_id, title, description, scheduled_at } = body;
        let scheduled_at = required(scheduled_at, "scheduledAt")?;
        Ok(Self {
            client_id,
            title: required(title, "title")?,
            description: description.filter(|description| !description.as_str().is_empty()),
            scheduled_at: scheduled_at
                .ahead_of(now)
                .map_err(|error| Error::invalid("scheduledAt", error.to_string()))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The request of the database function, or the field that is refused.
    fn parse(changes: &Value) -> Result<Value, String> {
        let mut body = json!({"title": "Knee", "scheduledAt": "2026-05-01T11:00:00+02:00"});
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        let now = "2026-04-01T00:00:00Z".parse().unwrap();
        match MeetingRequest::parse(serde_json::from_value(body).unwrap(), now) {
            Ok(request) => Ok(serde_json::to_value(request).unwrap()),
            Err(Error::InvalidField { field, .. }) => Err(field.into_owned()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_intent_serialises_the_same_however_it_was_written() {
        let least = json!({
            "client_id": null, "title": "Knee", "description": null, "scheduled_at": "2026-05-01T09:00:00Z",
        });
        assert_eq!(parse(&json!({})).unwrap(), least);
        let blank =
            json!({"clientId": null, "title": " Knee ", "description": "  ", "scheduledAt": "2026-05-01T09:00:00Z"});
        assert_eq!(parse(&blank).unwrap(), least);
    }

    #[test]
    fn a_client_and_a_description_may_be_given() {
        let request = parse(&json!({"clientId": Uuid::from_u128(7), "description": "Left"})).unwrap();
        assert_eq!(request["client_id"], json!(Uuid::from_u128(7)));
        assert_eq!(request["description"], "Left");
    }

    #[test]
    fn what_is_missing_or_not_to_come_is_named() {
        for (field, value) in [
            ("title", json!(null)),
            ("scheduledAt", json!(null)),
            ("scheduledAt", json!("2026-03-31T23:00:00Z")),
            ("scheduledAt", json!("2029-04-01T00:00:00Z")),
        ] {
            assert_eq!(parse(&json!({field: value})).unwrap_err(), field, "{value}");
        }
    }
}
