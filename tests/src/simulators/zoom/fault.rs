use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::faults::Disturbance;
use super::accounts::Accounts;
use super::answers;
use super::operation::Operation;

/// What goes wrong with a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Zoom does the work at once and answers late.
    Delay {
        /// By how much, in milliseconds.
        ms: u64,
    },
    /// Zoom waits, then does the work, whether or not the caller still listens.
    DelayBefore {
        /// For how long, in milliseconds.
        ms: u64,
    },
    /// Zoom does the work, and the connection breaks before the answer.
    DropAnswer,
    /// The connection breaks before Zoom has read the request.
    DropRequest,
    /// The access token of the call expires just now, and stays expired.
    ExpiredToken,
    /// 429, with the date at which to come back, as an ISO-8601 text, or without.
    RateLimit {
        /// The header as it is sent.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// The 429 of the hundred creates and updates a day, with or without the date at which to come back.
    DailyLimit {
        /// The header as it is sent.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// An answer of this status and text, and nothing done.
    Raw {
        /// The HTTP status.
        status: u16,
        /// Said to be JSON.
        body: String,
    },
    /// An answer with only a status, and nothing done.
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// A 307 to the same URL, which a client that follows it asks again, and nothing done.
    Redirect,
    /// An error whose body is XML.
    Xml {
        /// The HTTP status; 500 when none is given.
        #[serde(default = "internal_error")]
        status: u16,
    },
    /// An error of Zoom's usual form.
    Error {
        /// The HTTP status.
        status: u16,
        /// Zoom's own code.
        code: u32,
        /// Zoom's own words.
        message: String,
    },
}

fn internal_error() -> u16 {
    500
}

/// Which calls a fault is for.
pub(crate) struct FaultTarget {
    pub(crate) zoom_user_id: String,
    pub(crate) operation: Operation,
}

impl FaultTarget {
    pub(super) fn concerns(&self, zoom_user_id: Option<&str>, operation: Option<Operation>) -> bool {
        Some(self.zoom_user_id.as_str()) == zoom_user_id && Some(self.operation) == operation
    }
}

impl Fault {
    /// An answer in place of Zoom's may change the accounts at once.
    pub(super) fn disturbance(self, accounts: &mut Accounts, token: Option<&str>) -> Disturbance {
        Disturbance::Instead(match self {
            Self::Delay { ms } => return Disturbance::Late(Duration::from_millis(ms)),
            Self::DelayBefore { ms } => return Disturbance::Slow(Duration::from_millis(ms)),
            Self::DropAnswer => return Disturbance::DropAnswer,
            Self::DropRequest => return Disturbance::DropRequest,
            Self::ExpiredToken => {
                if let Some(token) = token {
                    accounts.expire(token);
                }
                answers::bad_token("Access token is expired.")
            }
            Self::RateLimit { retry_after } => answers::too_many_requests(
                "QPS",
                30,
                "You have reached the maximum per-second rate limit for this API. Try again later.",
                retry_after.as_deref(),
            ),
            Self::DailyLimit { retry_after } => answers::daily_limit(retry_after.as_deref()),
            Self::Raw { status, body } => answers::raw(status, "application/json", body),
            Self::Status { status } => answers::error(status, status.into(), "The service is not available."),
            Self::Redirect => answers::redirect("?again"),
            Self::Xml { status } => answers::xml(status),
            Self::Error { status, code, message } => answers::error(status, code, &message),
        })
    }
}
