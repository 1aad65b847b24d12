//! The scripted host.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::replies::{AgentReply, ExecReply, HttpReply};
use super::run::Run;
use super::script::{self, Script};
use crate::bindings::adw::stage::types;
use crate::glue::{self, Text};
use crate::{Cx, Error, Failure, Outcome, StageResult, TaskKind};

/// A host that answers as a test scripts it; see [the module](super).
#[derive(Debug)]
#[must_use = "a host does nothing until a stage is `run` on it"]
pub struct TestHost {
    context: types::Context,
    script: Script,
}

impl Default for TestHost {
    fn default() -> Self {
        Self::new()
    }
}

impl TestHost {
    /// A workflow `adw_test` for the feature "Test task", in an empty worktree, on the first run of a stage `stage`.
    pub fn new() -> Self {
        let task = types::Task {
            adw_id: "adw_test".to_owned(),
            title: "Test task".to_owned(),
            description: String::new(),
            task_type: TaskKind::Feature.as_str().to_owned(),
            priority: "medium".to_owned(),
        };
        let context = types::Context {
            task,
            stage: "stage".to_owned(),
            reason: types::Reason::First,
            config: "{}".to_owned(),
            earlier: Vec::new(),
            extra: Vec::new(),
        };
        // 2026-01-01T00:00:00Z, so that a test meets no year but this.
        let script = Script { now: Duration::from_hours(490_896), ..Script::default() };
        Self { context, script }
    }

    /// The workflow's id.
    pub fn adw_id(mut self, adw_id: impl Into<String>) -> Self {
        self.context.task.adw_id = adw_id.into();
        self
    }

    /// The task: its kind, its title, its description.
    pub fn task(mut self, kind: TaskKind, title: impl Into<String>, description: impl Into<String>) -> Self {
        let adw_id = std::mem::take(&mut self.context.task.adw_id);
        self.context.task = types::Task {
            adw_id,
            title: title.into(),
            description: description.into(),
            task_type: kind.as_str().to_owned(),
            priority: "medium".to_owned(),
        };
        self
    }

    /// The stage's name in the pipeline.
    pub fn stage(mut self, name: impl Into<String>) -> Self {
        self.context.stage = name.into();
        self
    }

    /// The stage runs again, after a failure.
    pub fn retry(mut self, number: u32) -> Self {
        self.context.reason = types::Reason::Retry(number);
        self
    }

    /// The stage runs again, because a later one found its work wanting.
    pub fn rework(mut self, stage: impl Into<String>, round: u32, feedback: impl Into<String>) -> Self {
        self.context.reason =
            types::Reason::Rework(types::Rework { stage: stage.into(), round, feedback: feedback.into() });
        self
    }

    /// The stage runs at the end of a workflow that has failed of this.
    pub fn failure(mut self, failure: impl Into<String>) -> Self {
        self.context.extra.push(("failure".to_owned(), failure.into()));
        self
    }

    /// What a stage before this one left.
    ///
    /// # Panics
    /// Where the data can't be written as JSON.
    pub fn earlier(mut self, stage: impl Into<String>, data: impl Serialize) -> Self {
        let data = match serde_json::to_string(&data) {
            Ok(data) => data,
            Err(error) => panic!("the data of an earlier stage is no JSON: {error}"),
        };
        self.context.earlier.push(types::Earlier {
            stage: stage.into(),
            summary: "done".to_owned(),
            data,
            skipped: false,
        });
        self
    }

    /// A stage before this one that found nothing to do.
    pub fn earlier_skipped(mut self, stage: impl Into<String>, reason: impl Into<String>) -> Self {
        self.context.earlier.push(types::Earlier {
            stage: stage.into(),
            summary: reason.into(),
            data: "null".to_owned(),
            skipped: true,
        });
        self
    }

    /// A file that is committed in the worktree.
    pub fn file(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.script.worktree.add(path.into(), content.into());
        self
    }

    /// The answer to the next diff.
    pub fn diff(mut self, diff: impl Into<String>) -> Self {
        self.script.diffs.push_back(diff.into());
        self
    }

    /// What comes of a program with these arguments, once: [`exits`](super::exits), [`killed`](super::killed),
    /// [`timed_out`](super::timed_out), or an [`Error`].
    pub fn exec(
        mut self,
        argv: impl IntoIterator<Item = impl Into<String>>,
        reply: impl Into<ExecReply>,
    ) -> Self {
        self.script.programs.push((argv.into_iter().map(Into::into).collect(), reply.into()));
        self
    }

    /// What the next agent answers: [`reply`](super::reply), [`agent_fails`](super::agent_fails), or an [`Error`].
    pub fn agent(mut self, reply: impl Into<AgentReply>) -> Self {
        self.script.agents.push_back(reply.into());
        self
    }

    /// What a web server answers, once: [`respond`](super::respond), or an [`Error`].
    pub fn http(
        mut self,
        method: impl Into<String>,
        url: impl Into<String>,
        reply: impl Into<HttpReply>,
    ) -> Self {
        self.script.requests.push((method.into(), url.into(), reply.into()));
        self
    }

    /// What the next person answers.
    pub fn human(mut self, answer: impl Into<Value>) -> Self {
        self.script.people.push_back(Ok(answer.into()));
        self
    }

    /// Has every call of a name fail, such as `workspace.commit`; [`Call::name`](super::Call::name) has them all.
    pub fn failing(mut self, call: impl Into<String>, error: Error) -> Self {
        self.script.failing.insert(call.into(), (error, false));
        self
    }

    /// What time it is; 2026-01-01T00:00:00Z otherwise. Sleeping moves it on.
    pub fn now(mut self, now: SystemTime) -> Self {
        self.script.now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self
    }

    /// A value that an earlier attempt kept.
    ///
    /// # Panics
    /// Where the value can't be written as JSON.
    pub fn state(mut self, key: impl Into<String>, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(value) => self.script.state.insert(key.into(), value),
            Err(error) => panic!("the state is no JSON: {error}"),
        };
        self
    }

    /// An artifact that the workflow has.
    pub fn artifact(mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.script.artifacts.insert(name.into(), content.into());
        self
    }

    /// Runs a stage with a configuration.
    ///
    /// # Panics
    /// Where the stage asks what isn't scripted, or doesn't ask what is.
    #[track_caller]
    pub fn run<C, T>(self, stage: fn(&Cx, C) -> StageResult<T>, config: C) -> Run<T> {
        self.start(|context| stage(&Cx::try_from(context)?, config))
    }

    /// Runs a stage as the runtime does: its configuration and its output are JSON.
    ///
    /// # Panics
    /// Where the stage asks what isn't scripted, or doesn't ask what is.
    #[track_caller]
    pub fn run_json<C: DeserializeOwned, T: Serialize>(
        mut self,
        stage: fn(&Cx, C) -> StageResult<T>,
        config: &Value,
    ) -> Run<Value> {
        self.context.config = config.to_string();
        self.start(|context| match glue::attempt(stage, context)? {
            Outcome::Done { summary, data: Text(data) } => {
                let data = serde_json::from_str(&data).map_err(Failure::from)?;
                Ok(Outcome::Done { summary, data })
            }
            Outcome::Skipped { reason } => Ok(Outcome::Skipped { reason }),
        })
    }

    #[track_caller]
    fn start<T>(self, stage: impl FnOnce(types::Context) -> StageResult<T>) -> Run<T> {
        let Self { context, script } = self;
        let (result, script) = script::run(script, || stage(context));
        let unused = script.unused();
        if !unused.is_empty() {
            let ended = match &result {
                Ok(Outcome::Done { summary, .. }) => format!("is done ({summary})"),
                Ok(Outcome::Skipped { reason }) => format!("was skipped ({reason})"),
                Err(failure) => format!("failed ({failure})"),
            };
            panic!(
                "the stage {ended} and never asked for what this test scripts; remove\n    {}\n",
                unused.join("\n    ")
            );
        }
        Run::new(result, script)
    }
}
