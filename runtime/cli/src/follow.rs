//! Shows a workflow to a person while it goes its way.

mod lines;
mod words;

use std::io;

use adw_core::{AdwId, EventKind, StageName, Status, Timestamp};
use serde_json::{Value, json};

use crate::asked;
use crate::client::{Answer, Change, Client, Feed, Load, LogLine, News, Waiting, Workflow};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::signals::Stop;
use crate::standing;
use crate::style::{self, Styled, duration, printable};
use crate::untested;
use lines::Lines;
use words::{in_words, step, text, with};

/// How long a workflow is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Whatever it waits on.
    End,
    /// Or until it can't go on without a person: nobody could answer.
    QuestionOrEnd,
}

/// From where a workflow is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since<'a> {
    Beginning,
    /// From where it stood when a person had it go on: what came before is known.
    Stood(&'a Workflow),
}

impl Since<'_> {
    const fn version(self) -> u64 {
        match self {
            Self::Beginning => 0,
            Self::Stood(stood) => stood.version,
        }
    }

    const fn time(self) -> Option<Timestamp> {
        match self {
            Self::Beginning => None,
            Self::Stood(stood) => Some(stood.updated_at),
        }
    }
}

/// Follows a workflow to its end, says how it ended, and gives the exit code that says it too. Ctrl-C ends the
/// following and nothing else.
pub(crate) async fn to_the_end(
    cx: &Context,
    client: &Client,
    adw_id: &AdwId,
    since: Since<'_>,
) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let Some(ended) = stop.unless(follow(client, adw_id, since, Until::End, cx.output)).await else {
        cx.output.note(format!("the task goes on: adw show {adw_id}; adw cancel {adw_id} ends it"));
        return interrupted(cx, adw_id);
    };
    let ended = ended?;
    cx.output.json(&ended.raw)?;
    cx.output.line(conclusion(&ended.view))?;
    Ok(exit_of(&ended.view))
}

/// Follows a workflow, and answers with it as it stands then.
pub(crate) async fn follow(
    client: &Client,
    adw_id: &AdwId,
    since: Since<'_>,
    until: Until,
    output: Output,
) -> Result<Answer<Workflow>, Failure> {
    let mut feed = Feed::since(client, adw_id, since.version());
    let lines = Lines::new(client, adw_id, since.time());
    let progress = output.progress();
    progress.step("queued".to_owned());
    let mut view = View { adw_id, until, lines, failed_try: String::new(), output, progress };
    let mut stands: Option<Answer<Workflow>> = None;
    loop {
        match feed.next().await? {
            News::Change(change) => {
                if change.is_queueing() && !output.is_json() {
                    view.queue(&change, load_before(client, adw_id, feed.reached()).await)?;
                }
                // A retry or an answer may have followed, and then it is not over: how it stands is asked.
                let is_known = stands.as_ref().is_some_and(|answer| answer.view.version >= feed.reached());
                if (change.is_end() || change.waiting().is_some()) && !is_known {
                    stands = Some(client.workflow_at_last(adw_id).await?);
                }
                view.change(&change, stands.as_ref().map(|answer| &answer.view)).await?;
            }
            News::Unknown => {}
            News::Log { stage, attempt } => view.read(&stage, attempt).await?,
            News::Progress { percent, message, .. } => view.progress(percent, &message),
            News::Lost { cause } => output.note(format!("the feed is interrupted ({cause}), trying again; where the server was stopped, `adw serve` lets it go on")),
            // Where one is there for a task only, another folder's may have its address next.
            News::Rewound if until == Until::QuestionOrEnd => {
                return Err(Failure::AnotherServer { address: client.address().clone(), adw_id: adw_id.clone() });
            }
            News::Rewound => {
                output.note("the server's database was restored: this is what it holds now");
                view.lines.rewind();
                stands = None;
            }
        }
        // Of what happened before somebody looked, the next event says which lines are due.
        if feed.is_live() {
            view.release()?;
        }
        // An end that is told may be an earlier one: what came after it is told first.
        let is_reached = |answer: &mut Answer<Workflow>| {
            is_over(&answer.view, until) && answer.view.version <= feed.reached()
        };
        if let Some(answer) = stands.take_if(is_reached) {
            view.rest(&answer.view).await?;
            return Ok(answer);
        }
    }
}

/// What a server has to do before a workflow that is at this version; none where nothing is in its way, or it has gone on.
async fn load_before(client: &Client, adw_id: &AdwId, version: u64) -> Option<Load> {
    // What can't be asked now the feed finds out.
    let workflow = client.workflow(adw_id).await.ok()?.view;
    if workflow.status != Status::Pending || workflow.version != version {
        return None;
    }
    // Nothing waits for a place while there is one.
    client.load().await.ok().filter(|load| load.queued > 0)
}

/// What is left to say to a program when a person broke off the following.
pub(crate) fn interrupted(cx: &Context, adw_id: &AdwId) -> Result<Exit, Failure> {
    match cx.output.json(&json!({ "adw_id": adw_id, "interrupted": true })) {
        // Whoever has gone may be why it is broken off, and that is what the exit code says.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Interrupted),
    }
}

fn is_over(workflow: &Workflow, until: Until) -> bool {
    workflow.status.is_ended() || (until == Until::QuestionOrEnd && workflow.waits_for_a_person())
}

/// The exit code for where a workflow stands.
pub(crate) fn exit_of(workflow: &Workflow) -> Exit {
    match workflow.status {
        Status::Failed | Status::Cancelled => Exit::WorkflowFailed,
        Status::Pending | Status::Running if workflow.waits_for_a_person() => Exit::WaitsForAPerson,
        Status::Pending | Status::Running | Status::Completed => Exit::Done,
    }
}

/// How it ended, and where to look next while a server is there to be asked.
fn conclusion(workflow: &Workflow) -> String {
    let id = &workflow.adw_id;
    let next = match workflow.status {
        Status::Failed => {
            format!(
                "look further: adw show {id}, adw logs {id}; then adw retry {id}, which goes by the present adw.toml"
            )
        }
        Status::Cancelled => format!("look further: adw show {id}, adw logs {id}"),
        _ => format!("what came out: adw diff {id}; it is on the branch {}", printable(&workflow.branch)),
    };
    format!("{}\n{next}", how_it_stands(workflow))
}

/// How it ended, or what keeps it; after how long, and why; and whether anything was tested.
pub(crate) fn how_it_stands(workflow: &Workflow) -> String {
    let status = match workflow.status {
        _ if workflow.pause().is_some() => "paused",
        Status::Pending | Status::Running if workflow.waits_for_a_person() => "waits for a person",
        status => status.as_str(),
    };
    let status = Styled(style::of_status(workflow.status), status);
    let took = duration(workflow.created_at, workflow.completed_at.unwrap_or(workflow.updated_at));
    // What a stage said as it failed stands right above this.
    let why = workflow.error_message.as_deref().filter(|_| !workflow.failed_as_its_stage_says());
    let why = why.map(|why| format!(": {}", printable(why))).unwrap_or_default();
    let note =
        untested::note(workflow).map(|note| format!("\n{}", Styled(style::NOTE, note))).unwrap_or_default();
    format!("{status} after {took}{why}{note}")
}

/// What is on the screen.
struct View<'a> {
    adw_id: &'a AdwId,
    until: Until,
    lines: Lines<'a>,
    /// Why the last try failed, where another one is to come.
    failed_try: String,
    output: Output,
    progress: Progress,
}

impl View<'_> {
    /// An event, and how the workflow stands by now as far as that is known.
    async fn change(&mut self, change: &Change, now: Option<&Workflow>) -> Result<(), Failure> {
        if let Some(percent) = change.data.get("progress").and_then(Value::as_u64) {
            self.progress.percent(percent);
        }
        // The lines of an attempt come after the line that says how it began, and before the one that says how it ended.
        if let Some((stage, attempt)) = change.attempt() {
            self.read(&stage, attempt).await?;
        }
        let before = self.lines.before(change);
        self.tell(&before)?;
        if change.event == EventKind::StageStarted {
            self.progress.step(step(change));
            self.lines.begin();
        }
        self.event(change, now)
    }

    /// That it waits for a place, and with how many.
    fn queue(&self, change: &Change, load: Option<Load>) -> Result<(), Failure> {
        let Some(Load { queued, running }) = load else { return Ok(()) };
        let said = format!("{running} at work, {queued} in the queue, this one counted");
        if self.progress.is_shown() {
            self.progress.say(&said);
            return Ok(());
        }
        self.line(change.at, "queued", said)
    }

    fn event(&mut self, change: &Change, now: Option<&Workflow>) -> Result<(), Failure> {
        if change.event == EventKind::StageAttemptFailed {
            text(&change.data, "error").unwrap_or_default().clone_into(&mut self.failed_try);
        }
        if let Some(waiting) = change.waiting() {
            let is_open = now.is_some_and(|now| waiting.is_open(now));
            return self.wait(change, &waiting, is_open);
        }
        if change.event == EventKind::StageFailed {
            return self.failure(change);
        }
        let stage = text(&change.data, "stage").unwrap_or_default();
        if let Some(said) = in_words(change) {
            self.line(change.at, stage, said)?;
        }
        // Beside an answer.
        let note = text(&change.data, "note").unwrap_or_default().trim_end();
        note.lines().try_for_each(|line| self.line(change.at, stage, format_args!("│ {}", printable(line))))
    }

    /// All that a stage says of its failure: it is what the workflow failed of, and not said again at the end.
    fn failure(&self, change: &Change) -> Result<(), Failure> {
        let stage = text(&change.data, "stage").unwrap_or_default();
        let error =
            change.data.get("stage_result").and_then(|result| text(result, "error")).unwrap_or_default();
        let error = error.trim_end();
        let (first, more) = error.split_once('\n').unwrap_or((error, ""));
        let first = printable(first);
        self.line(change.at, stage, format_args!("{} {first}", Styled(style::BAD, "failed:")))?;
        let more = self.lines.beside_those_told(more);
        more.into_iter()
            .try_for_each(|line| self.line(change.at, stage, format_args!("│ {}", printable(line))))
    }

    /// What it waits on. A question that is open is told in full, with all that it takes to answer it, the line that answers
    /// only where somebody is there to take it; one that was answered needs no more of anybody.
    fn wait(&self, change: &Change, waiting: &Waiting, is_open: bool) -> Result<(), Failure> {
        let stage = text(&change.data, "current_stage").unwrap_or_default();
        let message = waiting.message.as_deref().unwrap_or_default();
        if waiting.passes() {
            // Why was said by the event before this one.
            let message = match message.strip_suffix(&self.failed_try) {
                Some(tries) if !self.failed_try.is_empty() => tries.trim_end().trim_end_matches(" after:"),
                _ => message,
            };
            return self.line(change.at, stage, with(style::NOTE, "waits", Some(message)));
        }
        if waiting.is_pause() {
            return self.pause(change, waiting, is_open);
        }
        if !is_open {
            return self.line(change.at, stage, with(style::NOTE, "asked:", Some(message)));
        }
        let kind = standing::of_kind(&waiting.kind);
        self.line(change.at, stage, Styled(style::NOTE, format!("waits for a person: {kind}")))?;
        for line in message.lines() {
            self.line(change.at, stage, format!("│ {}", printable(line)))?;
        }
        let needed = match self.until {
            Until::End => asked::how(self.adw_id, waiting),
            Until::QuestionOrEnd => asked::beside(self.adw_id, waiting),
        };
        for (name, value) in needed {
            self.output.line(format_args!("{name:<10} {value}"))?;
        }
        Ok(())
    }

    /// That it is held, and the line that lets it go on, where that is still to be done and somebody is there to do it.
    fn pause(&self, change: &Change, pause: &Waiting, is_open: bool) -> Result<(), Failure> {
        let stage = text(&change.data, "current_stage").unwrap_or_default();
        self.line(change.at, stage, with(style::NOTE, "paused:", pause.message.as_deref()))?;
        if is_open && self.until == Until::End {
            for (name, value) in asked::how(self.adw_id, pause) {
                self.output.line(format_args!("{name:<10} {value}"))?;
            }
        }
        Ok(())
    }

    /// Reads what an attempt has written since the last time.
    async fn read(&mut self, stage: &StageName, attempt: u32) -> Result<(), Failure> {
        if self.output.is_json() {
            return Ok(());
        }
        Ok(self.lines.read(stage, attempt).await?)
    }

    /// Shows what was read, as nothing is known that comes before it.
    fn release(&mut self) -> Result<(), Failure> {
        let lines = self.lines.rest();
        self.tell(&lines)
    }

    fn tell(&self, lines: &[LogLine]) -> Result<(), Failure> {
        lines.iter().try_for_each(|line| self.line(line.at, line.stage.as_str(), said(line)))
    }

    /// Shows what could not be read when it was told.
    async fn rest(&mut self, workflow: &Workflow) -> Result<(), Failure> {
        for stage in &workflow.stage_runs {
            for attempt in 1..=stage.attempt {
                self.read(&stage.name, attempt).await?;
            }
        }
        self.release()
    }

    /// Only for a terminal: it may be told in part, and what matters of it is in the log.
    fn progress(&self, percent: u64, message: &str) {
        if !message.is_empty() {
            self.progress.say(&format!("{percent} % {message}"));
        }
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

#[cfg(test)]
mod tests;
