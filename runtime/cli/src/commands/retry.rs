use adw_core::{AdwId, StageName};
use clap::Args;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::follow::{self, Since};

/// Let a failed workflow go on
#[derive(Debug, Args)]
#[command(after_help = "\
It goes by what adw.toml said when it was handed over, agents aside: grants, config and plugins that
have changed since count for new tasks. What it has done so far is kept, and can be handed over anew:
`adw diff ID > fix.diff`, then `adw run … --patch fix.diff`.

Examples:
  adw retry adw_bug_1760000000_1a2b3c4d
  adw retry adw_bug_1760000000_1a2b3c4d --from implement --follow

Exit codes with --follow:
  0    completed
  1    failed or cancelled
  130  interrupted")]
pub(crate) struct Retry {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// An earlier stage to begin from; without it, the one that failed
    #[arg(long, value_name = "STAGE")]
    from: Option<StageName>,

    /// Watch it from here to its end
    #[arg(short, long)]
    follow: bool,
}

impl Retry {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let client = cx.client().await?;
        let stood = client.workflow(&self.adw_id).await?.view;
        client.retry(&self.adw_id, self.from.as_ref()).await?;
        if self.follow {
            return follow::to_the_end(cx, &client, &self.adw_id, Since::Stood(&stood)).await;
        }
        cx.output.json(&client.workflow(&self.adw_id).await?.raw)?;
        cx.output.line(format_args!("{} goes on, by the adw.toml that it began with", self.adw_id))?;
        Ok(Exit::Done)
    }
}
