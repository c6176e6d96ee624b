//! All that one run found out; serialised, it is the JSON file.

use serde::Serialize;

use crate::{
    at_rest::{AtRest, Starts, Together},
    comparison::Measured,
    figures::Spread,
    goals::Goal,
    machine::Machine,
    programs::Program,
    stack::OnStack,
};

/// One run.
#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    /// Of each program.
    pub(crate) starts: usize,
    pub(crate) goals: Vec<Goal>,
    pub(crate) at_rest: Vec<AtRest>,
    /// Nothing where only some cases were measured.
    pub(crate) together: Vec<Together>,
    /// On the stub.
    pub(crate) load: Vec<Measured>,
    /// On the development stack.
    pub(crate) stack: Vec<OnStack>,
}

impl Results {
    /// The TypeScript one that was measured beside one of ours.
    pub(crate) fn beside(&self, ours: &Measured) -> Option<&Measured> {
        self.measured_with(ours, |program| matches!(program, Program::Baseline(_)))
    }

    /// The calls alone of one of ours.
    pub(crate) fn calls_alone(&self, ours: &Measured) -> Option<&Measured> {
        self.measured_with(ours, |program| matches!(program, Program::JsCalls(_)))
    }

    fn measured_with(&self, ours: &Measured, is_other: fn(&Program) -> bool) -> Option<&Measured> {
        self.load.iter().find(|other| {
            is_other(&other.program)
                && other.case == ours.case
                && other.runtime == ours.runtime
                && other.setting == ours.setting
        })
    }
}

impl AtRest {
    /// How many times as long this takes to start as another.
    pub(crate) fn start_up_times(&self, other: &Self, figure: fn(&Starts) -> f64) -> Option<Spread> {
        let values = |at_rest: &Self| at_rest.starts.iter().map(figure).collect::<Vec<_>>();
        Spread::of_ratios(&values(self), &values(other))
    }
}
