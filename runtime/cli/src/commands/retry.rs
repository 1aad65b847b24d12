use adw_core::{AdwId, StageName};
use clap::Args;

use crate::client::{Answer, Client, NewRetry, Workflow};
use crate::context::Context;
use crate::errand::{self, Begun, Errand};
use crate::failure::{Exit, Failure};

/// Let a failed workflow go on, by what adw.toml says now
#[derive(Debug, Args)]
#[command(after_help = "\
Grants, config, plugins and stages are those of the present adw.toml: mend there what it failed of.
What is done stays done: the pipeline has to begin with those stages.

Examples:
  adw retry adw_bug_1760000000_1a2b3c4d
  adw retry adw_bug_1760000000_1a2b3c4d --from implement --follow
  adw retry adw_bug_1760000000_1a2b3c4d --pinned

Exit codes with --follow:
  0    completed
  1    failed or cancelled
  4    waits for a person, and the server that was started for it has stopped
  130  interrupted")]
pub(crate) struct Retry {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// An earlier stage to begin from; without it, the one that failed
    #[arg(long, value_name = "STAGE")]
    from: Option<StageName>,

    /// Go by what adw.toml said before, and not by what it says now
    #[arg(long)]
    pinned: bool,

    /// Watch it from here to its end; where no server is running, one is started for it
    #[arg(short, long)]
    follow: bool,
}

impl Retry {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        if self.follow {
            return errand::follow(cx, &self).await;
        }
        let answer = self.retry(&cx.client_to_leave_it_to().await?).await?;
        cx.output.json(&answer.raw)?;
        cx.output.line(format_args!("{} goes on{}", self.adw_id, self.by(&answer.view)))?;
        Ok(Exit::Done)
    }

    async fn retry(&self, client: &Client) -> Result<Answer<Workflow>, Failure> {
        let configuration = self.pinned.then_some("pinned");
        let how = NewRetry { stage: self.from.as_ref(), configuration };
        Ok(client.retry(&self.adw_id, &how).await?)
    }

    /// What it goes by, of a workflow that was retried just now.
    fn by(&self, workflow: &Workflow) -> String {
        let reconfigured = workflow.reconfigured.as_ref();
        match reconfigured.filter(|reconfigured| reconfigured.at == workflow.updated_at) {
            Some(now) => format!(" by the present adw.toml: {}", now.changes),
            None if self.pinned => " by the adw.toml that it went by before".to_owned(),
            None => "; the present adw.toml says the same for it as before".to_owned(),
        }
    }
}

impl Errand for Retry {
    async fn ask(&self, client: &Client) -> Result<Begun, Failure> {
        let stood = client.workflow(&self.adw_id).await?.view;
        Ok(Begun::from(stood, self.retry(client).await?))
    }
}
