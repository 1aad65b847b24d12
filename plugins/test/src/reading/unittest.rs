//! Python's unittest, and what is built on it.

use super::{Tally, counted};

/// Failures outside of a test, which the number of tests that ran leaves out.
const FIXTURES: [&str; 4] = ["setUpClass", "tearDownClass", "setUpModule", "tearDownModule"];

pub(super) fn read(output: &str) -> Option<Tally> {
    let mut tally: Option<Tally> = None;
    let (mut names, mut outside) = (Vec::new(), 0);
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = failed(line) {
            outside += u32::from(FIXTURES.iter().any(|fixture| name.ends_with(fixture)));
            names.push(name);
        } else if let Some(ran) = ran(line) {
            let result = lines.by_ref().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let mut run = count(ran + outside, result);
            names.drain(..).for_each(|name| run.add_failure(name));
            outside = 0;
            tally = Some(match tally {
                Some(tally) => tally.and(run),
                None => run,
            });
        }
    }
    tally
}

/// `Ran 7 tests in 0.001s`
fn ran(line: &str) -> Option<u32> {
    let (number, rest) = counted(line.strip_prefix("Ran ")?)?;
    (rest.starts_with("test in ") || rest.starts_with("tests in ")).then_some(number)
}

/// `FAILED (failures=2, errors=3, skipped=1, unexpected successes=1)`, `OK (skipped=1)`, `OK`, `NO TESTS RAN`
fn count(ran: u32, result: &str) -> Tally {
    if ran == 0 {
        return Tally::none();
    }
    let details = result.split_once('(').map_or("", |(_, details)| details.trim_end_matches(')'));
    let (mut failed, mut skipped) = (0, 0);
    for (what, number) in details.split(", ").filter_map(|item| item.split_once('=')) {
        let number = number.parse::<u32>().unwrap_or(0);
        match what {
            "failures" | "errors" | "unexpected successes" => failed += number,
            "skipped" => skipped += number,
            _ => {}
        }
    }
    // Without details it still says that it failed.
    if result.starts_with("FAILED") && failed == 0 {
        failed = 1;
    }
    Tally { passed: ran.saturating_sub(failed + skipped), failed, ..Tally::default() }
}

/// `FAIL: test_bad (test_a.A.test_bad)`, on Pythons before 3.11 `FAIL: test_bad (test_a.A)`; with a subtest's
/// parameters behind it.
fn failed(line: &str) -> Option<String> {
    let heads = ["FAIL: ", "ERROR: ", "UNEXPECTED SUCCESS: "];
    let rest = heads.iter().find_map(|head| line.strip_prefix(head))?;
    let (method, rest) = rest.split_once(" (")?;
    let (class, parameters) = rest.split_once(')')?;
    let place = class
        .strip_prefix("unittest.loader._FailedTest")
        .map_or(class, |module| module.trim_start_matches('.'));
    let name = match place {
        "" => method.to_owned(),
        place if place == method || place.ends_with(&format!(".{method}")) => place.to_owned(),
        place => format!("{place}.{method}"),
    };
    Some(format!("{name}{parameters}"))
}
