use adw_core::AdwId;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::client::{BoardFeed, Row};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::standing::standing;
use crate::style::{self, Styled, one_line, printable, time_of_day};
use crate::watch::{Board, Told, watch};

/// Watch all workflows, live
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal it is a table, those that run first; q or Ctrl-C ends it. Elsewhere it is a line
for each change, with --json the server's own message. It waits for a server that is restarted,
and then tells what changed meanwhile.

Examples:
  adw watch
  adw watch | grep failed
  adw watch --json | jq -r 'select(.event == \"workflow_failed\") | .adw_id'")]
pub(crate) struct Watch {}

impl Watch {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let client = cx.client().await?;
        let server = client.address().to_string();
        let feed = BoardFeed::new(client);
        let left = if cx.output.is_json() { Some(feed) } else { watch(feed, &server).await? };
        match left {
            Some(feed) => lines(feed, cx.output).await,
            None => Ok(Exit::Done),
        }
    }
}

/// A workflow that changed while the connection was lost, in the form of a message.
#[derive(Serialize)]
struct Snapshot<'a> {
    r#type: &'a str,
    event: &'a str,
    adw_id: &'a AdwId,
    data: &'a RawValue,
}

/// A line for each change.
async fn lines(mut feed: BoardFeed, output: Output) -> Result<Exit, Failure> {
    let mut board = Board::new();
    loop {
        for told in board.hear(feed.next().await?) {
            tell(told, output)?;
        }
    }
}

fn tell(told: Told, output: Output) -> Result<(), Failure> {
    match told {
        Told::Changed(change) => {
            output.json(&change.raw)?;
            let stage = change.stage.as_ref().map(|stage| format!(" {stage}")).unwrap_or_default();
            let event = printable(&change.event).replace('_', " ");
            output.line(line(&change.row, &format!("{event}{stage}")))?;
        }
        Told::Stands(row, raw) => {
            let snapshot =
                Snapshot { r#type: "snapshot", event: "snapshot", adw_id: &row.adw_id, data: &raw };
            output.json(&snapshot)?;
            output.line(line(&row, "changed meanwhile"))?;
        }
        Told::Gone(adw_id) => {
            output.json(&json!({ "type": "gone", "event": "gone", "adw_id": adw_id }))?;
            output.line(format_args!("          {adw_id}  is open no more: adw show {adw_id}"))?;
        }
        Told::Live(workflows) => {
            output.json(&json!({ "type": "connected", "event": "connected", "workflows": workflows }))?;
            output.note(format_args!("watching {workflows} workflows"));
        }
        Told::Lost(cause) => {
            let lost = json!({ "type": "connection_lost", "event": "connection_lost", "message": cause });
            output.json(&lost)?;
            output.note(format_args!("the connection is lost, trying again: {}", printable(&cause)));
        }
    }
    Ok(())
}

fn line(row: &Row, what: &str) -> String {
    let time = Styled(style::QUIET, time_of_day(row.updated_at));
    let status = standing(row.status, row.waiting.as_ref());
    let title = one_line(&row.title, 60);
    format!("{time}  {}  {status:9}  {:>3} %  {what:<28}  {title}", row.adw_id, row.progress)
}
