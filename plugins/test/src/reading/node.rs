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
    if let Some((_, list)) = output.split_once("✖ failing tests:") {
        list.lines()
            .filter_map(|line| line.strip_prefix("✖ "))
            .for_each(|name| tally.add_failure(without_time(name)));
    } else {
        tap_names(output).into_iter().for_each(|name| tally.add_failure(name));
    }
    Some(tally)
}

/// `# tests 0`
fn counted_none(output: &str) -> bool {
    output.lines().any(|line| matches!(line, "# tests 0" | "ℹ tests 0"))
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
