use adw_core::AdwId;
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::style::{self, Styled, printable};

/// Print what a workflow changed, as a unified diff
#[derive(Debug, Args)]
#[command(after_help = "\
Paths are relative to the repository's root. Into a pipe or a file goes the diff to the letter.

Examples:
  adw diff adw_bug_1760000000_1a2b3c4d
  adw diff adw_bug_1760000000_1a2b3c4d | git apply --check")]
pub(crate) struct Diff {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,
}

impl Diff {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let diff = cx.look(async |client| Ok(client.diff(&self.adw_id).await?)).await?.it;
        cx.output.json(&json!({ "adw_id": self.adw_id, "diff": diff }))?;
        cx.output.text(&diff, coloured)?;
        if diff.is_empty() {
            cx.output.note("nothing has changed");
        }
        Ok(Exit::Done)
    }
}

/// A line of a diff, for a terminal.
fn coloured(line: &str) -> String {
    let style = match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] | [b'd', b'i', b'f', b'f', ..] => style::STRONG,
        [b'+', ..] => style::GOOD,
        [b'-', ..] => style::BAD,
        [b'@', b'@', ..] => style::BUSY,
        _ => return printable(line),
    };
    Styled(style, printable(line)).to_string()
}
