//! What the black-box tests stand on.
//!
//! [`simulators`] is the process that plays Zoom, OpenVidu, LiveKit and hosted Supabase, strictly, and breaks on demand.
//! [`harness`] is a small client with which a test acts as a person, looks into the database, plans faults
//! and reads which upstream calls were made. [`tokens`] makes tokens, honest and forged. No production code depends on this crate.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this is test code: what goes wrong should end the test, with a message"
)]
#![expect(clippy::must_use_candidate, reason = "it would be on every line of the harness")]

pub mod harness;
pub mod simulators;
pub mod tokens;
