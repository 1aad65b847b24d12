use crate::{AdwId, Document, Event, PipelineRef, Task};

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
    pub fn event(self, document: &Document) -> Event {
        Event::TaskCreated {
            adw_id: self.adw_id,
            task: Box::new(self.task),
            pipeline: PipelineRef::of(document),
            stages: document.pipeline.stage_names(),
            finally: document.pipeline.finally_names(),
        }
    }
}
