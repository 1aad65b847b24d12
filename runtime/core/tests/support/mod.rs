//! A workflow with its history, driven by commands.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "shared by test programs that each use a part; a test may panic"
)]

use adw_core::{
    AttemptResult, Backoff, Budget, Command, Create, Document, EndAttempt, Event, EventKind, Grants, Limits,
    Output, Pipeline, PluginPin, Present, Priority, ProjectPin, Recorded, Refusal, RetryPolicy, StageName,
    StageSpec, Start, Task, TaskType, Timestamp, Unfit, Workflow, apply, decide,
};
use serde_json::json;

/// A workflow and all that led to it.
#[derive(Clone)]
pub struct History {
    pub pipeline: Pipeline,
    /// What the configuration gives by now.
    pub present: Pipeline,
    pub events: Vec<Recorded>,
    pub workflow: Workflow,
    pub at: Timestamp,
}

impl History {
    pub fn new(pipeline: Pipeline) -> Self {
        let at = Timestamp::from_millis(1_760_000_000_000);
        let create = Create { adw_id: "adw_bug_1_00000000".parse().unwrap(), task: task() };
        let event = create.event(&Document::of(pipeline.clone()).unwrap());
        let first = Recorded { seq: 1, at, event };
        let workflow = apply(None, &first).unwrap();
        Self { present: pipeline.clone(), pipeline, events: vec![first], workflow, at }
    }

    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        decide(&self.workflow, &self.pipeline, self, command, self.at)
    }

    /// Carries a command out; answers with its events.
    pub fn try_run(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = self.decide(&command)?;
        for event in &events {
            let recorded = Recorded { seq: self.workflow.seq + 1, at: self.at, event: event.clone() };
            self.workflow = apply(Some(self.workflow.clone()), &recorded).unwrap();
            self.events.push(recorded);
        }
        if matches!(&events[..], [Event::WorkflowRetried { reconfigured: Some(_), .. }, ..]) {
            self.pipeline = self.present.clone();
        }
        self.at = self.at.plus_millis(1);
        Ok(events)
    }

    pub fn run(&mut self, command: Command) -> Vec<Event> {
        self.try_run(command).unwrap()
    }

    pub fn start(&mut self) {
        self.run(Command::Start(Start));
    }

    /// Ends the attempt under way.
    pub fn end(&mut self, result: AttemptResult) -> Vec<Event> {
        let command = self.end_command(result);
        self.run(command)
    }

    pub fn end_command(&self, result: AttemptResult) -> Command {
        let stage = self.workflow.running_stage().unwrap();
        Command::EndAttempt(EndAttempt {
            stage: stage.name.clone(),
            attempt: stage.attempt,
            result,
            chance: 0,
        })
    }

    pub fn kinds(&self) -> Vec<EventKind> {
        self.events.iter().map(|recorded| recorded.event.kind()).collect()
    }
}

impl Present for History {
    fn document(&self, _: &Workflow) -> Result<Document, Unfit> {
        Ok(Document::of(self.present.clone()).unwrap())
    }
}

pub fn name(name: &str) -> StageName {
    name.parse().unwrap()
}

pub fn done(summary: &str) -> AttemptResult {
    AttemptResult::Done(Output { summary: summary.to_owned(), data: json!({"ok": true}) })
}

pub fn task() -> Task {
    Task {
        title: "Fix the sum".to_owned(),
        description: Some("It is off by one.".to_owned()),
        task_type: TaskType::Bug,
        task_type_as_sent: "bug".to_owned(),
        priority: Priority::Medium,
        project: "demo".to_owned(),
        patch: None,
        agent: None,
    }
}

/// A pipeline in which `test` sends work back to `implement`.
pub fn pipeline(stages: &[&str]) -> Pipeline {
    with_finally(stages, &[])
}

/// Such a pipeline, with stages that run in any case.
pub fn with_finally(stages: &[&str], finally: &[&str]) -> Pipeline {
    let project = ProjectPin { name: "demo".to_owned(), repo: "/srv/demo".into(), base: None };
    let (stages, finally) = (specs(stages), specs(finally));
    let budget = Budget::default();
    Pipeline { name: Some("default".to_owned()), project, stages, finally, budget }
}

fn specs(stages: &[&str]) -> Vec<StageSpec> {
    stages
        .iter()
        .map(|stage| StageSpec {
            name: name(stage),
            plugin: PluginPin {
                name: (*stage).to_owned(),
                version: semver::Version::new(0, 1, 0),
                sha256: "0".repeat(64),
            },
            config: json!({}),
            grants: Grants::default(),
            limits: Limits::default(),
            timeout_ms: 60_000,
            silence_ms: None,
            retry: RetryPolicy {
                attempts: 3,
                backoff: Backoff { first_ms: 2_000, longest_ms: 60_000 },
                on: vec!["network".to_owned()],
            },
            on_rework: (*stage == "test").then(|| name("implement")),
            max_rework: 3,
            agent: None,
            questions: None,
        })
        .collect()
}
