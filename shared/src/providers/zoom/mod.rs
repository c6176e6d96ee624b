//! Zoom: meetings in a host's own account, through the tokens they granted.
//!
//! Zoom has no idempotency key. Every meeting is therefore created with a passcode that was recorded before the call, by which
//! it can be found again when the answer is lost.

mod api;
mod app;
mod error;
mod grant;
mod meeting;
mod oauth;
mod scopes;
mod state;
pub mod webhook;

use uuid::Uuid;

pub use app::{Account, NewGrant, ZoomApp};
pub use error::ZoomError;
pub use grant::{Grant, ZoomUser};
pub use meeting::{Mark, Meeting, MeetingPlan, NewMeeting};
pub use oauth::SealedTokens;
pub use scopes::allow_everything;
pub use state::ConnectState;

/// The length of a meeting's passcode: the most that Zoom takes, 58 bits.
pub const PASSCODE_LENGTH: usize = 10;

/// What a user's sealed Zoom tokens are bound to: in another user's row they do not open.
#[must_use]
pub fn token_seal_context(user_id: Uuid) -> String {
    format!("zoom_token:{user_id}")
}
