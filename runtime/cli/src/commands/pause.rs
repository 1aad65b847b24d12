use adw_core::AdwId;
use clap::Args;

use crate::client::Client;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::style::{self, Styled};

/// Hold a workflow: nothing of it goes on until it is resumed
#[derive(Debug, Args)]
#[command(after_help = "\
It is cut off where it is, at no cost, and goes on there: adw resume ID. Its place is free for
others meanwhile, over restarts of the server too. An agent or a command that is at work works
on, and its answer is taken afterwards. What it asks can be answered, and it can be cancelled.

Examples:
  adw pause adw_bug_1760000000_1a2b3c4d
  adw pause adw_bug_1760000000_1a2b3c4d --reason \"after the release\"
  adw pause adw_bug_1760000000_1a2b3c4d --json | jq .waiting")]
pub(crate) struct Pause {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// Why, for whoever looks at it meanwhile
    #[arg(short, long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Pause {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let pause = async |client: &Client| Ok(client.pause(&self.adw_id, self.reason.as_deref()).await?);
        let paused = cx.decide(&self.adw_id, pause).await?;
        cx.output.json(&paused.raw)?;
        let id = &self.adw_id;
        cx.output
            .line(format_args!("{id} {}; adw resume {id} lets it go on", Styled(style::NOTE, "paused")))?;
        Ok(Exit::Done)
    }
}
