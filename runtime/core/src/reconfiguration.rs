//! Another document for a workflow that is under way: whether it fits what was done, and what it changes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Document, Pipeline, PipelineRef, Stage, StageName, Workflow, refusal::names};

/// The present configuration, as far as a decision asks it. It says the same for as long as the decision takes.
pub trait Present {
    /// The document that it gives for this workflow.
    fn document(&self, workflow: &Workflow) -> Result<Document, Unfit>;
}

/// The document that a workflow goes on by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconfiguration {
    /// The document.
    pub pipeline: PipelineRef,
    /// Its stages.
    pub stages: Vec<StageName>,
    /// Those that run after them in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finally: Vec<StageName>,
    /// What is different from the one before, as keys of adw.toml: `stages.test.grants`.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// Why a workflow can't go on by the present configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It gives no document for it.
    #[error("{0}; put back what it lacks")]
    Nothing(String),
    /// What was done lies elsewhere.
    #[error(
        "its work lies in {}, and `projects.{project}.repo` is {} now; put that back, or hand over what it did as a new task",
        was.display(), is.display()
    )]
    OtherRepository {
        /// The project.
        project: String,
        /// Where the workflow has worked.
        was: PathBuf,
        /// Where it would go on.
        is: PathBuf,
    },
    /// The pipeline doesn't begin with what was done.
    #[error(
        "its stage {stage} is done, and the pipeline {}; its stages are {}. Put {stage} back{}",
        how(stage, now), names(now), or_from(from.as_ref())
    )]
    Done {
        /// The first stage that is not where it was.
        stage: StageName,
        /// The stages that the pipeline has.
        now: Vec<StageName>,
        /// The last stage that the workflow could be retried from all the same.
        from: Option<StageName>,
    },
    /// The stage that it was to be retried from is not in the pipeline.
    #[error(
        "the pipeline has no stage {stage} any more; its stages are {}. Name one of them, or put {stage} back",
        names(now)
    )]
    Gone {
        /// The stage that was asked for.
        stage: StageName,
        /// The stages that the pipeline has.
        now: Vec<StageName>,
    },
    /// The pipeline has no stage after those that are done.
    #[error(
        "the pipeline ends with {last} now, which is done; put back what is to run after it, or retry from {last}"
    )]
    NothingLeft {
        /// The last stage.
        last: StageName,
    },
}

impl Reconfiguration {
    /// What becomes of a workflow whose first stages are `done`, and the stage that it goes on from.
    pub(crate) fn decide(
        done: &[Stage],
        asked: Option<&StageName>,
        before: &Pipeline,
        now: &Document,
    ) -> Result<(StageName, Self), Unfit> {
        let project = &now.pipeline.project;
        if project.repo != before.project.repo {
            let (was, is) = (before.project.repo.clone(), project.repo.clone());
            return Err(Unfit::OtherRepository { project: project.name.clone(), was, is });
        }
        let (stages, finally) = (now.pipeline.stage_names(), now.pipeline.finally_names());
        if let Some(stage) = asked.filter(|asked| now.pipeline.stage(asked).is_none()).cloned() {
            return Err(Unfit::Gone { stage, now: stages });
        }
        // Those that run in any case depend on none: where they stand doesn't matter.
        let (at_the_end, done): (Vec<_>, Vec<_>) = done.iter().partition(|stage| stage.finally);
        let left = || finally.iter().find(|name| at_the_end.iter().all(|done| done.name != **name));
        if let Some(at) = (0..done.len()).find(|at| stages.get(*at) != Some(&done[*at].name)) {
            let from =
                done[..=at].iter().map(|stage| &stage.name).rfind(|name| stages.contains(name)).cloned();
            return Err(Unfit::Done { stage: done[at].name.clone(), now: stages, from });
        }
        let Some(from) = stages.get(done.len()).or_else(left).cloned() else {
            let last = stages.last().cloned();
            return Err(last.map_or_else(
                || Unfit::Nothing("its pipeline has no stages".to_owned()),
                |last| Unfit::NothingLeft { last },
            ));
        };
        let changes = before.changes(&now.pipeline);
        Ok((from, Self { pipeline: PipelineRef::of(now), stages, finally, changes }))
    }
}

fn how(stage: &StageName, now: &[StageName]) -> &'static str {
    if now.contains(stage) { "has it in another place now" } else { "has it no more" }
}

fn or_from(from: Option<&StageName>) -> String {
    from.map(|from| format!(", or retry from {from}")).unwrap_or_default()
}
