//! Types that cannot hold a bad value. They are parsed at the border, and nothing inside checks again.

mod join_url;
mod text;
mod time;

pub use join_url::{JoinUrl, JoinUrlError};
pub use text::{Description, Title};
pub use time::{DurationMinutes, MaxParticipants, ScheduledStart, Timezone};
