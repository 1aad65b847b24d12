//! Shows a workflow to a person while it goes its way.

use adw_core::{AdwId, EventKind, StageName, Status, Timestamp};
use serde_json::Value;

use crate::client::{Answer, Change, Client, Feed, LogLine, LogReader, News, Workflow};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::style::{self, Styled, duration, one_line, printable};

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
                    let answer = client.workflow_at_last(adw_id).await?;
                    if answer.view.status.is_ended() {
                        view.rest(&answer.view).await?;
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
pub(crate) const fn exit_of(status: Status) -> Exit {
    match status {
        Status::Failed | Status::Cancelled => Exit::WorkflowFailed,
        Status::Pending | Status::Running | Status::Completed => Exit::Done,
    }
}

/// How it ended, and where to look next.
pub(crate) fn conclusion(workflow: &Workflow) -> String {
    let id = &workflow.adw_id;
    let status = Styled(style::of_status(workflow.status), workflow.status.as_str());
    let took = duration(workflow.created_at, workflow.completed_at.unwrap_or(workflow.updated_at));
    let why =
        workflow.error_message.as_deref().map(|why| format!(": {}", printable(why))).unwrap_or_default();
    let (what, next) = match workflow.status {
        Status::Failed => ("look further", format!("adw show {id}, adw logs {id}; then adw retry {id}")),
        Status::Cancelled => ("look further", format!("adw show {id}, adw logs {id}")),
        _ => ("what came out", format!("adw diff {id}; it is on the branch {}", printable(&workflow.branch))),
    };
    format!("{status} after {took}{why}\n{what}: {next}")
}

/// What is on the screen.
struct View<'a> {
    log: LogReader<'a>,
    output: Output,
}

impl View<'_> {
    async fn change(&mut self, change: &Change) -> Result<(), Failure> {
        // The lines of an attempt come after the line that says how it began, and before the one that says how it ended.
        if change.event == EventKind::StageStarted {
            self.event(change)?;
        }
        if let Some((stage, attempt)) = change.attempt() {
            self.lines(&stage, attempt).await?;
        }
        if change.event == EventKind::StageStarted { Ok(()) } else { self.event(change) }
    }

    fn event(&self, change: &Change) -> Result<(), Failure> {
        match in_words(change) {
            Some(said) => self.line(change.at, text(&change.data, "stage").unwrap_or_default(), said),
            None => Ok(()),
        }
    }

    /// Shows what an attempt has written since the last time. Read from its log rather than from the feed, which may
    /// drop lines for a slow reader and has none of those from before it was opened.
    async fn lines(&mut self, stage: &StageName, attempt: u32) -> Result<(), Failure> {
        if self.output.is_json() {
            return Ok(());
        }
        let lines = match self.log.read(stage, attempt).await {
            // The feed finds out, and when it is back these lines come with the next.
            Err(error) if error.may_pass() => return Ok(()),
            lines => lines?,
        };
        for line in lines.into_iter().filter(|line| !line.message.trim().is_empty()) {
            self.line(line.at, stage.as_str(), said(&line))?;
        }
        Ok(())
    }

    /// Shows what could not be read when it was told.
    async fn rest(&mut self, workflow: &Workflow) -> Result<(), Failure> {
        for stage in &workflow.stage_runs {
            for attempt in 1..=stage.attempt {
                self.lines(&stage.name, attempt).await?;
            }
        }
        Ok(())
    }

    fn progress(&self, stage: &StageName, percent: u64, message: &str) -> Result<(), Failure> {
        if message.is_empty() {
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
    let error = text(result, "error");
    Some(match change.event {
        // Said before the first event, and after the last.
        EventKind::TaskCreated
        | EventKind::WorkflowStarted
        | EventKind::WorkflowAnnotated
        | EventKind::WorkflowCompleted
        | EventKind::WorkflowFailed
        | EventKind::WorkflowCancelled => return None,
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
        EventKind::QuestionAnswered => {
            let answer = data
                .get("answer")
                .map(|answer| answer.as_str().map_or_else(|| answer.to_string(), str::to_owned));
            with(style::NOTE, "answered:", answer.as_deref())
        }
        EventKind::StageResumed => with(style::BUSY, "goes on", None),
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
    })
}

fn text<'a>(data: &'a Value, member: &str) -> Option<&'a str> {
    data.get(member).and_then(Value::as_str)
}
