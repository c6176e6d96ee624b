use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An IANA time zone name such as `Europe/Berlin` or `UTC`. Only its form is checked here; the database knows which exist.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct Timezone(String);

/// When a session starts or ends: RFC 3339 with an offset, kept in UTC and whole seconds. Written as `2026-05-01T09:00:00Z`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct ScheduledTime(DateTime<Utc>);

/// Not the form of a time zone name.
#[derive(Debug, thiserror::Error)]
#[error("must be an IANA time zone name such as Europe/Berlin")]
pub struct NotATimezone;

/// Why a time cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// Not a point in time.
    #[error("must be a time with an offset, such as 2026-05-01T09:00:00Z (RFC 3339)")]
    NotATime,
    /// Nobody could come.
    #[error("must not be in the past")]
    Past,
    /// Most likely a typing error.
    #[error("must be within two years")]
    TooFar,
}

impl Timezone {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Timezone {
    type Error = NotATimezone;

    fn try_from(name: String) -> Result<Self, NotATimezone> {
        let is_part = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_uppercase())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        // A region and a place: PostgreSQL would also read abbreviations and POSIX strings, which mean other things elsewhere.
        let has_form = name == "UTC" || name.contains('/') && name.len() <= 64 && name.split('/').all(is_part);
        if has_form { Ok(Self(name)) } else { Err(NotATimezone) }
    }
}

impl ScheduledTime {
    /// A session that starts right away is asked for a moment after its start.
    const GRACE: TimeDelta = TimeDelta::minutes(5);
    const FARTHEST: TimeDelta = TimeDelta::days(2 * 366);

    /// The point in time.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Checks the start against the present.
    pub fn ahead_of(self, now: DateTime<Utc>) -> Result<Self, TimeError> {
        if self.0 < now - Self::GRACE {
            Err(TimeError::Past)
        } else if self.0 > now + Self::FARTHEST {
            Err(TimeError::TooFar)
        } else {
            Ok(self)
        }
    }
}

impl TryFrom<String> for ScheduledTime {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        let start = DateTime::parse_from_rfc3339(&text).map_err(|_| TimeError::NotATime)?.to_utc();
        DateTime::from_timestamp(start.timestamp(), 0).map(Self).ok_or(TimeError::NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> Result<ScheduledTime, TimeError> {
        ScheduledTime::try_from(text.to_owned())
    }

    #[test]
    fn a_start_is_kept_in_utc_and_whole_seconds() {
        let written = serde_json::to_string(&start("2026-05-01T11:00:00.75+02:00").unwrap()).unwrap();
        assert_eq!(written, r#""2026-05-01T09:00:00Z""#);
        for bad in
            ["2026-05-01T09:00:00", "2026-05-01", "tomorrow", "", "2026-13-01T00:00:00Z", "99999-01-01T00:00:00Z"]
        {
            assert!(matches!(start(bad), Err(TimeError::NotATime)), "{bad}");
        }
    }

    #[test]
    fn a_start_is_neither_past_nor_years_away() {
        let now = start("2026-05-01T09:00:00Z").unwrap().0;
        let check = |text: &str| start(text).unwrap().ahead_of(now);
        assert!(check("2026-05-01T08:56:00Z").is_ok());
        assert!(matches!(check("2026-05-01T08:54:00Z"), Err(TimeError::Past)));
        assert!(matches!(check("2029-05-01T09:00:00Z"), Err(TimeError::TooFar)));
    }

    #[test]
    fn a_timezone_has_the_form_of_an_iana_name() {
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"] {
            assert!(Timezone::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "CET",
            "EST5EDT",
            "Europe/",
            "/Berlin",
            "Europe/Ber lin",
            "../etc/passwd",
            "europe/berlin",
            "posix/Europe/Berlin",
            "Europe/B\u{e4}rlin",
        ] {
            assert!(Timezone::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
