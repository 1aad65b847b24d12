//! What a workflow's attempts write to their logs, each line in its place among the events.

use std::collections::VecDeque;

use adw_core::{AdwId, EventKind, StageName, Timestamp};

use crate::client::{Change, Client, LogLine, LogReader, RequestError};

/// So many lines of an attempt are known to be on the screen: a stage tells the end of its output at most.
const REMEMBERED: usize = 1000;

/// Stands for lines that are on the screen already.
const ABOVE: &str = "… as above";

/// The lines of a workflow, those that are due and those that are not yet.
pub(super) struct Lines<'a> {
    log: LogReader<'a>,
    /// What was written up to then is nothing new.
    known_until: Option<Timestamp>,
    /// Read, and not told yet, because an event comes before them.
    held: Vec<LogLine>,
    /// What was told of the attempt under way.
    told: VecDeque<String>,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(client: &'a Client, adw_id: &'a AdwId, known_until: Option<Timestamp>) -> Self {
        Self { log: LogReader::new(client, adw_id), known_until, held: Vec::new(), told: VecDeque::new() }
    }

    /// Reads what an attempt has written since the last time. From its log rather than from the feed, which may drop lines for
    /// a slow reader and has none of those from before it was opened.
    pub(super) async fn read(&mut self, stage: &StageName, attempt: u32) -> Result<(), RequestError> {
        let lines = match self.log.read(stage, attempt).await {
            // The feed finds out, and when it is back these lines come with the next.
            Err(error) if error.may_pass() => return Ok(()),
            lines => lines?,
        };
        let is_new = |line: &LogLine| self.known_until.is_none_or(|known| line.at > known);
        self.held.extend(lines.into_iter().filter(|line| is_new(line) && !line.message.trim().is_empty()));
        Ok(())
    }

    /// Those that were written before an event.
    pub(super) fn before(&mut self, change: &Change) -> Vec<LogLine> {
        // What is written in the same moment comes after a beginning, and before an end.
        let begins = matches!(change.event, EventKind::StageStarted | EventKind::StageResumed);
        let is_due = |line: &LogLine| line.at < change.at || (line.at == change.at && !begins);
        let (due, held) = std::mem::take(&mut self.held).into_iter().partition(is_due);
        self.held = held;
        self.tell(due)
    }

    /// All that there are by now.
    pub(super) fn rest(&mut self) -> Vec<LogLine> {
        let held = std::mem::take(&mut self.held);
        self.tell(held)
    }

    fn tell(&mut self, due: Vec<LogLine>) -> Vec<LogLine> {
        self.told.extend(due.iter().map(|line| line.message.trim().to_owned()));
        self.told.drain(..self.told.len().saturating_sub(REMEMBERED));
        due
    }

    /// A new attempt begins, and what was told of others is none of its own.
    pub(super) fn begin(&mut self) {
        self.told.clear();
    }

    /// The history begins anew.
    pub(super) fn rewind(&mut self) {
        self.log.rewind();
        self.known_until = None;
        self.held.clear();
        self.told.clear();
    }

    /// A text of the attempt under way, without what it repeats of the lines that were told.
    pub(super) fn beside_those_told<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut rest = Vec::new();
        // The blank lines since the last that was told, where nothing else came since.
        let mut blank = None;
        for line in text.lines() {
            match (&mut blank, line.trim()) {
                (Some(blank), "") => *blank += 1,
                (None, "") => rest.push(line),
                (repeats, told) if self.told.iter().any(|known| known == told) => {
                    if repeats.replace(0).is_none() {
                        rest.push(ABOVE);
                    }
                }
                (repeats, _) => {
                    rest.extend(std::iter::repeat_n("", repeats.take().unwrap_or_default()));
                    rest.push(line);
                }
            }
        }
        rest
    }
}
