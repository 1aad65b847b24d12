//! The record of an attempt's calls: what an entry says, and how it is written.
//!
//! Bodies are versioned JSON and only ever added to, like the calls in them. What can't be read is never a panic:
//! for a replay it is a divergence like any other.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::call::{Answer, Call, CallError, DecodeError, Reply, from_json, to_json};
use crate::digest::Sha256;
use crate::effects::Suspension;

/// Where the entries of one attempt are kept.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Appends all of them or none; they are durable when it returns.
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError>;
}

#[async_trait]
impl<J: Journal + ?Sized> Journal for std::sync::Arc<J> {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        (**self).append(entries).await
    }
}

/// A journal that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal could not be written: {0}")]
pub struct JournalError(pub String);

/// What an entry says of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// It is about to be carried out. An effect with nothing after this is in doubt.
    Asked,
    /// It waits for something outside, and why.
    Parked,
    /// This is its answer.
    Answered,
}

/// One record of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The call's number in the attempt, from 1.
    pub n: u32,
    /// What it says of the call.
    pub kind: EntryKind,
    /// The hash of the request.
    pub hash: Sha256,
    /// Versioned JSON.
    pub body: String,
}

/// What an entry's body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The request.
    Asked(Call),
    /// What the call waits for.
    Parked(Suspension),
    /// The answer, and the request where no entry before holds it.
    Answered {
        /// Reads and refused calls have no intent: theirs stands here.
        call: Option<Call>,
        /// What the guest was told.
        answer: Answer,
    },
}

impl Entry {
    /// The intent to carry out a call.
    pub fn asked(n: u32, call: &Call) -> Self {
        let body = call.encode();
        Self { n, kind: EntryKind::Asked, hash: Sha256::of(body.as_bytes()), body }
    }

    /// A call that waits.
    pub fn parked(n: u32, hash: Sha256, suspension: &Suspension) -> Self {
        Self { n, kind: EntryKind::Parked, hash, body: to_json(&ParkedBody { v: 1, parked: suspension }) }
    }

    /// The answer to a call that an `asked` entry holds.
    pub fn answered(n: u32, hash: Sha256, answer: &Answer) -> Self {
        Self { n, kind: EntryKind::Answered, hash, body: answered_body(None, answer) }
    }

    /// The answer to a call that had no intent, with the call itself.
    pub fn answered_at_once(n: u32, hash: Sha256, call: &Call, answer: &Answer) -> Self {
        Self { n, kind: EntryKind::Answered, hash, body: answered_body(Some(call), answer) }
    }

    /// Reads the body.
    pub fn decode(&self) -> Result<Record, DecodeError> {
        match self.kind {
            EntryKind::Asked => Call::decode(&self.body).map(Record::Asked),
            EntryKind::Parked => {
                from_json("wait", &self.body).map(|ParkedBody { parked, .. }| Record::Parked(parked))
            }
            EntryKind::Answered => {
                let AnsweredBody::<Call, Reply, CallError> { call, answer, .. } =
                    from_json("answer", &self.body)?;
                let answer = match answer {
                    AnswerBody::Reply(reply) => Ok(reply),
                    AnswerBody::Error(error) => Err(error),
                };
                Ok(Record::Answered { call, answer })
            }
        }
    }
}

fn answered_body(call: Option<&Call>, answer: &Answer) -> String {
    let answer = match answer {
        Ok(reply) => AnswerBody::Reply(reply),
        Err(error) => AnswerBody::Error(error),
    };
    to_json(&AnsweredBody { v: 1, call, answer })
}

#[derive(Serialize, Deserialize)]
struct ParkedBody<S> {
    v: u32,
    parked: S,
}

#[derive(Serialize, Deserialize)]
struct AnsweredBody<C, R, E> {
    v: u32,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    call: Option<C>,
    answer: AnswerBody<R, E>,
}

/// `#[serde(default)]` would ask for `C: Default`.
fn none<C>() -> Option<C> {
    None
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerBody<R, E> {
    Reply(R),
    Error(E),
}
