use adw_core::AdwId;
use clap::Args;

use crate::client::Client;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::style::{self, Styled};

/// End a workflow; its record is kept
#[derive(Debug, Args)]
#[command(after_help = "\
What it did until then stays: its branch, its logs, its events.

Examples:
  adw cancel adw_bug_1760000000_1a2b3c4d
  adw cancel adw_bug_1760000000_1a2b3c4d --json | jq -r .status")]
pub(crate) struct Cancel {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,
}

impl Cancel {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let cancel = async |client: &Client| {
            client.cancel(&self.adw_id).await?;
            Ok(client.workflow(&self.adw_id).await?)
        };
        let cancelled = cx.decide(&self.adw_id, cancel).await?;
        cx.output.json(&cancelled.raw)?;
        cx.output.line(format_args!("{} {}", self.adw_id, Styled(style::NOTE, "cancelled")))?;
        Ok(Exit::Done)
    }
}
