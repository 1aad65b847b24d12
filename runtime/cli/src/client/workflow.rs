//! What a server tells of workflows, as far as it is shown. Members that are unknown here are none of our business,
//! and those that are absent are taken as empty: the server may be of another version.

use std::fmt;

use adw_core::{AdwId, Budget, Spent, StageName, StageStatus, Status, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::style::printable;

/// A workflow.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Workflow {
    pub(crate) adw_id: AdwId,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(rename = "type")]
    pub(crate) task_type: String,
    pub(crate) status: Status,
    #[serde(default)]
    pub(crate) project: String,
    #[serde(default)]
    pub(crate) stage_runs: Vec<Stage>,
    #[serde(default)]
    pub(crate) waiting: Option<Waiting>,
    #[serde(default)]
    pub(crate) result: Option<Value>,
    #[serde(default)]
    pub(crate) error_message: Option<String>,
    #[serde(default)]
    pub(crate) budget: WorkflowBudget,
    #[serde(default)]
    pub(crate) progress: u8,
    #[serde(default)]
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) branch: String,
    #[serde(default)]
    pub(crate) reconfigured: Option<Reconfigured>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(default)]
    pub(crate) completed_at: Option<Timestamp>,
}

impl Workflow {
    /// Whether it goes on only when somebody does something.
    pub(crate) fn waits_for_a_person(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.passes())
    }

    /// The pause that holds it.
    pub(crate) fn pause(&self) -> Option<&Waiting> {
        self.waiting.as_ref().filter(|waiting| waiting.is_pause())
    }

    /// What it waits on by itself, whether it is paused or not.
    pub(crate) fn own_wait(&self) -> Option<&Waiting> {
        match self.waiting.as_ref()? {
            pause if pause.is_pause() => pause.then.as_deref(),
            waiting => Some(waiting),
        }
    }

    /// Whether it goes on without a person, as long as there is a server.
    pub(crate) fn needs_a_server(&self) -> bool {
        !self.status.is_ended() && !self.waits_for_a_person()
    }

    /// Whether why it failed is just what one of its stages says of its own failure.
    pub(crate) fn failed_as_its_stage_says(&self) -> bool {
        self.stage_runs.iter().any(|stage| self.failed_as_is_said_by(stage))
    }

    /// Whether it is just what this one says: others may have failed after it, in any case.
    pub(crate) fn failed_as_is_said_by(&self, stage: &Stage) -> bool {
        let why = self.error_message.as_deref().unwrap_or_default();
        let error = stage.error.as_deref().unwrap_or_default();
        stage.status == StageStatus::Failed && !error.is_empty() && why.ends_with(error)
    }
}

/// The last time that a workflow took up another adw.toml.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reconfigured {
    pub(crate) at: Timestamp,
    #[serde(default)]
    pub(crate) changes: Changes,
}

/// The keys of adw.toml that said something else.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Changes(Vec<String>);

impl Changes {
    /// Of an event that tells of them, or of none.
    pub(crate) fn of(event: &Value) -> Option<Self> {
        let changes = event.get("reconfigured")?.get("changes");
        Some(changes.and_then(|changes| Self::deserialize(changes).ok()).unwrap_or_default())
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("it says something else"),
            changes => write!(f, "{} changed", printable(&changes.join(", "))),
        }
    }
}

/// What a workflow may spend, and what it has spent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct WorkflowBudget {
    #[serde(default)]
    pub(crate) limit: Budget,
    #[serde(default)]
    pub(crate) spent: Spent,
}

/// A step of a workflow.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stage {
    pub(crate) name: StageName,
    pub(crate) status: StageStatus,
    #[serde(default)]
    pub(crate) attempt: u32,
    #[serde(default)]
    pub(crate) summary: Option<String>,
    #[serde(default)]
    pub(crate) output: Option<Value>,
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    started_at: Option<Timestamp>,
    #[serde(default)]
    completed_at: Option<Timestamp>,
    #[serde(default)]
    asked_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) waited_ms: u64,
}

impl Stage {
    /// How long its newest attempt has worked, in milliseconds: without the time in which people had to answer, until it
    /// ended or its workflow last changed; until now while it runs. What is to be done again has not worked yet.
    pub(crate) fn worked_ms(&self, changed_at: Timestamp, now: Timestamp) -> Option<u64> {
        let last = match self.status {
            StageStatus::Pending => return None,
            StageStatus::Running => now,
            _ => changed_at,
        };
        let end = self.completed_at.or(self.asked_at).unwrap_or(last);
        let took = u64::try_from(end.as_millis() - self.started_at?.as_millis()).unwrap_or_default();
        Some(took.saturating_sub(self.waited_ms))
    }
}

/// What a workflow waits on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) stage: Option<StageName>,
    /// With the call, it tells a question from the same one asked anew.
    #[serde(default)]
    attempt: Option<u32>,
    #[serde(default)]
    call: Option<u32>,
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) until: Option<Timestamp>,
    /// The answers to choose from.
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    /// What the answer is to be, as a JSON Schema.
    #[serde(default)]
    pub(crate) schema: Option<Value>,
    /// What is taken for the answer at `until`.
    #[serde(default)]
    pub(crate) default: Option<Value>,
    /// What a person is to do by hand.
    #[serde(default)]
    pub(crate) prompt: Option<String>,
    /// A line for a shell that goes to where it is to be done.
    #[serde(default)]
    pub(crate) command: Option<String>,
    /// Since when it is paused.
    #[serde(default)]
    pub(crate) since: Option<Timestamp>,
    /// What one that is paused waits on besides.
    #[serde(default)]
    then: Option<Box<Self>>,
}

impl Waiting {
    /// Whether it is over by itself in time. What a later version may wait on is left to a person.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.kind.as_str(), "timer" | "rate_limit")
    }

    /// Whether a plugin asks, and so what was done before it is to be judged.
    pub(crate) fn is_of_a_plugin(&self) -> bool {
        self.kind == "question"
    }

    /// Whether a person holds the workflow.
    pub(crate) fn is_pause(&self) -> bool {
        self.kind == "paused"
    }

    /// Whether an answer ends it; what is paused isn't asked anything.
    pub(crate) fn is_question(&self) -> bool {
        !self.passes() && !self.is_pause()
    }

    /// Whether a workflow waits on this by now. A pause is the same one whatever it holds by then.
    pub(crate) fn is_open(&self, now: &Workflow) -> bool {
        if self.is_pause() {
            return now.pause().is_some_and(|pause| pause.since == self.since);
        }
        now.own_wait() == Some(self)
    }
}

/// What a server says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) service: String,
    pub(crate) version: String,
}

/// How much a server has to do.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Load {
    /// Workflows that wait for a place.
    pub(crate) queued: u64,
    /// Workflows that have one.
    pub(crate) running: u64,
}

/// Which adw.toml a server goes by.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Configuration {
    /// Of its text.
    #[serde(default)]
    pub(crate) sha256: String,
    /// What counts at its next start only.
    #[serde(default)]
    pub(crate) at_next_start: Vec<String>,
    /// What its stages would fail of as they stand.
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
}

/// A part of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    #[serde(default)]
    pub(crate) next_cursor: Option<String>,
}

/// A line of a stage's log.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct LogLine {
    pub(crate) stage: StageName,
    pub(crate) attempt: u32,
    pub(crate) offset: u64,
    pub(crate) at: Timestamp,
    pub(crate) level: String,
    pub(crate) source: String,
    pub(crate) message: String,
}

/// What is shown of a call that a stage made; what is not as it should be is not shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RecordedCall {
    pub(crate) n: u32,
    pub(crate) call: Option<String>,
    pub(crate) state: String,
    pub(crate) asked_at: Option<Timestamp>,
    pub(crate) parked_at: Option<Timestamp>,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) request: Value,
    pub(crate) answer: Option<Value>,
    pub(crate) error: Option<String>,
}

impl RecordedCall {
    pub(crate) fn of(raw: &Value) -> Self {
        Self::deserialize(raw).unwrap_or_default()
    }
}

/// What is shown of a replay.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Replay {
    pub(crate) stage: StageName,
    pub(crate) attempt: u32,
    pub(crate) plugin: Plugin,
    pub(crate) calls: u32,
    pub(crate) took_ms: f64,
    pub(crate) same: bool,
    #[serde(default)]
    pub(crate) end: Option<Value>,
    #[serde(default)]
    pub(crate) call: Option<DifferentCall>,
    #[serde(default)]
    pub(crate) ends: Option<DifferentEnds>,
}

/// A stage's plugin.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Plugin {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
}

/// A call that is another one than on record.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DifferentCall {
    pub(crate) n: u32,
    pub(crate) recorded: Option<Request>,
    pub(crate) now: Option<Request>,
}

/// What a call asks.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) call: Option<String>,
    pub(crate) request: Value,
}

/// An end that is another one than on record; each is an event.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DifferentEnds {
    pub(crate) recorded: Value,
    pub(crate) now: Value,
}

/// An answer to what a workflow asks.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewAnswer {
    pub(crate) answer: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// What a workflow's history tells of an answer that it was given.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GivenAnswer {
    pub(crate) answer: Value,
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// Nobody gave it in time.
    #[serde(default)]
    pub(crate) by_default: bool,
}

/// An event of a workflow's history.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct HistoricEvent {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) stage: Option<StageName>,
    #[serde(default)]
    pub(super) data: Value,
}

/// How a failed workflow goes on. What is absent is left to the server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewRetry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<&'a StageName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) configuration: Option<&'static str>,
}

/// A task to be handed over. What is absent is left to the server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewTask {
    pub(crate) title: String,
    #[serde(rename = "type")]
    pub(crate) task_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adw_id: Option<AdwId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stages: Vec<StageName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pipeline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
}
