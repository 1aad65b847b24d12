//! `go test`, with `-v` and without.

use super::{Tally, without_time};

pub(super) fn read(output: &str) -> Option<Tally> {
    let mut tally = Tally::default();
    let (mut packages, mut passed_packages, mut failures_before) = (0, 0, 0);
    for line in output.lines() {
        let test = line.trim_start();
        let is_top = test.len() == line.len();
        if let Some(name) = test.strip_prefix("--- FAIL: ") {
            tally.failed += u32::from(is_top);
            tally.add_failure(without_time(name));
        } else if test.starts_with("--- PASS: ") && is_top {
            tally.passed += 1;
        } else if let Some(package) = line.strip_prefix("ok  \t") {
            packages += 1;
            passed_packages += u32::from(!package.contains("[no tests to run]"));
        } else if line.starts_with("?   \t") {
            packages += 1;
        } else if let Some(package) = line.strip_prefix("FAIL\t") {
            packages += 1;
            // It didn't build, or ended before a test could be blamed.
            if tally.failed == failures_before {
                tally.failed += 1;
                tally.add_failure(package.split('\t').next().unwrap_or(package));
            }
            failures_before = tally.failed;
        }
    }
    if packages == 0 {
        return None;
    }
    // Without -v it names packages, not tests.
    if tally.passed == 0 {
        tally.passed = passed_packages;
    }
    tally.found_none = tally.passed == 0 && tally.failed == 0;
    Some(tally)
}
