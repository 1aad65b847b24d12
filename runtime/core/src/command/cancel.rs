use crate::{Event, Refusal, Status, Workflow};

/// Somebody wants the workflow ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancel {
    /// Why, where a reason was given.
    pub reason: Option<String>,
}

impl Cancel {
    pub(super) fn decide(&self, workflow: &Workflow) -> Result<Vec<Event>, Refusal> {
        match workflow.status {
            Status::Pending | Status::Running => {
                Ok(vec![Event::WorkflowCancelled { reason: self.reason.clone() }])
            }
            Status::Cancelled => Ok(Vec::new()),
            from @ (Status::Completed | Status::Failed) => {
                Err(Refusal::IllegalMove { from, to: Status::Cancelled })
            }
        }
    }
}
