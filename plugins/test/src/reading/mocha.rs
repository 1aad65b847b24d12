//! Mocha's `spec` reporter.

use super::{Tally, counted, without_time};

pub(super) fn read(output: &str) -> Option<Tally> {
    let passing = output.lines().find_map(|line| count(line, "passing"))?;
    let failing = output.lines().find_map(|line| count(line, "failing")).unwrap_or(0);
    let mut tally = Tally { passed: passing, failed: failing, ..Tally::default() };
    tally.found_none = passing == 0 && failing == 0;
    let list = output.lines().skip_while(|line| count(line, "failing").is_none());
    let mut path: Option<Vec<&str>> = None;
    for line in list {
        // `  1) sum`, then a line a level, the last with a colon
        let text = line.trim();
        let numbered = text.split_once(") ").filter(|(number, _)| number.parse::<u32>().is_ok());
        let part = match (numbered, &mut path) {
            (Some((_, suite)), _) => {
                path = Some(Vec::new());
                suite
            }
            (None, Some(_)) if !text.is_empty() => text,
            _ => continue,
        };
        let Some(parts) = &mut path else { continue };
        parts.push(part.trim_end_matches(':'));
        if part.ends_with(':') {
            tally.add_failure(parts.join(" "));
            path = None;
        }
    }
    Some(tally)
}

/// `  2 passing (18ms)`
fn count(line: &str, what: &str) -> Option<u32> {
    let (number, word) = counted(line.strip_prefix("  ")?)?;
    (without_time(word) == what).then_some(number)
}
