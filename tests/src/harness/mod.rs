//! A client of a running stack (`scripts/dev`, with its simulators) for black-box tests.
//!
//! ```no_run
//! # use convene_tests::harness::Stack;
//! # use serde_json::json;
//! # async fn example() {
//! let stack = Stack::running();
//! let trainer = stack.trainer().await;
//! let client = stack.client_of(&trainer).await;
//! let answer = stack.function("create-video-session").by(&trainer).json(&json!({"client_id": client.id})).send().await;
//! answer.refused(422, "invalid_field");
//! assert!(stack.calls_of(&answer).await.is_empty());
//! # }
//! ```
//!
//! Whatever goes wrong in the harness itself panics, and says what it was.

mod answer;
mod database;
mod environment;
mod outbox;
mod people;
mod printed;
mod request;
mod rooms;
mod simulators;
mod zoom;

pub use answer::Answer;
pub use people::{Customer, Person};
pub use request::Request;
pub use rooms::{RoomEvent, RoomNews};
pub use simulators::ZoomUser;
pub use zoom::{Consent, Landing, Told};

pub use crate::simulators::rooms::{RoomFault, RoomOperation, Version};
pub use crate::simulators::supabase_wiretap::{Algorithm, Fault as SupabaseFault};
pub use crate::simulators::zoom::{Fault as ZoomFault, Operation};
pub use crate::simulators::{Call, Service};

use std::time::Duration;

use environment::Environment;
use reqwest::redirect::Policy;
use tokio::sync::OnceCell;

/// Longer than anything should take: a test that hangs fails.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running stack. Each test makes its own: the connections live in the test's runtime.
pub struct Stack {
    environment: Environment,
    client: reqwest::Client,
    database: OnceCell<tokio_postgres::Client>,
}

impl Stack {
    /// The one whose variables are in the file that `CONVENE_STACK_ENV` names.
    pub fn running() -> Self {
        Self {
            environment: Environment::read(),
            client: reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build().unwrap(),
            database: OnceCell::new(),
        }
    }

    /// A variable of the stack, `API_URL` or `RUNTIME` for example.
    pub fn variable(&self, name: &str) -> &str {
        self.environment.get(name)
    }
}
