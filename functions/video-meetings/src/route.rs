//! Where in the function a request leads.

use http::{Method, StatusCode};
use shared::{http::Error, video_meetings::MeetingId};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// `POST /meetings`
    Create,
    /// What one meeting is asked for, by the segment that names it.
    Meeting(&'a str, Action),
}

/// What is asked of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `GET /meetings/:meetingId`
    Read,
    /// `GET /meetings/:meetingId/participants`
    ListParticipants,
    /// `POST /meetings/:meetingId/join`
    Join,
    /// `POST /meetings/:meetingId/leave`
    Leave,
    /// `POST /meetings/:meetingId/mute`
    Mute,
    /// `POST /meetings/:meetingId/remove`
    Remove,
    /// `POST /meetings/:meetingId/readmit`
    Readmit,
    /// `POST /meetings/:meetingId/end`
    End,
    /// `POST /meetings/:meetingId/cancel`
    Cancel,
}

impl<'a> Route<'a> {
    /// Finds the route by the segments of its path below the function: 404 when there is none, 405 when it has another method.
    pub(crate) fn of(method: &Method, segments: &[&'a str]) -> Result<Self, Error> {
        let (its_own, route) = match *segments {
            ["meetings"] => ("POST", Self::Create),
            ["meetings", id] => ("GET", Self::Meeting(id, Action::Read)),
            ["meetings", id, "participants"] => ("GET", Self::Meeting(id, Action::ListParticipants)),
            ["meetings", id, "join"] => ("POST", Self::Meeting(id, Action::Join)),
            ["meetings", id, "leave"] => ("POST", Self::Meeting(id, Action::Leave)),
            ["meetings", id, "mute"] => ("POST", Self::Meeting(id, Action::Mute)),
            ["meetings", id, "remove"] => ("POST", Self::Meeting(id, Action::Remove)),
            ["meetings", id, "readmit"] => ("POST", Self::Meeting(id, Action::Readmit)),
            ["meetings", id, "end"] => ("POST", Self::Meeting(id, Action::End)),
            ["meetings", id, "cancel"] => ("POST", Self::Meeting(id, Action::Cancel)),
            _ => return Err(Error::refused(StatusCode::NOT_FOUND, "not_found", "Nothing is served at this path.")),
        };
        if method.as_str() == its_own { Ok(route) } else { Err(Error::MethodNotAllowed(its_own)) }
    }
}

/// The meeting that a segment names. What is no ID is nobody's, and needs no search: 404 as for one that does not exist.
pub(crate) fn meeting_id(segment: &str) -> Result<MeetingId, Error> {
    MeetingId::try_from(segment.to_owned())
        .map_err(|_| Error::refused(StatusCode::NOT_FOUND, "meeting_not_found", "There is no such meeting of yours"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'a>(method: &Method, path: &'a str) -> Result<Route<'a>, u16> {
        let segments: Vec<&str> = path.split(' ').collect();
        Route::of(method, &segments).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn each_route_has_its_own_method_and_no_other() {
        let of_meeting = |action| Route::Meeting("MID-1", action);
        for (its_own, path, expected) in [
            (Method::POST, "meetings", Route::Create),
            (Method::GET, "meetings MID-1", of_meeting(Action::Read)),
            (Method::GET, "meetings MID-1 participants", of_meeting(Action::ListParticipants)),
            (Method::POST, "meetings MID-1 join", of_meeting(Action::Join)),
            (Method::POST, "meetings MID-1 leave", of_meeting(Action::Leave)),
            (Method::POST, "meetings MID-1 mute", of_meeting(Action::Mute)),
            (Method::POST, "meetings MID-1 remove", of_meeting(Action::Remove)),
            (Method::POST, "meetings MID-1 readmit", of_meeting(Action::Readmit)),
            (Method::POST, "meetings MID-1 end", of_meeting(Action::End)),
            (Method::POST, "meetings MID-1 cancel", of_meeting(Action::Cancel)),
        ] {
            let other = if its_own == Method::GET { Method::POST } else { Method::GET };
            assert_eq!(route(&its_own, path).unwrap(), expected);
            assert_eq!(route(&other, path).unwrap_err(), 405, "{other} {path}");
        }
    }

    #[test]
    fn there_is_nothing_elsewhere() {
        for path in ["", "Meetings", "meeting", "meetings MID-1 start", "meetings MID-1 join now", "x meetings"] {
            for method in [Method::GET, Method::POST] {
                assert_eq!(route(&method, path).unwrap_err(), 404, "{path}");
            }
        }
    }

    #[test]
    fn what_is_no_id_is_not_found() {
        assert_eq!(meeting_id("MID-ABCDEFGH01234567").unwrap().as_str(), "MID-ABCDEFGH01234567");
        for other in ["MID-1", "mid-abcdefgh01234567", "MID-ABCDEFGH0123456%37", "MID-ABCDEFGH012345678", "..", "'"] {
            assert_eq!(meeting_id(other).unwrap_err().code(), "meeting_not_found", "{other}");
        }
    }
}
