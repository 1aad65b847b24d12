//! Shows a workflow to a person while it goes its way.

use adw_core::{AdwId, EventKind, StageName, Status, Timestamp};
use serde_json::Value;

use crate::client::{Answer, Change, Client, Feed, LogLine, LogReader, News, Workflow};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::style::{self, Styled, one_line, printable};

/// The longest line that is shown of what a stage says of itself; `adw show` and `adw logs` have all of it.
const WIDTH: usize = 160;

/// Follows a workflow to its end, and answers with it as it stands then.
pub(crate) async fn to_the_end(
    client: &Client,
    adw_id: &AdwId,
    output: Output,
) -> Result<Answer<Workflow>, Failure> {
    let mut feed = Feed::new(client, adw_id);
    let mut view = View { log: LogReader::new(client, adw_id), output };
    loop {
        match feed.next().await? {
            News::Change(change) => {
                view.change(&change).await?;
                if change.is_end() {
                    // A retry may have followed at once, and then this was not the end.
                    let answer = client.workflow(adw_id).await?;
                    if answer.view.status.is_ended() {
                        return Ok(answer);
                    }
                }
            }
            News::Log { stage, attempt } => view.lines(&stage, attempt).await?,
            News::Progress { stage, percent, message } => view.progress(&stage, percent, &message)?,
            News::Lost { cause } => output.note(format!("the feed is interrupted, trying again: {cause}"))?,
            News::Rewound => {
                output.note("the server's database was restored: this is what it holds now")?;
                view.log.rewind();
            }
        }
    }
}

/// The exit code that a workflow's end stands for.
pub(crate) fn exit_of(status: Status) -> Exit {
    match status {
        Status::Failed | Status::Cancelled => Exit::WorkflowFailed,
        Status::Pending | Status::Running | Status::Completed => Exit::Done,
    }
}

/// What is on the screen.
struct View<'a> {
    log: LogReader<'a>,
    output: Output,
}

impl View<'_> {
    async fn change(&mut self, change: &Change) -> Result<(), Failure> {
        // The lines of an attempt come before the line that says how it ended.
        if let Some((stage, attempt)) = change.attempt() {
            self.lines(&stage, attempt).await?;
        }
        match in_words(change) {
            Some(said) if !self.output.is_json() => {
                self.line(change.at, text(&change.data, "stage").unwrap_or_default(), said)
            }
            _ => Ok(()),
        }
    }

    /// Shows what an attempt has written since the last time. Read from its log rather than from the feed, which may
    /// drop lines for a slow reader and has none of those from before it was opened.
    async fn lines(&mut self, stage: &StageName, attempt: u32) -> Result<(), Failure> {
        if self.output.is_json() {
            return Ok(());
        }
        for line in self.log.read(stage, attempt).await? {
            self.line(line.at, stage.as_str(), said(&line))?;
        }
        Ok(())
    }

    fn progress(&self, stage: &StageName, percent: u64, message: &str) -> Result<(), Failure> {
        if self.output.is_json() || message.is_empty() {
            return Ok(());
        }
        let said = Styled(style::QUIET, format!("{percent} % {}", one_line(message, WIDTH)));
        Ok(self.output.line(format_args!("{:8}  {stage:<12} {said}", ""))?)
    }

    fn line(&self, at: Timestamp, stage: &str, said: impl std::fmt::Display) -> Result<(), Failure> {
        let time = Styled(style::QUIET, style::time_of_day(at));
        Ok(self.output.line(format_args!("{time}  {stage:<12} {said}"))?)
    }
}

/// A line of a log, as it is shown beneath its stage.
pub(crate) fn said(line: &LogLine) -> String {
    let style = match line.level.as_str() {
        "error" => style::BAD,
        "warn" => style::NOTE,
        _ => style::QUIET,
    };
    Styled(style, format!("│ {}", printable(&line.message))).to_string()
}

/// An event in a person's words; none for what other events say as well.
fn in_words(change: &Change) -> Option<String> {
    let data = &change.data;
    let with = |style, word: &str, more: Option<&str>| {
        let more = more.map(|more| one_line(more, WIDTH)).unwrap_or_default();
        format!("{} {more}", Styled(style, word)).trim_end().to_owned()
    };
    let result = data.get("stage_result").unwrap_or(data);
    let summary = text(result, "summary");
    let error = text(result, "error").or_else(|| text(data, "error_message"));
    Some(match change.event {
        EventKind::TaskCreated | EventKind::WorkflowStarted | EventKind::WorkflowAnnotated => return None,
        EventKind::StageStarted => match data.get("attempt").and_then(Value::as_u64) {
            Some(attempt) if attempt > 1 => {
                with(style::BUSY, "started", Some(&format!("(attempt {attempt})")))
            }
            _ => with(style::BUSY, "started", None),
        },
        EventKind::StageCompleted => with(style::GOOD, "completed", summary),
        EventKind::StageSkipped => with(style::NOTE, "skipped", summary),
        EventKind::StageAttemptFailed => with(style::NOTE, "attempt failed:", error),
        EventKind::StageInterrupted => with(style::NOTE, "interrupted", text(data, "cause")),
        EventKind::StageReworked => {
            let to = format!("sends the work back to {}:", text(data, "to").unwrap_or("an earlier stage"));
            with(style::NOTE, &to, text(data, "feedback"))
        }
        EventKind::StageFailed => with(style::BAD, "failed:", error),
        EventKind::WorkflowWaiting => {
            with(style::NOTE, "waits", data.pointer("/waiting/message").and_then(Value::as_str))
        }
        EventKind::WorkflowMoved => with(style::NOTE, "moved by hand to", text(data, "to")),
        EventKind::WorkflowRetried => with(style::NOTE, "goes on, from", text(data, "from")),
        EventKind::WorkflowCompleted => with(style::GOOD, "completed", None),
        EventKind::WorkflowFailed => with(style::BAD, "failed:", error),
        EventKind::WorkflowCancelled => with(style::NOTE, "cancelled", text(data, "reason")),
    })
}

fn text<'a>(data: &'a Value, member: &str) -> Option<&'a str> {
    data.get(member).and_then(Value::as_str)
}
