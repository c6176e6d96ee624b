use url::form_urlencoded;

use super::{MeetingId, MeetingPasscode};

const MEETING_ID: &str = "meetingId";
const PASSCODE: &str = "passcode";

/// The link to a meeting at `base`, a page of the app. ID and passcode are its fragment, in place of any other: browsers send that to no
/// server (RFC 9110, section 7.1), and so it stands in no log and no `Referer`.
#[must_use]
pub fn meeting_url(base: &str, id: &MeetingId, passcode: &MeetingPasscode) -> String {
    let page = base.split_once('#').map_or(base, |(page, _)| page);
    format!("{page}#{MEETING_ID}={}&{PASSCODE}={}", id.as_str(), passcode.expose())
}

/// What a link of [`meeting_url`] carries. Nothing when one of them is missing, malformed, there twice, or elsewhere than in the
/// fragment; other parameters do not matter.
#[must_use]
pub fn read_meeting_url(url: &str) -> Option<(MeetingId, MeetingPasscode)> {
    let (_, fragment) = url.split_once('#')?;
    let only = |name: &str| {
        let mut values = form_urlencoded::parse(fragment.as_bytes()).filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then(|| value.into_owned())
    };
    Some((only(MEETING_ID)?.try_into().ok()?, only(PASSCODE)?.try_into().ok()?))
}
