//! What a command learns from its environment, besides `ADW_ID`, which every program has that a workflow runs.

use adw_plugin_sdk::{Command, Cx};

/// How long a variable may be, in bytes. No program begins with one of more than 128 KiB; who wants all of a failure asks
/// `adw show`.
const LONGEST: usize = 16 << 10;

/// Tells it what it is run for. `ADW_FAILURE` is there only where the workflow has failed.
pub(crate) fn tell<'cx>(cx: &'cx Cx, command: Command<'cx>) -> Command<'cx> {
    let variables = [
        ("ADW_STAGE", Some(cx.stage())),
        ("ADW_TITLE", Some(cx.task().title.as_str())),
        ("ADW_BRANCH", cx.extra("branch")),
        ("ADW_FAILURE", cx.failure()),
    ];
    variables.into_iter().fold(command, |command, (name, value)| match value {
        Some(value) => command.env(name, fitting(value)),
        None => command,
    })
}

/// As much of a text as a variable takes, and without what none takes.
fn fitting(text: &str) -> String {
    let cut = text.floor_char_boundary(LONGEST);
    let end = if cut < text.len() { "…" } else { "" };
    format!("{}{end}", text[..cut].replace('\0', "\u{fffd}"))
}
