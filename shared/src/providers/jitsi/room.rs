use serde::{Deserialize, Serialize};

/// A room's name: 1 to 128 letters, digits, `-` and `_`, in lower case, because Jitsi compares the name in a token so. Never `*`, with
/// which a token opens every room of its server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String")]
pub struct JitsiRoom(String);

/// Not a room's name.
#[derive(Debug, thiserror::Error)]
#[error("must have 1 to 128 letters, digits, hyphens and underscores")]
pub struct NotARoom;

impl JitsiRoom {
    const LONGEST: usize = 128;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for JitsiRoom {
    type Error = NotARoom;

    fn try_from(name: String) -> Result<Self, NotARoom> {
        let is_name = (1..=Self::LONGEST).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_name { Ok(Self(name.to_ascii_lowercase())) } else { Err(NotARoom) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_in_lower_case_and_never_more_than_one_room() {
        let room = |name: &str| JitsiRoom::try_from(name.to_owned());
        assert_eq!(room("Convene-0123AB_c").unwrap().as_str(), "convene-0123ab_c");
        assert!(room(&"a".repeat(128)).is_ok());
        for bad in
            ["", "*", "a*", "a/b", "a?jwt=b", "a#b", "a b", "a%2fb", "r\u{e4}um", "\u{212a}elvin", &"a".repeat(129)]
        {
            assert!(room(bad).is_err(), "{bad}");
        }
    }
}
