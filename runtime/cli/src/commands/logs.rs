use adw_core::{AdwId, StageName};
use clap::Args;

use crate::client::{Client, Feed, LogLine, LogReader, News, Workflow};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::follow::said;
use crate::output::Output;
use crate::style::{self, Styled, time_of_day};

/// Print what the stages of a workflow, and the programs that they ran, had to say
#[derive(Debug, Args)]
#[command(after_help = "\
With --json each line is an object of its own.

Examples:
  adw logs adw_bug_1760000000_1a2b3c4d --stage test
  adw logs adw_bug_1760000000_1a2b3c4d --follow
  adw logs adw_bug_1760000000_1a2b3c4d --json | jq -r .message")]
pub(crate) struct Logs {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// Of this stage only
    #[arg(long)]
    stage: Option<StageName>,

    /// Of this attempt only; it takes --stage too
    #[arg(long, value_name = "N", requires = "stage")]
    attempt: Option<u32>,

    /// Go on with what comes, until the workflow's end
    #[arg(short, long)]
    follow: bool,
}

impl Logs {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        if self.follow {
            match cx.client().await {
                Err(Failure::NoServer { .. }) => {}
                client => {
                    self.print(&client?, cx.output, true).await?;
                    return Ok(Exit::Done);
                }
            }
        }
        let seen = cx.look(async |client| self.print(client, cx.output, false).await).await?;
        if self.follow && seen.rest.is_some() && !seen.it.status.is_ended() {
            cx.output.note("no server is running: nothing more comes until `adw serve`");
        }
        Ok(Exit::Done)
    }

    /// Prints what there is, and what comes if it is to be followed; answers with the workflow as it stood at the end.
    async fn print(&self, client: &Client, output: Output, follows: bool) -> Result<Workflow, Failure> {
        // An unknown workflow has no log, and no feed that would ever say so.
        let mut workflow = client.workflow(&self.adw_id).await?.view;
        check_stage(&workflow, self.stage.as_ref())?;
        let mut log = LogReader::new(client, &self.adw_id);
        let follows = follows && !workflow.status.is_ended();
        if follows {
            self.follow(client, &mut log, workflow.version, output).await?;
            workflow = client.workflow_at_last(&self.adw_id).await?.view;
        }
        let mut lines = Vec::new();
        for stage in &workflow.stage_runs {
            for attempt in (1..=stage.attempt).filter(|attempt| self.wants(&stage.name, *attempt)) {
                lines.extend(log.read(&stage.name, attempt).await?);
            }
        }
        // Where work was sent back, attempts of several stages alternate.
        lines.sort_by_key(|line| line.at);
        lines.iter().try_for_each(|line| print(output, line))?;
        if lines.is_empty() && !follows {
            output.note("nothing was logged");
        }
        Ok(workflow)
    }

    /// The feed tells every attempt that there was and will be, and when there is more to read of it. At `since` the
    /// workflow was under way: an end before that is one that a retry followed.
    async fn follow(
        &self,
        client: &Client,
        log: &mut LogReader<'_>,
        mut since: u64,
        output: Output,
    ) -> Result<(), Failure> {
        let mut feed = Feed::new(client, &self.adw_id);
        loop {
            let attempt = match feed.next().await? {
                News::Change(change) if change.is_end() && feed.reached() > since => return Ok(()),
                News::Change(change) => change.attempt(),
                News::Log { stage, attempt } => Some((stage, attempt)),
                News::Unknown | News::Progress { .. } => None,
                News::Lost { cause } => {
                    output.note(format!("the feed is interrupted ({cause}), trying again; where the server was stopped, `adw serve` lets it go on"));
                    None
                }
                News::Rewound => {
                    since = 0;
                    log.rewind();
                    None
                }
            };
            if let Some((stage, attempt)) = attempt.filter(|(stage, attempt)| self.wants(stage, *attempt)) {
                match log.read(&stage, attempt).await {
                    // The feed finds out, and when it is back these lines come with the next.
                    Err(error) if error.may_pass() => {}
                    lines => lines?.iter().try_for_each(|line| print(output, line))?,
                }
            }
        }
    }

    fn wants(&self, stage: &StageName, attempt: u32) -> bool {
        self.stage.as_ref().is_none_or(|wanted| wanted == stage)
            && self.attempt.is_none_or(|wanted| wanted == attempt)
    }
}

fn print(output: Output, line: &LogLine) -> Result<(), Failure> {
    output.json(line)?;
    let time = Styled(style::QUIET, time_of_day(line.at));
    let attempt = format!("{}.{}", line.stage, line.attempt);
    Ok(output.line(format_args!("{time}  {attempt:<14} {}", said(line)))?)
}

/// A stage that there will never be leaves nothing to look at, or to wait for.
pub(super) fn check_stage(workflow: &Workflow, wanted: Option<&StageName>) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    let names: Vec<&str> = workflow.stage_runs.iter().map(|stage| stage.name.as_str()).collect();
    if names.contains(&wanted.as_str()) {
        return Ok(());
    }
    Err(Failure::Usage {
        message: format!("the workflow {} has no stage {wanted}", workflow.adw_id),
        help: format!("it has {}", names.join(", ")),
    })
}
