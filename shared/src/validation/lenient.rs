//! Values of what providers report. Their forms vary between events and versions: numbers come as text too, and what is not
//! known comes empty or not at all.

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// A whole number, or the text of one.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "Text")]
pub struct Whole(pub u64);

/// A text, or a number that stands for one.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a whole number, or the text of one")]
pub enum Text {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

/// The last moment with a four-digit year, in milliseconds since 1970: later ones have no RFC 3339 form.
const LAST_MOMENT: i64 = 253_402_300_799_999;

/// The moment so many milliseconds after 1970 began.
#[must_use]
pub fn moment(milliseconds: u64) -> Option<DateTime<Utc>> {
    let milliseconds = i64::try_from(milliseconds).ok().filter(|milliseconds| *milliseconds <= LAST_MOMENT)?;
    DateTime::from_timestamp_millis(milliseconds)
}

/// A text that is there, without what the database does not store in one.
#[must_use]
pub fn present(text: Option<String>) -> Option<String> {
    let text: String = text?.chars().filter(|character| !character.is_control()).collect();
    (!text.trim().is_empty()).then_some(text)
}

impl TryFrom<Text> for Whole {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<Self, &'static str> {
        match text {
            Text::Number(number) => Ok(Self(number)),
            Text::Text(text) => text.parse().map(Self).map_err(|_| "must be a whole number, or the text of one"),
        }
    }
}
