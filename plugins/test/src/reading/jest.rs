//! Jest and Vitest.

use super::{Tally, counted};

pub(super) fn read(output: &str) -> Option<Tally> {
    let none = ["No tests found, exiting with code", "No test files found, exiting with code"];
    if output.lines().any(|line| none.iter().any(|none| line.starts_with(none))) {
        return Some(Tally::none());
    }
    let mut tally = output.lines().filter_map(summary).reduce(Tally::and)?;
    for line in output.lines() {
        // `  ● sum › breaks`, and `FAIL sum.test.js > sum > breaks`
        let jest = line.strip_prefix("  ● ").filter(|name| name.contains(" › "));
        let vitest = line.trim_start().strip_prefix("FAIL ").filter(|name| name.contains(" > "));
        if let Some(name) = jest.or(vitest) {
            tally.add_failure(name.trim());
        }
    }
    Some(tally)
}

/// `Tests:       1 failed, 1 skipped, 1 passed, 3 total`, and `Tests  1 failed | 1 passed | 1 skipped (3)`
fn summary(line: &str) -> Option<Tally> {
    let rest = line.trim_start().strip_prefix("Tests")?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    if !rest.starts_with(' ') {
        return None;
    }
    let counts: Vec<(u32, &str)> = rest.split([',', '|']).map(counted).collect::<Option<_>>()?;
    let mut tally = Tally::default();
    for (number, word) in counts {
        match word.split(' ').next().unwrap_or_default() {
            "passed" => tally.passed += number,
            "failed" => tally.failed += number,
            "skipped" | "todo" | "pending" | "total" => {}
            _ => return None,
        }
    }
    Some(tally)
}
