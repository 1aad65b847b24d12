//! The lines of adw.toml that would allow what was refused.

use std::fmt::Write as _;

use adw_core::{ArgvPattern, Grants};

use super::destination::Destination;
use crate::call::Call;
use crate::capability::{agent, exec, http};
use crate::text;

/// Longer command lines are suggested as their beginning and `**`.
const ARGS_SPELT_OUT: usize = 8;
/// So much is shown of what was asked for.
const SHOWN: usize = 500;

/// Says that a call is not granted, and what to write so that it is.
pub(super) fn denial(grants: &Grants, stage: &str, call: &Call) -> String {
    let what = match call {
        Call::Exec(command) => format!("running `{}`", command_shown(command)),
        Call::Agent(agent::Request { agent: Some(name), .. }) => format!("asking the agent `{name}`"),
        Call::Agent(_) => "asking an agent".to_owned(),
        Call::Http(request) => format!("{} {}", request.method, shown(&request.url)),
        other => other.name().to_owned(),
    };
    format!(
        "{what} is not granted to stage `{stage}`; in adw.toml this would allow it, to `adw retry` and to new tasks:\n{}",
        lines(grants, stage, call)
    )
}

/// A command line, for a person's screen.
pub(crate) fn command_shown(command: &exec::Command) -> String {
    shown(&exec::argv(command).join(" "))
}

/// What a plugin asked for, for a person's screen.
fn shown(asked: &str) -> String {
    text::cut(&text::printable(asked), SHOWN)
}

fn lines(grants: &Grants, stage: &str, call: &Call) -> String {
    let line = match call {
        Call::Workspace(_) => "workspace = \"read\"".to_owned(),
        Call::WorkspaceWrite(_) => "workspace = \"write\"".to_owned(),
        Call::Exec(command) => return exec_lines(grants, stage, &[command]),
        Call::Agent(request) => agent_line(grants, request),
        Call::Http(request) => return http_table(stage, request),
        Call::Log(_)
        | Call::Human(_)
        | Call::Clock(_)
        | Call::Random(_)
        | Call::State(_)
        | Call::Artifacts(_) => return String::new(),
    };
    table(stage, &line)
}

fn table(stage: &str, line: &str) -> String {
    format!("[stages.{}.grants]\n{line}", key(stage))
}

/// What is granted already, and these command lines, each pattern once.
pub(crate) fn exec_lines(grants: &Grants, stage: &str, commands: &[&exec::Command]) -> String {
    let mut patterns: Vec<String> = grants.exec.iter().flatten().map(|pattern| array(&pattern.0)).collect();
    for command in commands {
        let wanted = array(&pattern_for(command).0);
        if !patterns.contains(&wanted) {
            patterns.push(wanted);
        }
    }
    table(stage, &format!("exec = [{}]", patterns.join(", ")))
}

fn pattern_for(command: &exec::Command) -> ArgvPattern {
    let mut argv: Vec<String> = exec::argv(command).into_iter().map(str::to_owned).collect();
    if argv.len() > ARGS_SPELT_OUT {
        argv.truncate(2);
        argv.push("**".to_owned());
    }
    ArgvPattern(argv)
}

fn agent_line(grants: &Grants, request: &agent::Request) -> String {
    let mut names = grants.agent.clone().unwrap_or_default();
    names.push(request.agent.clone().unwrap_or_else(|| "*".to_owned()));
    format!("agent = {}", array(&names))
}

fn http_table(stage: &str, request: &http::Request) -> String {
    let host = Destination::of(&request.url).map_or_else(|_| request.url.clone(), |there| there.origin());
    format!(
        "[[stages.{}.grants.http]]\nhost = {}\nmethods = [{}]",
        key(stage),
        string(&host),
        string(&request.method)
    )
}

fn array(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| string(item)).collect::<Vec<_>>().join(", "))
}

/// A key, bare where it may be.
pub(crate) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { string(name) }
}

/// A basic string.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
