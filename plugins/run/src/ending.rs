//! What the end of a command means.

use adw_plugin_sdk::{Exit, Failure, Invocation, Output};

/// How much of each stream is told, in bytes: its end, where programs say what went wrong.
const TOLD: usize = 2_000;

/// What ends a program from outside: somebody's or the system's doing, not its own.
const FROM_OUTSIDE: [i32; 3] = [2, 9, 15];

/// Only exit code 0 is a success. Another code is the command's last word, which another try wouldn't change.
pub(crate) fn judge(command: &Invocation, output: &Output) -> Result<(), Failure> {
    match output.exit {
        Exit::Code(0) => Ok(()),
        Exit::TimedOut => {
            Err(Failure::retryable("timeout", format!("`{command}` was ended: its time was over")))
        }
        Exit::Signal(signal) if FROM_OUTSIDE.contains(&signal) => Err(Failure::retryable(
            "interrupted",
            format!("`{command}` was ended from outside, by signal {signal}"),
        )),
        exit => Err(Failure::fatal(format!("`{command}` ended with {exit}{}", said(output)))),
    }
}

/// What it said last, on each stream on which it said something.
fn said(output: &Output) -> String {
    let streams = [("standard output", output.stdout_text()), ("standard error", output.stderr_text())];
    let told = streams.iter().map(|(stream, text)| (stream, tail(text))).filter(|(_, tail)| !tail.is_empty());
    told.map(|(stream, tail)| format!("\n\nThe end of its {stream}:\n{tail}")).collect::<Vec<_>>().concat()
}

/// The end of a text: whole lines where there are any, with a mark where something was cut.
pub(crate) fn tail(text: &str) -> String {
    let text = text.trim_end();
    if text.len() <= TOLD {
        return text.to_owned();
    }
    let end = &text[text.ceil_char_boundary(text.len() - TOLD)..];
    format!("… (cut)\n{}", end.split_once('\n').map_or(end, |(_, lines)| lines))
}
