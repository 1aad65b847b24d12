use crate::{AdwId, Event, Pipeline, PipelineHash, PipelineRef, Task};

/// A task is handed over. What it names has been checked: the pipeline is resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Create {
    /// The id that the client chose or that was made for it.
    pub adw_id: AdwId,
    /// What is asked for.
    pub task: Task,
}

impl Create {
    /// The first event of the workflow.
    pub fn event(self, pipeline: &Pipeline, hash: PipelineHash) -> Event {
        Event::TaskCreated {
            adw_id: self.adw_id,
            task: Box::new(self.task),
            pipeline: PipelineRef::to(pipeline, hash),
            stages: pipeline.stages.iter().map(|stage| stage.name.clone()).collect(),
        }
    }
}
