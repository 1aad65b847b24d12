//! A task's diff that is applied, and that a later stage found wanting.

use adw_core::{StageName, Workflow};
use adw_host::{CallError, capability::agent::Failed};

use super::CarriesDiff;

/// Who found what wanting. Applying the diff once more changes nothing about it.
pub(crate) struct SpentDiff<'a> {
    judge: &'a StageName,
    report: &'a str,
}

impl<'a> SpentDiff<'a> {
    /// What a stage after this one says of the work, since it last went through this one.
    pub(crate) fn of(workflow: &'a Workflow, stage: &StageName) -> Option<Self> {
        workflow.task.diff()?;
        let mut later = workflow
            .stages
            .iter()
            .filter(|other| !other.finally)
            .skip_while(|other| other.name != *stage)
            .skip(1);
        later.find_map(|judge| Some(Self { judge: &judge.name, report: judge.error.as_deref()? }))
    }

    /// Why nothing more comes of it: what was found, and what would help.
    pub(crate) fn failure(&self, stage: &StageName) -> CallError {
        let Self { judge, report } = self;
        let message = format!(
            "the task's diff is applied, and doesn't pass the stage {judge}: hand over one that does, or name another agent, \
             in the task or in [stages.{stage}]. What {judge} found:\n{report}"
        );
        CallError::Agent(Failed { class: "bad_patch".to_owned(), message, session: None })
    }
}
