//! Types that cannot hold a bad value. They are parsed at the border, and nothing inside checks again.

mod guest_secret;
mod join_url;
pub mod lenient;
mod number;
mod return_target;
mod text;
mod time;

pub use guest_secret::{GuestSecret, NotAGuestSecret};
pub use join_url::{JoinUrl, JoinUrlError, leads_to_zoom};
pub use number::{DurationMinutes, LinkLifetimeMinutes, MaxParticipants};
pub use return_target::{ReturnTarget, ReturnTargets};
pub use text::{Description, Message, ParticipantName, Title};
pub use time::{ScheduledTime, Timezone};
