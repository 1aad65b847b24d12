//! What a run came to: a table for people, JSON for the next comparison.

use std::{fmt::Write as _, fs::File, io::BufReader, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::figures::{Figure, Figures, Unit};

/// Everything that a run came to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Its runs were short.
    quick: bool,
    /// The processors that server and clients shared.
    processors: usize,
    figures: Figures,
}

impl Report {
    pub(crate) fn new(quick: bool, figures: Figures) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { quick, processors, figures }
    }

    /// What an earlier run kept.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
        serde_json::from_reader(BufReader::new(file))
            .with_context(|| format!("{} is not what `cargo xtask bench --json FILE` keeps", path.display()))
    }

    /// Keeps it for a later comparison.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
    }

    pub(crate) fn print(&self, earlier: Option<&Self>) {
        anstream::print!("{}", self.table(earlier));
    }

    /// A line a figure; beside it its aim, or what it was in the earlier run and the ratio to that.
    fn table(&self, earlier: Option<&Self>) -> String {
        let mut table = String::new();
        let mut of = "";
        for figure in &self.figures.0 {
            if figure.of != of {
                of = &figure.of;
                // Writing to a string does not fail.
                let _ = writeln!(table, "\n{of}");
            }
            let beside = match earlier {
                Some(earlier) => compared(figure, earlier.figures.find(of, &figure.name)),
                None => figure.aim.map(|aim| format!("aim {}", figure.unit.show(aim))),
            };
            let line = format!("  {:<32}{:>14}", figure.name, figure.unit.show(figure.value));
            let _ =
                writeln!(table, "{line}{}", beside.map(|beside| format!("    {beside}")).unwrap_or_default());
        }
        if let Some(earlier) = earlier.filter(|earlier| !self.is_like(earlier)) {
            let _ = writeln!(
                table,
                "\nThe earlier run was {} on {} processors, this one {} on {}: compare with care.",
                earlier.length(),
                earlier.processors,
                self.length(),
                self.processors
            );
        }
        table
    }

    const fn is_like(&self, other: &Self) -> bool {
        self.quick == other.quick && self.processors == other.processors
    }

    const fn length(&self) -> &'static str {
        if self.quick { "a quick one" } else { "a long one" }
    }
}

fn compared(now: &Figure, before: Option<&Figure>) -> Option<String> {
    let before = before.filter(|before| before.unit == now.unit && before.value > 0.0)?;
    Some(format!("was {:>12}   × {:.2}", before.unit.show(before.value), now.value / before.value))
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{} /s", grouped(value)),
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Microseconds => format!("{value:.0} µs"),
            Self::Mebibytes => format!("{value:.0} MiB"),
            Self::Percent => format!("{value:.0} %"),
            Self::Count => format!("{value:.1}"),
        }
    }
}

/// A whole number with a comma between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn report(quick: bool, workflows: f64) -> Report {
        let mut figures = Figures::default();
        figures.add("the disk", "fsyncs", 6_543.4, Unit::PerSecond);
        figures.add("three noop stages, 10 clients", "workflows", workflows, Unit::PerSecond).aim(1_000.0);
        figures.add("three noop stages, 10 clients", "start to end, p50", 9.876, Unit::Milliseconds);
        Report { quick, processors: 2, figures }
    }

    #[test]
    fn a_table_shows_each_figure_with_its_aim() {
        insta::assert_snapshot!(report(false, 1_234.5).table(None), @r"

        the disk
          fsyncs                                6,543 /s

        three noop stages, 10 clients
          workflows                             1,234 /s    aim 1,000 /s
          start to end, p50                      9.88 ms
        ");
    }

    #[test]
    fn a_comparison_shows_what_was_and_the_ratio() {
        insta::assert_snapshot!(report(false, 1_500.0).table(Some(&report(true, 1_000.0))), @r"

        the disk
          fsyncs                                6,543 /s    was     6,543 /s   × 1.00

        three noop stages, 10 clients
          workflows                             1,500 /s    was     1,000 /s   × 1.50
          start to end, p50                      9.88 ms    was      9.88 ms   × 1.00

        The earlier run was a quick one on 2 processors, this one a long one on 2: compare with care.
        ");
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.json");
        report(true, 1_000.0).write(&path).unwrap();
        assert_eq!(Report::read(&path).unwrap().figures, report(true, 1_000.0).figures);
    }

    #[test]
    fn a_file_that_is_no_report_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.json");
        std::fs::write(&path, "[]").unwrap();
        let refusal = format!("{:#}", Report::read(&path).unwrap_err());
        assert!(
            refusal.contains("other.json is not what `cargo xtask bench --json FILE` keeps"),
            "{refusal}"
        );
    }
}
