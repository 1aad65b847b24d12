//! The rows laid out for a terminal: as many lines and columns as there are, and no more.

use adw_core::{Status, Timestamp};
use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::board::{Board, Connection};
use crate::client::Row;
use crate::standing::{WAITING, of_kind, standing};
use crate::style::{self, Styled, printable, time_of_day};

/// Between two columns.
const GAP: &str = "  ";

/// The widest that an id may be where others need the room.
const ID: usize = 32;

/// Progress in figures, and with a bar beside them.
const FIGURES: usize = 5;
const WITH_BAR: usize = 16;

/// With fewer columns for titles and the rest there is no bar.
const ROOM: usize = 40;

/// How a terminal is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) lines: usize,
}

/// The lines of a screen: a summary, the head, the rows that fit, and how the connection is.
pub(super) fn frame(board: &Board, server: &str, now: Timestamp, size: Size) -> Vec<String> {
    let rows = board.in_order();
    let fitting = size.lines.saturating_sub(3).min(rows.len());
    let (shown, hidden) = rows.split_at(fitting);
    let cells: Vec<Cells> = shown.iter().map(|row| Cells::of(row, now)).collect();
    let widths = Widths::fit(&cells, size.columns);
    let mut lines = vec![summary(board, server, size.columns), widths.head()];
    lines.extend(cells.iter().map(|cells| widths.line(cells)));
    if rows.is_empty() {
        lines.push(cut("no workflows yet; `adw run \"…\"` hands one over", size.columns));
    }
    lines.resize(size.lines.saturating_sub(1).max(1), String::new());
    lines.push(status_line(board, hidden.len(), size.columns));
    lines.truncate(size.lines);
    lines
}

fn summary(board: &Board, server: &str, columns: usize) -> String {
    let counts = Status::ALL.map(|status| (board.count(status), status.as_str()));
    let counts: Vec<String> = [(board.waiting(), WAITING)]
        .into_iter()
        .chain(counts)
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let text = cut(&format!("adw watch  {server}  {}", counts.join(", ")), columns);
    Styled(style::STRONG, text.trim_end()).to_string()
}

fn status_line(board: &Board, hidden: usize, columns: usize) -> String {
    let (style, said) = match &board.connection {
        Connection::Reading => (style::QUIET, "reading".to_owned()),
        Connection::Live => (style::QUIET, "live".to_owned()),
        Connection::Lost(cause) => {
            (style::NOTE, format!("the connection is lost, trying again: {}", printable(cause)))
        }
    };
    let more = if hidden > 0 { format!("; {hidden} more below") } else { String::new() };
    Styled(style, cut(&format!("{said}{more}; q ends"), columns)).to_string()
}

/// A row in words.
struct Cells {
    id: String,
    title: String,
    status: String,
    style: Style,
    percent: u8,
    age: String,
    waits: String,
}

impl Cells {
    fn of(row: &Row, now: Timestamp) -> Self {
        let Styled(style, standing) = standing(row.status, row.waiting.as_ref());
        Self {
            id: row.adw_id.to_string(),
            title: one_line(&row.title),
            status: status(row, standing),
            style,
            percent: row.progress.min(100),
            age: age(row.created_at, now),
            waits: waits(row),
        }
    }
}

/// How it stands, and where a workflow is that is under way.
fn status(row: &Row, standing: String) -> String {
    match (&row.current_stage, row.attempt) {
        // What it waits on is more than where.
        _ if row.waiting.is_some() => standing,
        (Some(stage), Some(attempt)) if attempt > 0 => format!("{standing} {stage}.{attempt}"),
        (Some(stage), _) => format!("{standing} {stage}"),
        (None, _) => standing,
    }
}

/// How far it is: in figures, and as a bar where there is room for both.
fn progress(percent: u8, columns: usize) -> String {
    if columns < WITH_BAR {
        return format!("{percent:>3} %");
    }
    let full = usize::from(percent) / 10;
    format!("{}{} {percent:>3} %", "█".repeat(full), "·".repeat(10 - full))
}

/// What it waits on, or why it failed.
fn waits(row: &Row) -> String {
    match (&row.waiting, row.status) {
        (Some(waiting), _) => {
            let until =
                waiting.until.map(|until| format!(" until {}", time_of_day(until))).unwrap_or_default();
            let why = waiting.message.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            one_line(&format!("{}{until}{why}", of_kind(&waiting.kind)))
        }
        (None, Status::Pending) => "a place".to_owned(),
        (None, Status::Failed) => row.error_message.as_deref().map(one_line).unwrap_or_default(),
        (None, _) => String::new(),
    }
}

/// How long ago something was, in its largest unit.
fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_millis() - then.as_millis()).unwrap_or_default() / 1000;
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Text from elsewhere as a cell: a tab would move the columns.
fn one_line(text: &str) -> String {
    printable(text.lines().next().unwrap_or_default()).replace('\t', " ")
}

/// What is left of a line.
struct Room {
    left: usize,
    /// What the next column costs beside its own width.
    gap: usize,
}

impl Room {
    /// As much of a width as there is.
    fn take(&mut self, wanted: usize) -> usize {
        let given = wanted.min(self.left.saturating_sub(self.gap));
        if given > 0 {
            self.left -= given + self.gap;
            self.gap = GAP.len();
        }
        given
    }
}

/// How wide each column is; what has no room is left out, the least needed first.
struct Widths {
    id: usize,
    title: usize,
    status: usize,
    progress: usize,
    age: usize,
    waits: usize,
}

impl Widths {
    fn fit(cells: &[Cells], columns: usize) -> Self {
        let widest = |of: fn(&Cells) -> &str, name: &str| {
            cells.iter().map(|cells| of(cells).width()).max().unwrap_or_default().max(name.width())
        };
        let mut room = Room { left: columns, gap: 0 };
        let id = room.take(widest(|cells| &cells.id, "ID").min(ID));
        let status = room.take(widest(|cells| &cells.status, "STATUS"));
        let age = room.take(widest(|cells| &cells.age, "AGE"));
        let bar = if room.left >= WITH_BAR + ROOM { WITH_BAR } else { FIGURES };
        let progress = if room.left >= bar + GAP.len() { room.take(bar) } else { 0 };
        // The title may have the larger part of what is left, and all that the other doesn't need.
        let waits = widest(|cells| &cells.waits, "WAITS ON");
        let both = room.left.saturating_sub(2 * GAP.len());
        let title =
            widest(|cells| &cells.title, "TITLE").min(both.saturating_sub(waits).max(both.div_ceil(2)));
        let title = room.take(title);
        Self { id, title, status, progress, age, waits: room.take(waits) }
    }

    fn head(&self) -> String {
        let names = [
            ("ID", self.id),
            ("TITLE", self.title),
            ("STATUS", self.status),
            (if self.progress < WITH_BAR { "DONE" } else { "PROGRESS" }, self.progress),
            ("AGE", self.age),
            ("WAITS ON", self.waits),
        ];
        let names: Vec<String> =
            names.iter().filter(|(_, width)| *width > 0).map(|(name, width)| fill(name, *width)).collect();
        Styled(style::STRONG, names.join(GAP).trim_end()).to_string()
    }

    fn line(&self, cells: &Cells) -> String {
        let plain = Style::new();
        let progress = progress(cells.percent, self.progress);
        let cells = [
            (&cells.id, self.id, plain),
            (&cells.title, self.title, plain),
            (&cells.status, self.status, cells.style),
            (&progress, self.progress, cells.style),
            (&cells.age, self.age, style::QUIET),
            (&cells.waits, self.waits, style::NOTE),
        ];
        let cells: Vec<String> = cells
            .into_iter()
            .filter(|(_, width, _)| *width > 0)
            .map(|(text, width, style)| Styled(style, fill(text, width)).to_string())
            .collect();
        cells.join(GAP)
    }
}

/// The text in exactly so many columns.
fn fill(text: &str, columns: usize) -> String {
    let cut = cut(text, columns);
    let missing = columns.saturating_sub(cut.width());
    cut + &" ".repeat(missing)
}

/// As much of the text as so many columns show, with a mark where it is not all.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut room = columns.saturating_sub(1);
    for letter in text.chars() {
        let width = letter.width().unwrap_or_default();
        if width > room {
            break;
        }
        room -= width;
        kept.push(letter);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use anstream::adapter::strip_str;
    use serde_json::{Value, json};

    use super::*;
    use crate::client::BoardNews;
    use crate::watch::board::tests::{row, stands};

    fn with(mut row: Value, members: &Value) -> Value {
        row.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        row
    }

    fn board(rows: &[Value]) -> Board {
        let mut board = Board::new();
        board.hear(BoardNews::Begin);
        for row in rows {
            board.hear(stands(row));
        }
        board.hear(BoardNews::Complete);
        board
    }

    fn rows() -> Vec<Value> {
        vec![
            with(row(1, "completed", 9), &json!({ "progress": 100 })),
            with(
                row(2, "running", 4),
                &json!({
                    "adw_id": "adw_bug_1760000000_1a2b3c4d", "title": "Ein 中文 title\tthat is wide",
                    "current_stage": "implement", "attempt": 2, "progress": 33,
                }),
            ),
            with(
                row(3, "running", 4),
                &json!({
                    "current_stage": "test", "attempt": 1, "progress": 66,
                    "waiting": { "kind": "question", "message": "merge it?\nreally" },
                }),
            ),
            row(4, "pending", 1),
            with(
                row(5, "failed", 7),
                &json!({
                    "current_stage": "test", "attempt": 3, "progress": 66,
                    "error_message": "two \u{1b}[2J tests failed, and the reasons are many, far more than fit\nhere",
                }),
            ),
        ]
    }

    fn shown(board: &Board, columns: usize, lines: usize) -> String {
        let now = Timestamp::from_millis(row_time() + 125_000);
        let lines = frame(board, "http://127.0.0.1:8000", now, Size { columns, lines });
        let lines: Vec<String> = lines.iter().map(|line| strip_str(line).to_string()).collect();
        for line in &lines {
            assert!(line.width() <= columns, "{line:?} is wider than {columns}");
        }
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }

    fn row_time() -> i64 {
        let at: Timestamp = serde_json::from_value(row(1, "running", 1)["created_at"].clone()).unwrap();
        at.as_millis()
    }

    #[test]
    fn rows_fill_a_terminal() {
        insta::assert_snapshot!("wide", shown(&board(&rows()), 130, 9));
        insta::assert_snapshot!("usual", shown(&board(&rows()), 80, 7));
        insta::assert_snapshot!("narrow", shown(&board(&rows()), 50, 6));
    }

    #[test]
    fn no_terminal_is_too_small() {
        for columns in 0..60 {
            for lines in 0..8 {
                let text = shown(&board(&rows()), columns, lines);
                assert!(text.lines().count() <= lines.max(1), "{columns} × {lines}: {text}");
            }
        }
    }

    #[test]
    fn a_server_without_workflows_and_one_that_is_gone_are_told_apart() {
        let mut empty = board(&[]);
        insta::assert_snapshot!("empty", shown(&empty, 80, 5));
        empty.hear(BoardNews::Lost { cause: "Connection refused".to_owned() });
        assert!(
            shown(&empty, 80, 5)
                .ends_with("the connection is lost, trying again: Connection refused; q ends")
        );
    }
}
