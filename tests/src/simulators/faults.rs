use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::connection::Outcome;
use super::recording::{CallNumber, Recorder};

/// What goes wrong, for whom, and how many times still.
pub(crate) struct Faults<Target, Fault> {
    planned: Mutex<Vec<Planned<Target, Fault>>>,
}

struct Planned<Target, Fault> {
    target: Target,
    fault: Fault,
    times: u32,
}

impl<Target, Fault> Default for Faults<Target, Fault> {
    fn default() -> Self {
        Self { planned: Mutex::default() }
    }
}

impl<Target, Fault: Clone> Faults<Target, Fault> {
    pub(crate) fn plan(&self, target: Target, fault: Fault, times: u32) {
        self.planned.lock().unwrap().push(Planned { target, fault, times });
    }

    /// The oldest fault planned for such a call. It counts as used.
    pub(crate) fn take(&self, concerns: impl Fn(&Target) -> bool) -> Option<Fault> {
        let mut planned = self.planned.lock().unwrap();
        planned.retain(|planned| planned.times > 0);
        let planned = planned.iter_mut().find(|planned| concerns(&planned.target))?;
        planned.times -= 1;
        Some(planned.fault.clone())
    }
}

/// What a fault does to an exchange.
pub(crate) enum Disturbance {
    /// Another answer, and no work.
    Instead(http::Response<Bytes>),
    /// The work is done at once, and the answer comes late.
    Late(Duration),
    /// The work is done late, whether or not the caller still listens.
    Slow(Duration),
    /// The work is done, and the connection breaks before the answer.
    DropAnswer,
    /// The connection breaks before the request was read.
    DropRequest,
}

/// Does the work of a recorded call as the disturbance, if any, lets it.
pub(crate) async fn exchange(
    recorder: &Recorder,
    call: CallNumber,
    disturbance: Option<Disturbance>,
    work: impl Future<Output = http::Response<Bytes>>,
) -> Outcome {
    let answer = match disturbance {
        None => work.await,
        Some(Disturbance::Instead(answer)) => answer,
        Some(Disturbance::Late(delay)) => {
            let answer = work.await;
            sleep(delay).await;
            answer
        }
        Some(Disturbance::Slow(delay)) => {
            sleep(delay).await;
            work.await
        }
        Some(Disturbance::DropAnswer) => {
            work.await;
            return Outcome::Dropped;
        }
        Some(Disturbance::DropRequest) => return Outcome::Dropped,
    };
    recorder.answered(call, answer.status().as_u16());
    Outcome::Answer(answer)
}
