//! `cargo nextest run`. It shows what failing tests printed, which for Rust's own harness looks like `cargo test`.

use super::{Tally, counted};

/// How a line begins that names a test which failed for good.
const FAILED: [&str; 7] = ["FAIL", "TIMEOUT", "ABORT", "SIGABRT", "SIGSEGV", "SIGKILL", "XFAIL"];

pub(super) fn read(output: &str) -> Option<Tally> {
    if output.contains("error: no tests to run") {
        return Some(Tally::none());
    }
    let (before, from_summary) = output.rsplit_once(" Summary [")?;
    let summary = from_summary.lines().next()?.split_once("] ")?.1;
    let (_, counts) = summary.split_once(" run: ")?;
    let mut tally = Tally::default();
    for (number, words) in counts.split(", ").filter_map(counted) {
        // `2 passed (1 slow)`, `1 timed out`, `1 exec failed`
        match words.split(" (").next().unwrap_or_default() {
            "passed" => tally.passed += number,
            "failed" | "timed out" | "exec failed" => tally.failed += number,
            _ => {}
        }
    }
    // The failures are named once more below the summary, unless the configuration says otherwise.
    add_names(&mut tally, from_summary);
    if tally.failures.is_empty() {
        add_names(&mut tally, before);
    }
    Some(tally)
}

/// `FAIL [   0.007s] (2/4) sums tests::panics`
fn add_names(tally: &mut Tally, text: &str) {
    for line in text.lines().map(str::trim_start) {
        let Some((status, rest)) = line.split_once(" [") else { continue };
        let Some((_, name)) = rest.split_once("] ") else { continue };
        if FAILED.contains(&status.trim_end()) {
            let name = name.trim();
            let name =
                name.strip_prefix('(').and_then(|name| name.split_once(") ")).map_or(name, |(_, name)| name);
            tally.add_failure(name.trim());
        }
    }
}
