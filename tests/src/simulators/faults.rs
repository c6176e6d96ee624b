use std::sync::Mutex;

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
