//! A completed workflow looks tested: where it isn't, it is said.

use adw_core::{StageStatus, Status};

use crate::client::Workflow;
use crate::style::printable;

/// The stage whose business that is.
const TEST: &str = "test";

/// That its tests were passed over, and why; none where they ran, and where it has no such stage.
pub(crate) fn note(workflow: &Workflow) -> Option<String> {
    let stage = workflow.stage_runs.iter().find(|stage| stage.name == *TEST)?;
    if workflow.status != Status::Completed || stage.status != StageStatus::Skipped {
        return None;
    }
    // An output is of an earlier round, before a person passed over it.
    let reason = stage.summary.as_deref().filter(|_| stage.output.is_none());
    let reason = reason.unwrap_or("the stage was passed over by hand");
    Some(format!("nothing was tested: {}", printable(reason)))
}
