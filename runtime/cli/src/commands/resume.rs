use adw_core::AdwId;
use clap::Args;

use crate::client::Client;
use crate::context::Context;
use crate::errand::{self, Begun, Errand};
use crate::failure::{Exit, Failure};

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
  4    waits for a person, and the server that was started for it has stopped
  130  interrupted")]
pub(crate) struct Resume {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// Watch it from here to its end; where no server is running, one is started for it
    #[arg(short, long)]
    follow: bool,
}

impl Resume {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        if self.follow {
            return errand::follow(cx, &self).await;
        }
        let goes_on = cx.client_to_leave_it_to().await?.resume(&self.adw_id).await?;
        cx.output.json(&goes_on.raw)?;
        cx.output.line(format_args!("{} goes on", self.adw_id))?;
        Ok(Exit::Done)
    }
}

impl Errand for Resume {
    async fn ask(&self, client: &Client) -> Result<Begun, Failure> {
        let stood = client.workflow(&self.adw_id).await?.view;
        Ok(Begun::from(stood, client.resume(&self.adw_id).await?))
    }
}
