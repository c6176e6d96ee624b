use serde::Deserialize;

use crate::crypto::{
    Secret,
    random::{self, RandomError},
};

/// A meeting's passcode: six digits. It is no [`serde::Serialize`], so that it gets into no answer but where it is exposed.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct MeetingPasscode(Secret);

/// Not the form of a passcode.
#[derive(Debug, thiserror::Error)]
#[error("must be six digits")]
pub struct NotAPasscode;

const DIGITS: &[u8] = b"0123456789";
const LENGTH: usize = 6;

impl MeetingPasscode {
    /// A new passcode, each of the million equally likely.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(Secret::new(random::text(DIGITS, LENGTH)?)))
    }

    /// The digits, for whoever may have them.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<String> for MeetingPasscode {
    type Error = NotAPasscode;

    fn try_from(passcode: String) -> Result<Self, NotAPasscode> {
        let is_passcode = passcode.len() == LENGTH && passcode.bytes().all(|byte| DIGITS.contains(&byte));
        if is_passcode { Ok(Self(Secret::new(passcode))) } else { Err(NotAPasscode) }
    }
}
