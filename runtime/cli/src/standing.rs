//! Where a workflow stands, in a word or two.

use adw_core::Status;

use crate::client::Waiting;
use crate::style::{self, Styled, printable};

/// What stands in the place of `running` for one that waits.
pub(crate) const WAITING: &str = "waiting";

/// Its status; for one that waits, what it waits on: nobody would look at what runs to see whether it needs them.
pub(crate) fn standing(status: Status, waiting: Option<&Waiting>) -> Styled<String> {
    match waiting {
        Some(waiting) => {
            let kind = printable(&waiting.kind).replace('_', " ");
            Styled(style::NOTE, format!("{WAITING}: {kind}"))
        }
        None => Styled(style::of_status(status), status.as_str().to_owned()),
    }
}
