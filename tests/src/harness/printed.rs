use std::time::Duration;
use std::{env, fs};

use tokio::time::sleep;

use super::Stack;

/// Names the file that takes what `scripts/dev` prints.
const FILE_VARIABLE: &str = "CONVENE_STACK_LOG";

impl Stack {
    /// All that the stack has printed until it has the lines of these requests: what the functions log, among others.
    pub async fn printed(&self, request_ids: &[String]) -> String {
        let path = env::var(FILE_VARIABLE).unwrap_or_else(|_| {
            panic!(
                "{FILE_VARIABLE} must name the file that takes what `scripts/dev` prints (scripts/test does all this)"
            )
        });
        for _ in 0..100 {
            let printed = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{FILE_VARIABLE}={path}: {error}"));
            if request_ids.iter().all(|id| printed.contains(id)) {
                return printed;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} has no line of one of {request_ids:?}");
    }
}
