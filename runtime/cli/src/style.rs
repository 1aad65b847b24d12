//! How things look to a person.

use std::fmt;

use adw_core::{StageStatus, Status, Timestamp};
use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const BUSY: Style = AnsiColor::Cyan.on_default();
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
pub(crate) const QUIET: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();

/// A text in a style, and in a width if the format asks for one.
pub(crate) struct Styled<T>(pub(crate) Style, pub(crate) T);

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        self.1.fmt(f)?;
        write!(f, "{:#}", self.0)
    }
}

/// How a workflow's status looks.
pub(crate) const fn of_status(status: Status) -> Style {
    match status {
        Status::Pending => QUIET,
        Status::Running => BUSY,
        Status::Completed => GOOD,
        Status::Failed => BAD,
        Status::Cancelled => NOTE,
    }
}

/// How a stage's status looks.
pub(crate) const fn of_stage(status: StageStatus) -> Style {
    match status {
        StageStatus::Pending | StageStatus::Skipped => QUIET,
        StageStatus::Running | StageStatus::Waiting => BUSY,
        StageStatus::Completed => GOOD,
        StageStatus::Failed => BAD,
        StageStatus::Cancelled => NOTE,
    }
}

/// An error or a warning as it is written without colours, with those that its parts have: its first word, the place that it points
/// at, and what to do about it.
pub(crate) fn diagnostic(text: &str) -> String {
    let (mut painted, mut marks) = (String::new(), BAD);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        marks = if line.starts_with("warning:") { NOTE } else { marks };
        painted.push_str(&painted_line(line, marks));
        painted.push_str(end);
    }
    painted
}

fn painted_line(line: &str, marks_style: Style) -> String {
    let first = |style, word: &str| format!("{}{}", Styled(style, word), &line[word.len()..]);
    let gutter = |number: &str| number.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit());
    if line.starts_with("error:") {
        return first(BAD, "error:");
    }
    if line.starts_with("warning:") {
        return first(NOTE, "warning:");
    }
    if line.starts_with("help:") {
        return first(GOOD, "help:");
    }
    if let Some((before, help)) = line.split_once("= help:").filter(|(before, _)| gutter(before)) {
        return format!("{before}{}{help}", Styled(GOOD, "= help:"));
    }
    if let Some((before, place)) = line.split_once("--> ").filter(|(before, _)| gutter(before)) {
        return format!("{before}{} {place}", Styled(BUSY, "-->"));
    }
    match line.split_once(" |").filter(|(before, _)| gutter(before)) {
        Some((number, marks)) if marks.trim_start().starts_with('^') => {
            format!("{}{}", Styled(BUSY, format!("{number} |")), Styled(marks_style, marks))
        }
        Some((number, source)) => format!("{}{source}", Styled(BUSY, format!("{number} |"))),
        None => line.to_owned(),
    }
}

/// Text from elsewhere, safe for a terminal: a title can't move the cursor, ring the bell or turn around what is beside
/// it.
pub(crate) fn printable(text: &str) -> String {
    let is_obeyed = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || is_bidirectional_control(c);
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether a character shows nothing itself, but the order of others.
const fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first line of a text, as far as it fits.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let line = printable(text.lines().next().unwrap_or_default());
    if line.chars().count() <= width {
        return line;
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The time of day here.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    in_words(at, "%H:%M:%S")
}

/// Date and time here.
pub(crate) fn date_and_time(at: Timestamp) -> String {
    in_words(at, "%Y-%m-%d %H:%M:%S")
}

/// How long something took.
pub(crate) fn duration(from: Timestamp, to: Timestamp) -> String {
    millis(millis_between(from, to))
}

/// The same in milliseconds; none for a clock that was set back.
pub(crate) fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millis() - from.as_millis()).unwrap_or_default()
}

/// A span of time, in one or two units.
pub(crate) fn millis(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..10 => format!("{seconds}.{} s", millis % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn in_words(at: Timestamp, format: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(time) => time.to_zoned_datetime(TimeZone::system()).strftime(format).to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use adw_core::Timestamp;

    use super::{duration, one_line, printable};

    #[test]
    fn a_terminal_is_spared_control_characters() {
        assert_eq!(printable("a\x1b[2Jb\x07\tc\n"), "a\u{fffd}[2Jb\u{fffd}\tc\n");
    }

    #[test]
    fn what_is_shown_stays_in_its_order() {
        for c in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{200e}', '\u{200f}', '\u{61c}'] {
            assert_eq!(printable(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(printable("שלום, a\u{200d}b"), "שלום, a\u{200d}b", "scripts keep what they need");
    }

    #[test]
    fn a_long_line_is_cut_with_a_mark() {
        assert_eq!(one_line("exactly\nmore", 7), "exactly");
        assert_eq!(one_line("too long", 7), "too lo…");
        assert_eq!(one_line("", 7), "");
    }

    #[test]
    fn durations_are_rounded_to_what_matters() {
        let cases = [
            (0, "0.0 s"),
            (1_230, "1.2 s"),
            (59_999, "59 s"),
            (61_000, "1 min 1 s"),
            (3_720_000, "1 h 2 min"),
        ];
        for (millis, expected) in cases {
            assert_eq!(
                duration(Timestamp::from_millis(1_000), Timestamp::from_millis(1_000 + millis)),
                expected
            );
        }
        assert_eq!(
            duration(Timestamp::from_millis(2_000), Timestamp::from_millis(1_000)),
            "0.0 s",
            "a clock set back"
        );
    }
}
