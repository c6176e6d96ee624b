use serde::{Deserialize, Serialize};

/// How long a session is planned to take: 1 to 1440 minutes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "u32")]
pub struct DurationMinutes(u32);

/// How many people may be in a session: 1 to 1000.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "u32")]
pub struct MaxParticipants(u32);

/// How long an instant session's link works: 1 minute to 7 days.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "u32")]
pub struct LinkLifetimeMinutes(u32);

/// A number outside of its range.
#[derive(Debug, thiserror::Error)]
#[error("must be a whole number from {0} to {1}")]
pub struct OutOfRange(u32, u32);

impl DurationMinutes {
    /// The number of minutes.
    #[must_use]
    pub fn minutes(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for DurationMinutes {
    type Error = OutOfRange;

    fn try_from(minutes: u32) -> Result<Self, OutOfRange> {
        in_range(minutes, 1, 1440).map(Self)
    }
}

impl TryFrom<u32> for MaxParticipants {
    type Error = OutOfRange;

    fn try_from(count: u32) -> Result<Self, OutOfRange> {
        in_range(count, 1, 1000).map(Self)
    }
}

impl TryFrom<u32> for LinkLifetimeMinutes {
    type Error = OutOfRange;

    fn try_from(minutes: u32) -> Result<Self, OutOfRange> {
        in_range(minutes, 1, 7 * 1440).map(Self)
    }
}

fn in_range(value: u32, least: u32, most: u32) -> Result<u32, OutOfRange> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(OutOfRange(least, most)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert!(DurationMinutes::try_from(1).is_ok() && DurationMinutes::try_from(1440).is_ok());
        assert!(DurationMinutes::try_from(0).is_err() && DurationMinutes::try_from(1441).is_err());
        assert!(MaxParticipants::try_from(1).is_ok() && MaxParticipants::try_from(1000).is_ok());
        assert!(LinkLifetimeMinutes::try_from(1).is_ok() && LinkLifetimeMinutes::try_from(10_080).is_ok());
        assert!(LinkLifetimeMinutes::try_from(0).is_err() && LinkLifetimeMinutes::try_from(10_081).is_err());
        assert!(MaxParticipants::try_from(0).is_err() && MaxParticipants::try_from(1001).is_err());
    }
}
