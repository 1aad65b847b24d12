//! What the stage that has to mend it is told.

use std::fmt::Write;

use crate::verdict::Ran;

/// How many failing tests are named; who breaks more learns nothing from more names.
const NAMES: usize = 50;

/// How much of a command's output is told, in bytes: its end, where runners say what went wrong.
const OUTPUT: usize = 8_000;

/// The feedback on runs that failed.
pub(crate) fn write(failing: &[&Ran]) -> String {
    let tallies = || failing.iter().filter_map(|ran| ran.tally.as_ref());
    let failed: u32 = tallies().map(|tally| tally.failed).sum();
    let passed: u32 = tallies().map(|tally| tally.passed).sum();
    let mut text = match failed {
        0 => "The tests could not be run to their end.\n".to_owned(),
        failed => format!("{failed} of {} tests failed.\n", failed + passed),
    };
    for ran in failing {
        describe(&mut text, ran);
    }
    text
}

fn describe(text: &mut String, ran: &Ran) {
    // Writing into a String can't fail.
    let _ = writeln!(text, "\n`{}` ended with {}.", ran.command, ran.exit);
    let names = ran.tally.as_ref().map_or(&[][..], |tally| &tally.failures);
    if !names.is_empty() {
        let _ = writeln!(text, "\nFailing:");
        for name in names.iter().take(NAMES) {
            let _ = writeln!(text, "- {name}");
        }
        if names.len() > NAMES {
            let _ = writeln!(text, "- … and {} more", names.len() - NAMES);
        }
    }
    // Runners differ in where they say it: each stream gets half, and what the other leaves.
    let half = OUTPUT / 2;
    let stdout = end(&ran.stdout, half.max(OUTPUT.saturating_sub(ran.stderr.len())));
    let stderr = end(&ran.stderr, half.max(OUTPUT.saturating_sub(ran.stdout.len())));
    for (stream, end) in [("standard output", stdout), ("standard error", stderr)] {
        if !end.is_empty() {
            let _ = writeln!(text, "\nThe end of its {stream}:\n\n{}", indented(&end));
        }
    }
}

/// At most so many bytes from the end, whole lines where there are any, with a mark where something was cut.
fn end(text: &str, bytes: usize) -> String {
    let text = text.trim();
    if text.len() <= bytes {
        return text.to_owned();
    }
    let start = text.ceil_char_boundary(text.len() - bytes);
    let tail = &text[start..];
    let line = tail.split_once('\n').map_or(tail, |(_, rest)| rest);
    format!("… (cut)\n{line}")
}

/// Indented, it stays what it is wherever the text is quoted, also with fences of its own in it.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::end;

    #[test]
    fn the_end_begins_with_a_line() {
        assert_eq!(end("one\ntwo\nthree\n", 8), "… (cut)\nthree");
        assert_eq!(end("one\ntwo\n", 100), "one\ntwo");
        assert_eq!(end("ääää", 3), "… (cut)\nä");
    }
}
