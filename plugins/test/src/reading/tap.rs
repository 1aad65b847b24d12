//! TAP, the Test Anything Protocol: what many runners can print.

use super::Tally;

pub(super) fn read(output: &str) -> Option<Tally> {
    // The plan, `1..4`, is what tells TAP from text that happens to begin with "ok".
    let plan =
        output.lines().find_map(|line| line.strip_prefix("1..")?.split(' ').next()?.parse::<u32>().ok())?;
    if plan == 0 {
        return Some(Tally::none());
    }
    let mut tally = Tally::default();
    for line in output.lines() {
        if let Some((name, directive)) = test(line, "not ok") {
            // What is marked TODO is expected to fail.
            if directive != Directive::Todo {
                tally.failed += 1;
                tally.add_failure(name);
            }
        } else if let Some((_, directive)) = test(line, "ok") {
            tally.passed += u32::from(directive != Directive::Skip);
        }
    }
    Some(tally)
}

#[derive(PartialEq, Eq)]
enum Directive {
    None,
    Skip,
    Todo,
}

/// `ok 3 - name # SKIP reason`
fn test<'a>(line: &'a str, result: &str) -> Option<(&'a str, Directive)> {
    let rest = line.strip_prefix(result)?;
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let (rest, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
    let directive = match directive.to_ascii_lowercase() {
        text if text.starts_with("skip") => Directive::Skip,
        text if text.starts_with("todo") => Directive::Todo,
        _ => Directive::None,
    };
    let name = rest.trim().trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start();
    Some((name.strip_prefix("- ").unwrap_or(name).trim(), directive))
}
