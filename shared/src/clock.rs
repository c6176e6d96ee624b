//! Time as a value, because `std::time` panics in WebAssembly and because tests decide what time it is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;

/// Where a function takes the time from.
pub trait Clock {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;

    /// Resolves once `duration` has passed.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()>;
}
