//! Node's own test runner, in both of its styles: TAP where it isn't seen by a person, `spec` where it is.

use super::{Tally, counted, without_time};

pub(super) fn read(output: &str) -> Option<Tally> {
    let (mut passed, mut failed) = (None, 0);
    for line in output.lines() {
        // `# pass 2` or `ℹ pass 2`
        let Some(item) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) else { continue };
        let Some((word, number)) = item.split_once(' ') else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        match word {
            "pass" => passed = Some(passed.unwrap_or(0) + number),
            "fail" | "cancelled" => failed += number,
            _ => {}
        }
    }
    let mut tally = Tally { passed: passed?, failed, ..Tally::default() };
    tally.found_none = tally.passed == 0 && failed == 0 && counted_none(output);
    for name in failing_list(output).unwrap_or_else(|| tap_names(output)) {
        tally.add_failure(name);
    }
    Some(tally)
}

/// `# tests 0`
fn counted_none(output: &str) -> bool {
    output.lines().any(|line| matches!(line, "# tests 0" | "ℹ tests 0"))
}

/// What `spec` lists at its end, with the time each took.
fn failing_list(output: &str) -> Option<Vec<&str>> {
    let (_, list) = output.split_once("✖ failing tests:")?;
    Some(list.lines().filter_map(|line| line.strip_prefix("✖ ")).map(without_time).collect())
}

/// The tests that are `not ok`, without the suites around them.
fn tap_names(output: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in output.lines().map(str::trim) {
        if line == "failureType: 'subtestsFailed'" {
            names.pop();
        } else if let Some((_, name)) = line.strip_prefix("not ok ").and_then(counted) {
            names.push(name.trim_start_matches("- "));
        }
    }
    names
}
