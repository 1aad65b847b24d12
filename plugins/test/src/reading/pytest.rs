//! pytest: one line at the end has the counts, and a short summary above it the names.

use std::path::Path;

use super::{Tally, counted};

pub(super) fn read(output: &str) -> Option<Tally> {
    let mut tally = output.lines().rev().find_map(summary)?;
    for line in output.lines() {
        let Some(rest) = line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR ")) else {
            continue;
        };
        let name = rest.split_once(" - ").map_or(rest, |(name, _)| name).trim();
        // Log lines begin likewise; a test's id has its file in it, and one that can't be loaded is but a file.
        let is_file = Path::new(name).extension().is_some_and(|extension| extension == "py");
        if is_file || name.contains("::") {
            tally.add_failure(name);
        }
    }
    Some(tally)
}

/// `=== 2 failed, 2 passed, 1 skipped, 1 error in 0.04s ===`, with `-q` without the frame
fn summary(line: &str) -> Option<Tally> {
    let line = line.trim_matches(|letter| letter == '=' || letter == ' ');
    let (counts, time) = line.rsplit_once(" in ")?;
    let seconds = time.split_once('s')?.0;
    seconds.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
    if counts == "no tests ran" {
        return Some(Tally::none());
    }
    let mut tally = Tally::default();
    for item in counts.split(", ") {
        let (number, word) = counted(item)?;
        match word {
            "passed" | "xfailed" => tally.passed += number,
            "failed" | "error" | "errors" => tally.failed += number,
            "skipped" | "xpassed" | "deselected" | "warning" | "warnings" | "rerun" | "subtests passed" => {}
            _ => return None,
        }
    }
    Some(tally)
}
