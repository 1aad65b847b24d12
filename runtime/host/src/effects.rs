//! Who answers a guest's calls: layers of [`Effects`], one around the other.
//!
//! The runtime, the test harness and the replayer run the same host and differ only in what they hand it here:
//! [`Journaled`](crate::Journaled) around [`Granted`](crate::Granted) around what really happens.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::call::{Answer, Call, CallError};

/// Answers calls. Whoever calls asks `admit` first and, if it may be made, `perform`.
#[async_trait]
pub trait Effects: Send + Sync {
    /// May it be made? A refusal is the guest's answer; nothing has been done yet.
    async fn admit(&self, call: &Call) -> Result<(), CallError>;

    /// Carries it out. `n` is the call's number in the attempt, from 1; log lines are counted too.
    ///
    /// A [`Stop`] ends the attempt and is none of the guest's business: everything that a plugin could act upon
    /// is an error in the [`Answer`].
    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop>;
}

#[async_trait]
impl<E: Effects + ?Sized> Effects for Arc<E> {
    async fn admit(&self, call: &Call) -> Result<(), CallError> {
        (**self).admit(call).await
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        (**self).perform(n, call).await
    }
}

/// Why an attempt ends in the middle of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The answer is a long time off: the instance is dropped, and run again once the answer is there.
    #[error("the stage waits ({why}) and is run again with the answer", why = .0.why.as_str())]
    Suspended(Suspension),
    /// Somebody cancelled the workflow.
    #[error("the workflow was cancelled")]
    Cancelled,
    /// The guest asked for more than one attempt may.
    #[error("it {what}")]
    Exceeded {
        /// What it did, as it follows a plugin's name.
        what: String,
        /// What helps against it.
        remedy: &'static str,
    },
    /// The guest did not ask again what it had asked before.
    #[error(transparent)]
    Diverged(Box<Divergence>),
    /// The runtime itself failed.
    #[error("{0}")]
    Failed(String),
}

/// The guest did not do again what it had done: with both requests, which the message cuts to what a person reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "nondeterminism at call {n} ({}): on record is {}, now the plugin asks {}; use the SDK's clock and randomness and \
     collections with a fixed order, and retry the stage",
    .asked.name(), brief(&.recorded.to_string()), brief(&.asked.encode())
)]
pub struct Divergence {
    /// The call's number in the attempt.
    pub n: u32,
    /// What stands in the record.
    pub recorded: OnRecord,
    /// What the guest asks now.
    pub asked: Call,
}

/// What stands in the record in the place of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnRecord {
    /// Another call.
    Call(Call),
    /// None, although a later one is there.
    Nothing {
        /// That one's number.
        later: u32,
    },
    /// What can't be read, and why.
    Unreadable(String),
}

impl fmt::Display for OnRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => f.write_str(&call.encode()),
            Self::Nothing { later } => write!(f, "nothing, although call {later} is"),
            Self::Unreadable(why) => f.write_str(why),
        }
    }
}

fn brief(text: &str) -> String {
    const SHOWN: usize = 2_000;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a suspended call waits for; it lies in the journal as a call's `parked` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// What kind of waiting this is.
    pub why: Waiting,
    /// When it ends by itself, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// The agent's session to go on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// The kinds of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// A person is asked.
    Question,
    /// Time has to pass.
    Timer,
    /// An agent may not be asked before some time.
    RateLimit,
    /// Somebody paused the workflow.
    Paused,
    /// A person does what an agent would.
    AgentByHand,
}

impl Waiting {
    /// Its name, as in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Timer => "timer",
            Self::RateLimit => "rate_limit",
            Self::Paused => "paused",
            Self::AgentByHand => "agent_by_hand",
        }
    }
}
