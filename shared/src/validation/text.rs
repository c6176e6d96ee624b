use serde::{Deserialize, Serialize};

/// A session's title: 1 to 200 characters (Zoom's limit for a topic), trimmed, without control characters.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct Title(String);

/// A session's description: at most 2000 characters (Zoom's limit for an agenda), trimmed; of the control characters only line
/// breaks and tabs.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct Description(String);

/// Why a text cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters than fit.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// It would break a log, a calendar entry, or a header.
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

impl TryFrom<String> for Title {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let text = bounded(&text, Self::LONGEST, |_| false)?;
        if text.is_empty() { Err(TextError::Empty) } else { Ok(Self(text)) }
    }
}

impl TryFrom<String> for Description {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        bounded(&text, Self::LONGEST, |character| matches!(character, '\n' | '\r' | '\t')).map(Self)
    }
}

fn bounded(text: &str, longest: usize, allowed_control: fn(char) -> bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.chars().any(|character| character.is_control() && !allowed_control(character)) {
        return Err(TextError::Control);
    }
    if text.chars().count() > longest {
        return Err(TextError::TooLong(longest));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_trimmed_and_bounded_in_characters_not_bytes() {
        assert_eq!(Title::try_from("  Knee  ".to_owned()).unwrap().as_str(), "Knee");
        assert!(Title::try_from("ü".repeat(200)).is_ok());
        assert!(matches!(Title::try_from("ü".repeat(201)), Err(TextError::TooLong(200))));
        assert!(matches!(Title::try_from(" \u{2003} ".to_owned()), Err(TextError::Empty)));
    }

    #[test]
    fn control_characters_are_refused() {
        for bad in ["a\nb", "a\u{0}b", "a\u{1b}[31mb", "a\u{85}b"] {
            assert!(matches!(Title::try_from(bad.to_owned()), Err(TextError::Control)), "{bad:?}");
        }
        assert!(Description::try_from("one\ntwo\tthree".to_owned()).is_ok());
        assert!(Description::try_from("a\u{0}b".to_owned()).is_err());
        assert!(Description::try_from("x".repeat(2001)).is_err());
    }
}
