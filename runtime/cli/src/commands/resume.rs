use adw_core::AdwId;
use clap::Args;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::follow::{self, Since};

/// Let a paused workflow go on
#[derive(Debug, Args)]
#[command(after_help = "\
It goes on where it was, as soon as there is a place.

Examples:
  adw resume adw_bug_1760000000_1a2b3c4d
  adw resume adw_bug_1760000000_1a2b3c4d --follow

Exit codes with --follow:
  0    completed
  1    failed or cancelled
  130  interrupted")]
pub(crate) struct Resume {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// Watch it from here to its end
    #[arg(short, long)]
    follow: bool,
}

impl Resume {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let client = cx.client().await?;
        let stood = client.workflow(&self.adw_id).await?.view;
        let goes_on = client.resume(&self.adw_id).await?;
        if self.follow {
            return follow::to_the_end(cx, &client, &self.adw_id, Since::Stood(&stood)).await;
        }
        cx.output.json(&goes_on.raw)?;
        cx.output.line(format_args!("{} goes on", self.adw_id))?;
        Ok(Exit::Done)
    }
}
