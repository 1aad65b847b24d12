mod bytes;

use adw_core::{AdwId, StageName};
use clap::Args;
use serde_json::{Value, json};

use crate::client::{Client, RecordedCall};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::style::{self, Styled, duration, one_line, time_of_day};

/// Print what the stages of a workflow asked of the runtime, and what they were answered
///
/// This is the record by which an attempt goes on where it was after a crash: a call that has its answer is not made again.
#[derive(Debug, Args)]
#[command(after_help = "\
Long texts are cut, and bytes that are no text are only counted. With --json it is one document,
with requests and answers as they are recorded: bytes in base64.

Examples:
  adw journal adw_bug_1760000000_1a2b3c4d
  adw journal adw_bug_1760000000_1a2b3c4d --stage implement --attempt 2
  adw journal adw_bug_1760000000_1a2b3c4d --json | jq '.items[] | select(.call == \"agent.run\")'")]
pub(crate) struct Journal {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// Of this stage only
    #[arg(long)]
    stage: Option<StageName>,

    /// Of this attempt, where it isn't the newest
    #[arg(long, value_name = "N", requires = "stage")]
    attempt: Option<u32>,
}

impl Journal {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        Ok(cx.look(async |client| self.print(client, cx.output).await).await?.it)
    }

    async fn print(&self, client: &Client, output: Output) -> Result<Exit, Failure> {
        let workflow = client.workflow(&self.adw_id).await?.view;
        super::logs::check_stage(&workflow, self.stage.as_ref())?;
        let mut all = Vec::new();
        for stage in &workflow.stage_runs {
            let wanted = self.stage.as_ref().is_none_or(|name| *name == stage.name);
            let attempt = self.attempt.unwrap_or(stage.attempt);
            if !wanted || attempt == 0 {
                continue;
            }
            let calls = every_call(client, &self.adw_id, &stage.name, attempt).await?;
            print(output, &stage.name, attempt, &calls)?;
            all.extend(calls.into_iter().map(|call| call.raw));
        }
        output.json(&json!({ "adw_id": self.adw_id, "items": all }))?;
        if all.is_empty() {
            output.note("no stage has asked for anything yet");
        }
        Ok(Exit::Done)
    }
}

/// A call, as it is shown and as the server tells it.
struct Told {
    call: RecordedCall,
    raw: Value,
}

async fn every_call(
    client: &Client,
    adw_id: &AdwId,
    stage: &StageName,
    attempt: u32,
) -> Result<Vec<Told>, Failure> {
    let mut calls = Vec::new();
    let mut after = None;
    loop {
        let page = client.calls(adw_id, stage, attempt, after.as_deref()).await?;
        for raw in page.items {
            calls.push(Told { call: RecordedCall::of(&raw), raw });
        }
        after = page.next_cursor;
        if after.is_none() {
            return Ok(calls);
        }
    }
}

fn print(output: Output, stage: &StageName, attempt: u32, calls: &[Told]) -> Result<(), Failure> {
    output.line(Styled(style::STRONG, format!("{stage}, attempt {attempt}")))?;
    if calls.is_empty() {
        output.line(Styled(style::QUIET, "  nothing is recorded"))?;
    }
    for Told { call, .. } in calls {
        let name = call.call.as_deref().unwrap_or("unreadable");
        output.line(format_args!("{:>5}  {name:<24} {}", call.n, state(call)))?;
        output.line(Styled(
            style::QUIET,
            format!("       asked    {}", brief(&bytes::of_request(name, &call.request))),
        ))?;
        match (&call.error, &call.answer) {
            (Some(error), _) => output.line(format_args!("       error    {}", one_line(error, WIDTH)))?,
            (None, Some(answer)) => {
                output.line(format_args!("       answered {}", brief(&bytes::of_answer(name, answer))))?;
            }
            (None, None) => {}
        }
    }
    Ok(())
}

/// What of a request or an answer stands on its line.
const WIDTH: usize = 100;

fn brief(value: &Value) -> String {
    one_line(&value.to_string(), WIDTH)
}

fn state(call: &RecordedCall) -> String {
    match (call.state.as_str(), call.asked_at, call.answered_at) {
        ("answered", Some(asked), Some(answered)) => {
            format!("{}, took {}", time_of_day(asked), duration(asked, answered))
        }
        ("answered", None, _) => "at once".to_owned(),
        ("waiting", ..) => match call.parked_at {
            Some(since) => format!("waits since {}", time_of_day(since)),
            None => "waits".to_owned(),
        },
        (_, Some(asked), _) => format!("{}, without an answer so far", time_of_day(asked)),
        _ => "without an answer so far".to_owned(),
    }
}
