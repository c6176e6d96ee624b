//! The link to a meeting, which carries its ID and its passcode.

use serde_json::Value;
use shared::{http::Error, video_meetings::meeting_url};

/// Adds its `url` at `page` to a meeting as the database answers it.
pub(crate) fn add(page: &str, meeting: &mut Value) -> Result<(), Error> {
    let text = |field: &str| meeting[field].as_str().unwrap_or_default().to_owned();
    let (Ok(meeting_id), Ok(passcode)) = (text("meetingId").try_into(), text("passcode").try_into()) else {
        return Err(Error::Internal("a meeting without its ID and passcode".to_owned()));
    };
    meeting["url"] = meeting_url(page, &meeting_id, &passcode).into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_link_is_to_the_meeting_that_was_answered() {
        let mut meeting = json!({"meetingId": "MID-0123456789ABCDEF", "passcode": "012345"});
        add("https://app.example/meeting", &mut meeting).unwrap();
        assert_eq!(meeting["url"], "https://app.example/meeting#meetingId=MID-0123456789ABCDEF&passcode=012345");
        for mut other in [json!(null), json!({}), json!({"meetingId": "MID-0123456789ABCDEF", "passcode": 12345})] {
            assert!(matches!(add("https://app.example/meeting", &mut other), Err(Error::Internal(_))), "{other}");
        }
    }
}
