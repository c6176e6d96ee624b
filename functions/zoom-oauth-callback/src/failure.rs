//! Why Zoom was not connected, as the app hears it and as the log does.

use shared::{
    crypto::seal::SealError,
    http::{Error, Note},
    providers::zoom::ZoomError,
};

/// Every way in which a callback can fail, with the stable `reason` that the return target gets. Text is for the log alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The user said no at Zoom.
    AccessDenied,
    /// Not begun here, but at Zoom's Marketplace: the code is not used, because nobody knows for whom it would be.
    StateMissing,
    /// Not a state of this deployment, or one of a user or a target that is gone.
    StateInvalid,
    /// More than ten minutes ago.
    StateExpired,
    /// The flow was finished before.
    StateUsed,
    /// Zoom does not take the code: used, expired, or of another flow.
    CodeRefused,
    /// The user granted too little.
    ScopeMissing,
    /// Zoom failed, or did not answer.
    ZoomFailed(String),
    /// The database is away.
    Unavailable(String),
    /// A fault of ours.
    Internal(String),
}

impl Failure {
    /// The stable code that apps switch on.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::StateMissing => "state_missing",
            Self::StateInvalid => "state_invalid",
            Self::StateExpired => "state_expired",
            Self::StateUsed => "state_used",
            Self::CodeRefused => "code_refused",
            Self::ScopeMissing => "scope_missing",
            Self::ZoomFailed(_) => "zoom_failed",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What the log says.
    pub(crate) fn note(self) -> Note {
        let code = self.reason();
        match self {
            Self::ZoomFailed(cause) | Self::Unavailable(cause) | Self::Internal(cause) => {
                Note { code, cause: Some(cause), is_fault: true }
            }
            _ => Note { code, cause: None, is_fault: false },
        }
    }
}

impl From<ZoomError> for Failure {
    fn from(error: ZoomError) -> Self {
        match error {
            ZoomError::ReconnectRequired => Self::CodeRefused,
            ZoomError::MissingScope => Self::ScopeMissing,
            ZoomError::Ours(error) => error.into(),
            other => Self::ZoomFailed(other.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(cause) => Self::Unavailable(cause),
            other => Self::Internal(other.cause().unwrap_or_else(|| other.code()).to_owned()),
        }
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_error_of_zoom_s_and_ours_has_its_reason() {
        let unanswered = |timed_out| ZoomError::Unanswered { cause: "cause".to_owned(), timed_out };
        for (error, reason) in [
            (ZoomError::ReconnectRequired, "code_refused"),
            (ZoomError::MissingScope, "scope_missing"),
            (ZoomError::TokenRefused, "zoom_failed"),
            (ZoomError::NotFound, "zoom_failed"),
            (ZoomError::NotConnected, "zoom_failed"),
            (ZoomError::RateLimited(Duration::from_secs(1)), "zoom_failed"),
            (ZoomError::Refused { status: 400, code: 300 }, "zoom_failed"),
            (unanswered(true), "zoom_failed"),
            (unanswered(false), "zoom_failed"),
            (Error::Unavailable("cause".to_owned()).into(), "unavailable"),
            (Error::Internal("cause".to_owned()).into(), "internal"),
            (Error::MalformedJson.into(), "internal"),
        ] {
            assert_eq!(Failure::from(error).reason(), reason);
        }
        assert_eq!(Failure::from(SealError::Seal).reason(), "internal");
    }

    #[test]
    fn only_a_fault_has_a_cause_in_the_log() {
        let note = |failure: Failure| failure.note();
        assert_eq!(note(Failure::StateUsed), Note { code: "state_used", cause: None, is_fault: false });
        let fault = Failure::from(Error::Unavailable("cause".to_owned()));
        assert_eq!(note(fault), Note { code: "unavailable", cause: Some("cause".to_owned()), is_fault: true });
    }
}
