//! Where a workflow stands, in a word or two.

use adw_core::Status;

use crate::client::Waiting;
use crate::style::{self, Styled, printable};

/// What stands in the place of `running` for one that waits.
pub(crate) const WAITING: &str = "waiting";

/// Its status; for one that waits, what it waits on: nobody would look at what runs to see whether it needs them.
pub(crate) fn standing(status: Status, waiting: Option<&Waiting>) -> Styled<String> {
    match waiting {
        Some(pause) if pause.is_pause() => Styled(style::NOTE, pause.kind.clone()),
        Some(waiting) => Styled(style::NOTE, format!("{WAITING}: {}", of_kind(&waiting.kind))),
        None => Styled(style::of_status(status), status.as_str().to_owned()),
    }
}

/// What it waits on, in words: the kind that a server tells.
pub(crate) fn of_kind(kind: &str) -> String {
    match kind {
        "agent_by_hand" => "work by hand".to_owned(),
        other => printable(other).replace('_', " "),
    }
}
