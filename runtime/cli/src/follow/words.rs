//! The words for what happens to a workflow.

use adw_core::{EventKind, Money, Usage};
use anstyle::Style;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Change, Changes};
use crate::style::{self, Styled, one_line};

/// The longest line that is shown of what a stage says of itself; `adw show` and `adw logs` have all of it.
const WIDTH: usize = 160;

/// A step, by its stage and its try.
pub(super) fn step(change: &Change) -> String {
    match change.attempt() {
        Some((stage, attempt)) if attempt > 1 => format!("{stage} (attempt {attempt})"),
        Some((stage, _)) => stage.to_string(),
        None => String::new(),
    }
}

/// A word in its style, and what there is to say besides.
pub(super) fn with(style: Style, word: &str, more: Option<&str>) -> String {
    let more = more.map(|more| one_line(more, WIDTH)).unwrap_or_default();
    format!("{} {more}", Styled(style, word)).trim_end().to_owned()
}

/// An event in a person's words; none for what other events say as well.
pub(super) fn in_words(change: &Change) -> Option<String> {
    let data = &change.data;
    let result = data.get("stage_result").unwrap_or(data);
    let summary = text(result, "summary");
    let error = text(result, "error");
    Some(match change.event {
        // Said before the first event, after the last, where it comes to wait or is held, and where it fails.
        EventKind::TaskCreated
        | EventKind::WorkflowWaiting
        | EventKind::WorkflowPaused
        | EventKind::WorkflowStarted
        | EventKind::WorkflowAnnotated
        | EventKind::WorkflowCompleted
        | EventKind::WorkflowFailed
        | EventKind::WorkflowCancelled
        | EventKind::StageFailed => return None,
        EventKind::StageStarted => match data.get("attempt").and_then(Value::as_u64) {
            Some(attempt) if attempt > 1 => {
                with(style::BUSY, "started", Some(&format!("(attempt {attempt})")))
            }
            _ => with(style::BUSY, "started", None),
        },
        EventKind::StageCompleted => with(style::GOOD, "completed", summary),
        EventKind::StageSkipped => with(style::NOTE, "skipped", summary),
        EventKind::StageAttemptFailed => with(style::NOTE, "attempt failed:", error),
        EventKind::StageInterrupted => with(style::NOTE, "interrupted", text(data, "cause")),
        EventKind::QuestionAnswered => {
            let answer = data
                .get("answer")
                .map(|answer| answer.as_str().map_or_else(|| answer.to_string(), str::to_owned));
            let by_default = data.get("by_default").and_then(Value::as_bool).unwrap_or_default();
            let word = if by_default { "answered by default:" } else { "answered:" };
            with(style::NOTE, word, answer.as_deref())
        }
        EventKind::StageResumed => with(style::BUSY, "goes on", None),
        EventKind::StageReworked => {
            let to = format!("sends the work back to {}:", text(data, "to").unwrap_or("an earlier stage"));
            with(style::NOTE, &to, text(data, "feedback"))
        }
        EventKind::UsageCounted => with(style::NOTE, "used", Some(&used(data))),
        EventKind::WorkflowResumed => with(style::NOTE, "resumed", None),
        EventKind::WorkflowMoved => with(style::NOTE, "moved by hand to", text(data, "to")),
        EventKind::WorkflowRetried => with(style::NOTE, "goes on, from", retried(data).as_deref()),
    })
}

/// What an agent has used, as far as it says so.
fn used(data: &Value) -> String {
    let Usage { cost_usd, tokens } = Usage::deserialize(data).unwrap_or_default();
    let cost = (cost_usd > Money::ZERO).then(|| cost_usd.to_string());
    let tokens = (tokens > 0).then(|| format!("{tokens} tokens"));
    cost.into_iter().chain(tokens).collect::<Vec<_>>().join(", ")
}

/// From which stage, and what of adw.toml it took up.
fn retried(data: &Value) -> Option<String> {
    let from = text(data, "from")?;
    let by = Changes::of(data).map(|changes| format!(", by the present adw.toml: {changes}"));
    Some(format!("{from}{}", by.unwrap_or_default()))
}

pub(super) fn text<'a>(data: &'a Value, member: &str) -> Option<&'a str> {
    data.get(member).and_then(Value::as_str)
}
