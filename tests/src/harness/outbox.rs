use std::time::Duration;

use super::{Answer, Person, Stack};

/// Deliveries take a few effects at a time, and other tests' effects as well.
const MOST_DELIVERIES: u32 = 60;

impl Stack {
    /// Has the outbox delivered, as the scheduler does.
    pub async fn deliver_outbox(&self) -> Answer {
        let scheduler = self.variable("SCHEDULER_SECRET");
        self.function("deliver-outbox").token(scheduler).send().await
    }

    /// Delivers until none of the host's effects is pending: each is done or dead.
    pub async fn deliver_until_settled(&self, host: &Person) {
        self.deliver_until(host, "status = 'pending'").await;
    }

    /// Delivers until each of the host's effects was tried.
    pub async fn deliver_until_tried(&self, host: &Person) {
        self.deliver_until(host, "status = 'pending' and error is null").await;
    }

    /// Delivers until none of the host's effects is due: what is left is for later.
    pub async fn deliver_what_is_due(&self, host: &Person) {
        self.deliver_until(host, "status = 'pending' and available_at <= now()").await;
    }

    async fn deliver_until(&self, host: &Person, open: &str) {
        let open = format!("select 1 from private.outbox where host_id = $1 and {open}");
        for _ in 0..MOST_DELIVERIES {
            if self.count(&open, &[&host.id]).await == 0 {
                return;
            }
            self.deliver_outbox().await.expect(200);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let rows = self.rows("select * from private.outbox where host_id = $1", &[&host.id]).await;
        panic!("the outbox does not get on: {rows:?}");
    }
}
