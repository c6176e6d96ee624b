//! The body of the functions that are about one meeting and need nothing else: `{"meetingId": "<uuid>"}`.

use serde::Deserialize;
use uuid::Uuid;

use super::{Error, Request, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    meeting_id: Option<Uuid>,
}

/// Which meeting a request is about: 400, 415, 422.
pub fn of(request: &Request) -> Result<Uuid, Error> {
    let Body { meeting_id } = json::read(request)?;
    json::required(meeting_id, "meetingId")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_request_names_one_meeting_by_its_id() {
        let of = |body| of(&testing::request(&[("content-type", "application/json")], body));
        let id = of(r#"{"meetingId":"00000000-0000-0000-0000-000000000007"}"#).unwrap();
        assert_eq!(id, Uuid::from_u128(7));
        for (bad, expected) in [
            ("{}", "meetingId"),
            (r#"{"meetingId":null}"#, "meetingId"),
            (r#"{"meetingId":"7"}"#, "meetingId"),
            (r#"{"meetingId":7}"#, "meetingId"),
            (r#"{"meeting_id":"00000000-0000-0000-0000-000000000007"}"#, "meeting_id"),
        ] {
            match of(bad) {
                Err(Error::InvalidField { field, .. }) => assert_eq!(field, expected, "{bad}"),
                other => panic!("{bad}: {other:?}"),
            }
        }
    }
}
