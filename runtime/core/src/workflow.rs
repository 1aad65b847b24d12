//! A workflow as it stands: the fold of its events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AdwId, Answered, Budget, Document, HandWork, PipelineHash, Question, Spent, StageName, StageStatus,
    Status, Task, Timestamp, Usage, UsedUp,
};

/// One task's way through a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its public id.
    pub adw_id: AdwId,
    /// What was asked for. Kept with the first event, and so not written again with every change.
    #[serde(skip_serializing, default = "Workflow::task_elsewhere")]
    pub task: Arc<Task>,
    /// The document that it is pinned to.
    pub pipeline: PipelineRef,
    /// Where it stands.
    pub status: Status,
    /// In the pipeline's order, those that run in any case last.
    pub stages: Vec<Stage>,
    /// Those that an earlier document had and the present one has not: should one come back, its attempts count on, so
    /// that a number names one of them for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Stage>,
    /// Since when it goes by another document than it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconfigured: Option<Reconfigured>,
    /// What a running workflow waits on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// A person holds it: nothing of it goes on, whatever becomes of what it waits on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// What came of it, an object, or whatever a person noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// Why it failed, or what a person noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What it has spent of its budget.
    #[serde(default, skip_serializing_if = "Spent::is_nothing")]
    pub spent: Spent,
    /// 0 to 100, ended stages over all. It never falls: work that is done again is not progress lost.
    pub progress: u8,
    /// The number of its last event, and so its version: it grows by one with every change.
    pub seq: u64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// The pinned document, by name and by hash, with what it lets a workflow spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineRef {
    /// Its name in `[pipelines.*]`; none where the client listed the stages itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is stored under.
    pub hash: PipelineHash,
    /// The document's budget: looked at with every change, so that it is at hand.
    #[serde(default, skip_serializing_if = "Budget::is_none")]
    pub budget: Budget,
}

impl PipelineRef {
    /// What names this document.
    pub fn of(document: &Document) -> Self {
        let Document { pipeline, hash, .. } = document;
        Self { name: pipeline.name.clone(), hash: hash.clone(), budget: pipeline.budget }
    }
}

/// The last time that a workflow took up another document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconfigured {
    /// When.
    pub at: Timestamp,
    /// What was different, as keys of adw.toml: `stages.test.grants`.
    pub changes: Vec<String>,
}

/// A step of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name in the pipeline.
    pub name: StageName,
    /// It runs in any case, after the others have come to their end, good or bad.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finally: bool,
    /// Where it stands.
    pub status: StageStatus,
    /// The number of its newest attempt; 0 before the first. It only grows, so that it names one attempt for good.
    pub attempt: u32,
    /// How often it was given its work back, by a later stage or by a person; its attempts in one round begin from
    /// the same tree.
    pub round: u32,
    /// Failed tries in this round that another one was to follow; what `retry.attempts` bounds. An interruption counts
    /// nothing.
    pub failures: u32,
    /// How often it sent the work back since a person last let it be tried again; what `max_rework` bounds.
    pub reworks: u32,
    /// Why it runs, or will run next.
    pub reason: Reason,
    /// What it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// What was wrong the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The answer that its newest attempt goes on with: it has asked, and is to be resumed rather than made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
    /// Its newest attempt was cut off, or sleeps, and is to be resumed rather than made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
    /// The agent that it asked last, as far as the workflow's `spent` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// When its newest attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Since when it waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// How long its newest attempt has waited for people, in milliseconds; a wait that still lasts is not in it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ms: u64,
    /// For how long its newest attempt was to sleep without a place, in milliseconds, in all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slept_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An agent's run at a call, and what it has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The attempt that asked it.
    pub attempt: u32,
    /// The call that asked it.
    pub call: u32,
    /// From 1: a call may be made again, which is another run.
    pub run: u32,
    /// What it has used.
    pub used: Usage,
}

impl Counted {
    /// What names the run; a later one's is greater.
    pub const fn key(&self) -> (u32, u32, u32) {
        (self.attempt, self.call, self.run)
    }
}

/// What a stage left for those after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// One line for a person; for a skipped stage, why.
    pub summary: String,
    /// For programs; null for a skipped stage.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub data: serde_json::Value,
}

/// Why a stage runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It has work for the first time.
    First,
    /// Its last try failed in a way that another may mend.
    Retry {
        /// From 1.
        number: u32,
    },
    /// A later stage found its work wanting.
    Rework {
        /// The stage that sent the work back.
        stage: StageName,
        /// From 1.
        round: u32,
        /// What it said is wrong.
        feedback: String,
    },
}

/// What a running workflow waits on. A workflow that waits holds no place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Waiting {
    /// The time of its next try, or the end of a long sleep.
    Timer {
        /// The stage that goes on then.
        stage: StageName,
        /// When.
        until: Timestamp,
        /// Why, for a person.
        message: String,
        /// Whether its newest attempt sleeps, and goes on then; else another one begins.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        goes_on: bool,
    },
    /// A person's answer.
    Question(Box<Question>),
    /// Work that a person does in the place of an agent.
    AgentByHand(Box<HandWork>),
}

/// What a person said who holds a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Since when.
    pub since: Timestamp,
    /// Why, where a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Waiting {
    /// Its name on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Timer { .. } => "timer",
            Self::Question(_) => "question",
            Self::AgentByHand(_) => "agent_by_hand",
        }
    }

    /// Why, or what is asked.
    pub fn message(&self) -> &str {
        match self {
            Self::Timer { message, .. } => message,
            Self::Question(question) => &question.message,
            Self::AgentByHand(work) => &work.question.message,
        }
    }

    /// When it is over by itself.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Timer { until, .. } => Some(*until),
            Self::Question(question) => match &question.default {
                Some(default) => Some(default.until),
                None => None,
            },
            Self::AgentByHand(_) => None,
        }
    }

    /// The stage that goes on afterwards.
    pub fn stage(&self) -> &StageName {
        match self {
            Self::Timer { stage, .. } => stage,
            Self::Question(question) => &question.stage,
            Self::AgentByHand(work) => &work.question.stage,
        }
    }

    /// What a person is asked.
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::Timer { .. } => None,
            Self::Question(question) => Some(question),
            Self::AgentByHand(work) => Some(&work.question),
        }
    }
}

impl Stage {
    /// What a workflow has failed of where this stage failed so.
    pub(crate) fn failure(&self, error: &str) -> String {
        match error.trim() {
            "" => format!("stage {} failed without saying why", self.name),
            error => format!("stage {} failed: {error}", self.name),
        }
    }

    /// Whether its newest attempt goes on over the record of what it has done: it was cut off, or sleeps, or has its
    /// answer.
    pub const fn goes_on(&self) -> bool {
        self.cut_off || self.answered.is_some()
    }
}

impl Workflow {
    fn task_elsewhere() -> Arc<Task> {
        Arc::new(Task {
            title: String::new(),
            description: None,
            task_type: crate::TaskType::default(),
            task_type_as_sent: String::new(),
            priority: crate::Priority::default(),
            project: String::new(),
            patch: None,
            agent: None,
        })
    }

    /// The stage of this name.
    pub fn stage(&self, name: &StageName) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == *name)
    }

    /// Its stages, and after them those that only an earlier document had: all that it may have attempts of.
    pub fn every_stage(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().chain(&self.former)
    }

    /// The number of a stage's newest attempt; 0 before the first.
    pub fn newest_attempt(&self, stage: &StageName) -> u32 {
        self.every_stage().find(|other| other.name == *stage).map_or(0, |stage| stage.attempt)
    }

    /// The stage whose attempt is under way.
    pub fn running_stage(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.status == StageStatus::Running)
    }

    /// The stage that runs next: the first that is neither done nor passed over; once one has failed, the first of those that
    /// run in any case.
    pub fn next_stage(&self) -> Option<&Stage> {
        self.next_stage_where(|stage| stage.status)
    }

    /// The stage that runs next once this one stands so.
    pub(crate) fn next_stage_after(&self, ended: &StageName, status: StageStatus) -> Option<&Stage> {
        self.next_stage_where(|stage| if stage.name == *ended { status } else { stage.status })
    }

    fn next_stage_where(&self, status: impl Fn(&Stage) -> StageStatus) -> Option<&Stage> {
        let failed = self.stages.iter().any(|stage| !stage.finally && status(stage) == StageStatus::Failed);
        self.stages.iter().find(|stage| match status(stage) {
            StageStatus::Completed | StageStatus::Skipped | StageStatus::Failed => false,
            _ => stage.finally || !failed,
        })
    }

    /// What it has failed of, whether that is declared already or those stages are still to run that run in any case.
    pub fn failure(&self) -> Option<String> {
        let failed = self.stages.iter().find(|stage| stage.status == StageStatus::Failed)?;
        Some(failed.failure(failed.error.as_deref().unwrap_or_default()))
    }

    /// The stage that a person would point at: the one at work or waiting, the one that comes next while the workflow
    /// is under way, the one that failed or was ended; none before the start and after the last.
    pub fn current_stage(&self) -> Option<&StageName> {
        let with =
            |statuses: &[StageStatus]| self.stages.iter().find(|stage| statuses.contains(&stage.status));
        let stage = match self.status {
            Status::Pending | Status::Completed => None,
            Status::Running => {
                with(&[StageStatus::Running, StageStatus::Waiting]).or_else(|| self.next_stage())
            }
            Status::Failed => with(&[StageStatus::Failed, StageStatus::Cancelled]),
            Status::Cancelled => with(&[StageStatus::Cancelled]),
        };
        stage.map(|stage| &stage.name)
    }

    /// Whether the scheduler may give it a place: it has work, none of it is under way, it waits on nothing, and nobody
    /// holds it.
    pub fn is_runnable(&self) -> bool {
        !self.status.is_ended()
            && self.waiting.is_none()
            && self.paused.is_none()
            && self.running_stage().is_none()
    }

    /// When it is to be looked at, since what it waits on is over by itself then, or the time that its budget gives it is
    /// up; never while a person holds it.
    pub fn due(&self) -> Option<Timestamp> {
        let wait = self.waiting.as_ref().filter(|_| self.paused.is_none()).and_then(Waiting::until);
        wait.into_iter().chain(self.pipeline.budget.deadline(&self.spent)).min()
    }

    /// Whether its time counts against its budget: from its first start to its end, but not while it waits for a person
    /// or is paused, and not between its failure and a retry's start.
    pub fn is_on_the_clock(&self) -> bool {
        self.status == Status::Running && self.paused.is_none() && self.question().is_none()
    }

    /// What of its budget is used up.
    pub fn used_up(&self) -> Option<UsedUp> {
        self.used_up_of(&self.pipeline.budget)
    }

    /// What would be used up if this were its budget.
    pub(crate) fn used_up_of(&self, budget: &Budget) -> Option<UsedUp> {
        let spent = &self.spent;
        budget.used_up_by(spent.usage).or_else(|| budget.out_of_time(spent, self.updated_at))
    }

    /// What a person is asked.
    pub fn question(&self) -> Option<&Question> {
        self.waiting.as_ref().and_then(Waiting::question)
    }

    /// The branch that its work is on.
    pub fn branch(&self) -> String {
        // Not `adw/<id>`: git looks in refs/ before refs/heads/, and refs/adw/<id> holds the checkpoints.
        format!("adw-task/{}", self.adw_id)
    }
}
