//! The built-in `implement` stage: has an agent do the work, sees that something was done, and commits it.
//!
//! The agent gets the specification that an earlier stage wrote, or without one the task itself, and on rework what
//! was found wanting. What it changed is read off the worktree: an agent that says "done" and changed nothing has
//! failed.

mod prompt;

use adw_plugin_sdk::prelude::*;
use adw_plugin_sdk::{Answer, CommitMessage, Reason, Task, TaskKind};

use prompt::Order;

/// `[stages.<name>.config]`.
#[config]
#[derive(Debug, Clone)]
#[serde(default)]
pub struct Config {
    /// The stage that wrote the specification.
    plan: String,
    /// More for the agent to heed: house rules, where to look, what not to touch.
    instructions: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { plan: "plan".to_owned(), instructions: None }
    }
}

/// What later stages read.
#[data]
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The commit that holds the change; none where the agent committed by itself.
    pub commit: Option<String>,
    /// The files that changed, sorted.
    pub files: Vec<String>,
    /// The agent that changed them.
    pub agent: String,
    /// What the agent used: `cost_usd`, `input_tokens`, … as far as it is known.
    pub usage: BTreeMap<String, Value>,
}

/// What this stage reads of an earlier stage's output.
#[data]
struct Planned {
    path: String,
}

/// The agent that applies the diff which the task carries.
const PATCH_AGENT: &str = "patch";

/// Has an agent do the work, and commits what it changed.
#[stage]
pub fn implement(cx: &Cx, config: Config) -> StageResult<Change> {
    let specification = specification(cx, &config.plan)?;
    let feedback = match cx.reason() {
        Reason::Rework(rework) => Some(rework),
        _ => None,
    };
    let instructions = config.instructions.as_deref();
    let prompt = Order { task: cx.task(), specification, instructions, feedback }.write();
    cx.progress(10, "asking an agent");
    let answer = cx.agent().ask(prompt).run()?;
    if answer.changes.is_empty() {
        return Err(nothing_changed(&answer));
    }
    cx.progress(90, "committing");
    let commit = cx.workspace().commit(&message(cx.task()).to_string())?;
    let count = answer.changes.len();
    let summary = format!("{} changed {count} {}", answer.agent, if count == 1 { "file" } else { "files" });
    let usage = answer.usage_as_json();
    Ok(Outcome::done(summary, Change { commit, files: answer.changes, agent: answer.agent, usage }))
}

/// The text of the specification, if there is a stage that wrote one.
fn specification(cx: &Cx, stage: &str) -> Result<Option<String>, Error> {
    let Some(earlier) = cx.earlier(stage).filter(|earlier| !earlier.skipped) else {
        cx.log().info(format_args!("no stage `{stage}` planned this: the task itself is the order"));
        return Ok(None);
    };
    cx.workspace().read_text(&earlier.parse::<Planned>()?.path).map(Some)
}

/// An agent may do better next time; applying the same diff again may not.
fn nothing_changed(answer: &Answer) -> Failure {
    let words = last_words(&answer.text);
    let message = format!("{} ended without changing a file{words}", answer.agent);
    if answer.agent == PATCH_AGENT {
        Failure::fatal(message)
    } else {
        Failure::retryable("empty_diff", message)
    }
}

/// How an agent explained itself: the end of its text, where the conclusion usually stands.
fn last_words(text: &str) -> String {
    const BYTES: usize = 1_000;
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let cut = text.len().saturating_sub(BYTES);
    let start = text.ceil_char_boundary(cut);
    let mark = if start == 0 { "" } else { "…" };
    format!("; it said: {mark}{}", &text[start..])
}

/// A conventional message that leads back to the workflow.
fn message(task: &Task) -> CommitMessage {
    let kind = match task.kind {
        TaskKind::Feature => "feat",
        TaskKind::Bug | TaskKind::Patch => "fix",
        TaskKind::Chore => "chore",
    };
    CommitMessage::new(kind, &task.title).trailer("Adw-Id", &task.adw_id)
}

#[cfg(test)]
mod tests;
