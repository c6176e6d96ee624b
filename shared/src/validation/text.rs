use serde::{Deserialize, Serialize};

/// A session's title: 1 to 200 characters (Zoom's limit for a topic), trimmed, something to be seen, without control characters.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct Title(String);

/// A session's description: at most 2000 characters (Zoom's limit for an agenda), trimmed; of the control characters only line
/// breaks and tabs.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct Description(String);

/// What somebody writes to somebody else: 1 to 1000 characters, trimmed, something to be seen; of the control characters only
/// line breaks.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct Message(String);

/// What somebody is called in a session: 1 to 100 characters, trimmed, something to be seen, without control characters.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct ParticipantName(String);

/// Why a text cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// Nothing is left to be seen.
    #[error("must not be empty")]
    Empty,
    /// More characters than fit.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// It would break a log, a calendar entry, or a header, or turn the direction of what follows.
    #[error("must not contain control characters")]
    Control,
}

impl Title {
    const LONGEST: usize = 200;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    const LONGEST: usize = 2000;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Message {
    const LONGEST: usize = 1000;
}

impl ParticipantName {
    const LONGEST: usize = 100;
}

impl TryFrom<String> for Title {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        visible(bounded(&text, Self::LONGEST, |_| false)?).map(Self)
    }
}

impl TryFrom<String> for Description {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        bounded(&text, Self::LONGEST, |character| matches!(character, '\n' | '\r' | '\t')).map(Self)
    }
}

impl TryFrom<String> for Message {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        visible(bounded(&text, Self::LONGEST, |character| matches!(character, '\n' | '\r'))?).map(Self)
    }
}

impl TryFrom<String> for ParticipantName {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        visible(bounded(&text, Self::LONGEST, |_| false)?).map(Self)
    }
}

fn bounded(text: &str, longest: usize, allowed_control: fn(char) -> bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.chars().any(|character| is_control(character) && !allowed_control(character)) {
        return Err(TextError::Control);
    }
    if text.chars().count() > longest {
        return Err(TextError::TooLong(longest));
    }
    Ok(text.to_owned())
}

fn visible(text: String) -> Result<String, TextError> {
    if text.chars().all(is_invisible) { Err(TextError::Empty) } else { Ok(text) }
}

/// Control characters, and those that change the direction of the text around them.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that leave no mark, most of them with a use between others (emoji, Persian).
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{2800}')
        || matches!(character, '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
        || matches!(character, '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_trimmed_and_bounded_in_characters_not_bytes() {
        assert_eq!(Title::try_from("  Knee  ".to_owned()).unwrap().as_str(), "Knee");
        assert!(Title::try_from("ü".repeat(200)).is_ok());
        assert!(matches!(Title::try_from("ü".repeat(201)), Err(TextError::TooLong(200))));
        let invisible = ["\u{34f}\u{61c}", "\u{180b}\u{180f}", "\u{206a}\u{fe0f}", "\u{fff9}", "\u{e0041}\u{e0fff}"];
        for empty in [" \u{2003} ", "\u{200b}", "\u{3164}\u{2800}", "\u{ad}"].into_iter().chain(invisible) {
            assert!(matches!(Title::try_from(empty.to_owned()), Err(TextError::Empty)), "{empty:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for bad in ["a\nb", "a\u{0}b", "a\u{1b}[31mb", "a\u{85}b", "a\u{202e}b"] {
            assert!(matches!(Title::try_from(bad.to_owned()), Err(TextError::Control)), "{bad:?}");
        }
        assert!(Description::try_from("one\ntwo\tthree".to_owned()).is_ok());
        assert!(Description::try_from("a\u{0}b".to_owned()).is_err());
        assert!(Description::try_from("x".repeat(2001)).is_err());
    }

    #[test]
    fn a_participant_s_name_is_a_short_line() {
        let name = |text: &str| ParticipantName::try_from(text.to_owned());
        assert_eq!(name(" Zoë 🙂 ").unwrap().0, "Zoë 🙂");
        assert!(name(&"ü".repeat(100)).is_ok());
        assert!(matches!(name(&"ü".repeat(101)), Err(TextError::TooLong(100))));
        assert!(matches!(name("\u{200b}"), Err(TextError::Empty)));
        assert!(matches!(name("a\nb"), Err(TextError::Control)));
    }

    #[test]
    fn a_message_says_something_in_lines_of_plain_text() {
        let message = |text: &str| Message::try_from(text.to_owned());
        assert_eq!(message("\n See you.\r\nAnna \n").unwrap().0, "See you.\r\nAnna");
        assert!(message(&"ü".repeat(1000)).is_ok());
        assert!(matches!(message(&"ü".repeat(1001)), Err(TextError::TooLong(1000))));
        for empty in ["", " \n\n ", "\u{200b}\n\u{200b}"] {
            assert!(matches!(message(empty), Err(TextError::Empty)), "{empty:?}");
        }
        for bad in ["a\tb", "a\u{0}b", "a\u{1b}[31mb", "a\u{202e}b"] {
            assert!(matches!(message(bad), Err(TextError::Control)), "{bad:?}");
        }
    }
}
