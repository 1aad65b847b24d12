//! The commands that a stage's config says it will run, held against what it may run, before it runs.
//!
//! A plugin marks them in the schema of its config (see [`EXEC_MARK`]). They are read by the crate by which the SDK has stages
//! read them, and judged by what judges the call itself: so that what is told here is what would become of it.

use adw_command_line::{EXEC_MARK, Invocation, NotACommand};
use adw_core::Grants;
use serde_json::Value;

use crate::call::CallError;
use crate::capability::exec::Command;
use crate::defaults::with_defaults;
use crate::granted;
use crate::json_schema::JsonSchema;
use crate::plugin::Plugin;

/// A command of a stage's config that the stage would fail of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrunnable {
    /// Where it stands in the config: keys, and numbers of elements. Where `is_default`, where it would.
    pub at: Vec<String>,
    /// Whether it is not in the config itself, but what the plugin takes where that says nothing.
    pub is_default: bool,
    /// Why it can't be run.
    pub obstacle: Obstacle,
}

/// Why a command can't be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// No pattern of the stage's grants fits it.
    #[error("running `{command}` is not granted")]
    NotGranted {
        /// As one would type it.
        command: String,
        /// The lines of adw.toml that allow this and all others of the config's commands that lack a grant.
        lines: String,
    },
    /// No grant allows it.
    #[error("{0}")]
    Forbidden(String),
    /// It isn't one.
    #[error(transparent)]
    NotACommand(#[from] NotACommand),
}

/// A command, and where it stands: a JSON pointer.
struct Found {
    pointer: String,
    read: Result<Invocation, NotACommand>,
}

/// What is to become of a command.
enum Judged {
    Runs,
    NotGranted(Command),
    Not(Obstacle),
}

impl Plugin {
    /// The commands of this config that its stage would fail of, by these grants. A config that names none has none, and nor
    /// has a plugin that marks none, or runs none.
    pub fn unrunnable(&self, config: &Value, grants: &Grants, stage: &str) -> Vec<Unrunnable> {
        let description = &self.0.description;
        if !self.imports().contains(&crate::Capability::Exec) || !mentions(&description.config_schema) {
            return Vec::new();
        }
        let Ok(schema) = JsonSchema::new(&description.config_schema) else { return Vec::new() };
        let whole = with_defaults(config, &description.config_schema);
        let marked = schema.marked(&whole, EXEC_MARK);
        let found =
            marked.iter().flat_map(|at| whole.pointer(at).into_iter().flat_map(|value| commands(at, value)));
        let judged: Vec<_> = found.map(|found| (found.pointer, judge(found.read, grants))).collect();
        let lacking = judged.iter().filter_map(|(_, judged)| match judged {
            Judged::NotGranted(command) => Some(command),
            Judged::Runs | Judged::Not(_) => None,
        });
        let lines = granted::exec_lines(grants, stage, &lacking.collect::<Vec<_>>());
        let obstacle = |judged| match judged {
            Judged::Runs => None,
            Judged::NotGranted(command) => {
                Some(Obstacle::NotGranted { command: granted::command_shown(&command), lines: lines.clone() })
            }
            Judged::Not(obstacle) => Some(obstacle),
        };
        let unrunnable = judged.into_iter().filter_map(|(pointer, judged)| {
            let is_default = config.pointer(&pointer).is_none();
            Some(Unrunnable { at: keys(&pointer), is_default, obstacle: obstacle(judged)? })
        });
        unrunnable.collect()
    }
}

/// Whether there is anything to look for: most plugins run no command of their config.
fn mentions(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key(EXEC_MARK) || members.values().any(mentions),
        Value::Array(items) => items.iter().any(mentions),
        _ => false,
    }
}

/// The commands of a marked value. Of a list of strings it is the words of one; what is none, like `null`, names none.
fn commands(pointer: &str, value: &Value) -> Vec<Found> {
    match value {
        Value::Array(items) if !items.iter().all(Value::is_string) => {
            let each = items.iter().enumerate();
            each.filter_map(|(index, item)| command(format!("{pointer}/{index}"), item)).collect()
        }
        Value::Array(items) if items.is_empty() => Vec::new(),
        value => command(pointer.to_owned(), value).into_iter().collect(),
    }
}

fn command(pointer: String, value: &Value) -> Option<Found> {
    let read = match value {
        Value::String(line) => Invocation::of_line(line),
        Value::Array(words) => {
            let words: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
            Invocation::of_words(words?.into_iter().map(str::to_owned))
        }
        _ => return None,
    };
    Some(Found { pointer, read })
}

fn judge(read: Result<Invocation, NotACommand>, grants: &Grants) -> Judged {
    let Invocation { variables, program, arguments } = match read {
        Ok(invocation) => invocation,
        Err(error) => return Judged::Not(error.into()),
    };
    let command =
        Command { program, args: arguments, env: variables, cwd: None, stdin: None, timeout_ms: None };
    match granted::exec_allowed(grants, &command) {
        Ok(false) => Judged::NotGranted(command),
        Err(CallError::Denied(why)) => Judged::Not(Obstacle::Forbidden(why)),
        // Nothing else is judged by grants alone.
        Ok(true) | Err(_) => Judged::Runs,
    }
}

/// The keys of a JSON pointer.
fn keys(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
}
