use crate::{Counted, Event, StageName, Usage, Workflow};

/// The agent of a call has used this much so far. The same may be told again, with what came to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountUsage {
    /// The stage that asked it.
    pub stage: StageName,
    /// The agent.
    pub agent: String,
    /// Its run, and what that has used in all.
    pub run: Counted,
}

impl CountUsage {
    /// What of it no event has told yet. A workflow that has ended, or went on without the attempt, counts it too: it was
    /// spent.
    pub fn uncounted(&self, workflow: &Workflow) -> Usage {
        let told = workflow.stage(&self.stage).and_then(|stage| stage.counted);
        match told {
            Some(told) if told.key() == self.run.key() => self.run.used.minus(told.used),
            // Runs follow each other: it was told to its end before a later one began.
            Some(told) if told.key() > self.run.key() => Usage::default(),
            Some(_) | None => self.run.used,
        }
    }

    pub(super) fn decide(&self, workflow: &Workflow) -> Vec<Event> {
        let used = self.uncounted(workflow);
        if used.is_nothing() {
            return Vec::new();
        }
        let Counted { attempt, call, run, .. } = self.run;
        let (stage, agent) = (self.stage.clone(), self.agent.clone());
        vec![Event::UsageCounted { stage, attempt, call, run, agent, used }]
    }
}
