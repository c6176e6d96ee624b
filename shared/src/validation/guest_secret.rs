use serde::Deserialize;

use crate::crypto::{
    Secret,
    random::{self, RandomError},
};

/// By which a guest without an account is the same one again: 32 to 256 visible ASCII characters, as the database has it. It is no
/// [`serde::Serialize`], so that it gets into no answer but where it is exposed.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct GuestSecret(Secret);

/// Not the form of a guest's secret.
#[derive(Debug, thiserror::Error)]
#[error("must be 32 to 256 visible ASCII characters")]
pub struct NotAGuestSecret;

impl GuestSecret {
    /// A new secret, for a guest who brings none.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(Secret::new(random::guest_secret()?)))
    }

    /// The characters, for the database and for the guest.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<String> for GuestSecret {
    type Error = NotAGuestSecret;

    fn try_from(secret: String) -> Result<Self, NotAGuestSecret> {
        let is_secret = (32..=256).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic());
        if is_secret { Ok(Self(Secret::new(secret))) } else { Err(NotAGuestSecret) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_32_to_256_visible_ascii_characters() {
        let read = |text: &str| GuestSecret::try_from(text.to_owned()).ok();
        for good in ["s".repeat(32), "s".repeat(256), GuestSecret::generate().unwrap().expose().to_owned()] {
            assert_eq!(read(&good).unwrap().expose(), good);
        }
        for bad in ["", "short", &"s".repeat(31), &"s".repeat(257), &"é".repeat(40), &" ".repeat(40)] {
            assert!(read(bad).is_none(), "{bad}");
        }
        assert!(read(&format!("{}\u{0}", "s".repeat(40))).is_none());
    }

    #[test]
    fn a_secret_never_shows_in_debug() {
        let secret = GuestSecret::generate().unwrap();
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }
}
