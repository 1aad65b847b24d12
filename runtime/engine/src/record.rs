//! The record of an attempt's calls, for those who want to know what it did.

use adw_core::{AdwId, StageName, Timestamp};
use adw_host::{CallError, Record};
use adw_store::{AttemptKey, JournalKind, JournalRecord};
use serde_json::{Value, json};

use crate::{CommandError, blobs::Blobs, inner::Inner, journal::entry, results::find};

/// The longest text of a request or an answer that is shown whole, in characters.
const LONGEST_TEXT: usize = 4_000;

/// A call that an attempt made.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCall {
    /// Its number in the attempt. Log lines and progress count too, and have no record.
    pub n: u32,
    /// What was called, such as `agent.run`; none where the record can't be read.
    pub name: Option<&'static str>,
    /// What was asked. Long texts are cut, with a mark.
    pub request: Value,
    /// When an effect was about to start; none for a read and for a call that was refused.
    pub asked_at: Option<Timestamp>,
    /// Since when it waits, or waited, for something outside.
    pub parked_at: Option<Timestamp>,
    /// When its answer was written down; none for a call under way or in doubt. Answers of reads are written with the
    /// next effect.
    pub answered_at: Option<Timestamp>,
    /// What it brought; long texts are cut.
    pub answer: Option<Value>,
    /// Why it brought nothing.
    pub error: Option<String>,
}

/// A part of an attempt's calls.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordPage {
    /// In their order.
    pub calls: Vec<RecordedCall>,
    /// Whether there are more.
    pub more: bool,
}

/// The calls of an attempt with greater numbers than `after`, `limit` at the most.
pub(crate) async fn record(
    engine: &Inner,
    adw_id: &AdwId,
    stage: &StageName,
    attempt: u32,
    after: u32,
    limit: u32,
) -> Result<RecordPage, CommandError> {
    let stored = find(engine, adw_id).await?;
    let key = AttemptKey { workflow: stored.id, stage: stage.clone(), attempt };
    // One more than asked for tells whether there are more.
    let records = engine.store.journal_part(&key, after, limit.saturating_add(1)).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut calls: Vec<RecordedCall> = Vec::new();
    for record in records {
        if calls.last().is_none_or(|call| call.n != record.n) {
            if calls.len() == limit {
                return Ok(RecordPage { calls, more: true });
            }
            calls.push(RecordedCall::new(record.n));
        }
        let Some(call) = calls.last_mut() else { continue };
        call.add(&engine.blobs, record).await;
    }
    Ok(RecordPage { calls, more: false })
}

impl RecordedCall {
    fn new(n: u32) -> Self {
        Self {
            n,
            name: None,
            request: Value::Null,
            asked_at: None,
            parked_at: None,
            answered_at: None,
            answer: None,
            error: None,
        }
    }

    async fn add(&mut self, blobs: &Blobs, record: JournalRecord) {
        let (kind, at) = (record.kind, record.at);
        match kind {
            JournalKind::Asked => self.asked_at = Some(at),
            JournalKind::Parked => self.parked_at = Some(at),
            JournalKind::Answered => self.answered_at = Some(at),
        }
        match read(blobs, record).await {
            Ok(Record::Asked(call)) => self.asked(&call),
            Ok(Record::Parked(_)) => {}
            Ok(Record::Answered { call, answer }) => {
                if let Some(call) = call {
                    self.asked(&call);
                }
                match answer {
                    Ok(reply) => self.answer = Some(shown(content(json!(reply)))),
                    Err(error) => self.error = Some(text(&error)),
                }
            }
            Err(unreadable) => self.error = Some(format!("the record can't be read: {unreadable}")),
        }
    }

    fn asked(&mut self, call: &adw_host::Call) {
        self.name = Some(call.name());
        self.request = request(call);
    }
}

/// What a call asks, as it is shown.
pub(crate) fn request(call: &adw_host::Call) -> Value {
    shown(content(json!(call)))
}

async fn read(blobs: &Blobs, record: JournalRecord) -> Result<Record, String> {
    let entry = entry(blobs, record).await.map_err(|error| error.to_string())?;
    entry.decode().map_err(|error| error.to_string())
}

fn text(error: &CallError) -> String {
    cut(&error.to_string())
}

/// What stands beneath the name of the capability, which the call's own name has already.
fn content(value: Value) -> Value {
    match value {
        Value::Object(members) if members.len() == 1 => {
            members.into_iter().next().map_or(Value::Null, |(_, content)| content)
        }
        other => other,
    }
}

/// The value with its long texts cut.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text)),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, shown(value))).collect(),
        other => other,
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{} […] ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
