//! The plain command: any program that does the work by itself.

use std::{io, time::Duration};

use crate::agent::{Answer, Request, Silence, Tools};
use crate::event::AgentEvent;
use crate::exec::{Captured, Command, ExecError, Exit, Output, Stdin, Stream};
use crate::failure::{AgentFailure, ErrorClass};
use crate::structured;
use crate::usage::{Totals, UsageRules};

/// Stands for the prompt in an argument.
const PROMPT: &str = "{prompt}";
/// What of its last words stands in a failure.
const TAIL: usize = 2000;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argv {
    program: String,
    args: Vec<String>,
}

/// A command line has to name a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`command` is empty; give the program and its arguments, such as [\"my-agent\", \"{{prompt}}\"]")]
pub struct EmptyArgv;

impl Argv {
    /// The program and what follows it.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The arguments, with the prompt in its places; and whether it has any.
    fn fill(&self, prompt: &str) -> (Vec<String>, bool) {
        let filled = self.args.iter().map(|arg| arg.replace(PROMPT, prompt)).collect();
        (filled, self.args.iter().any(|arg| arg.contains(PROMPT)))
    }
}

impl TryFrom<Vec<String>> for Argv {
    type Error = EmptyArgv;

    fn try_from(mut words: Vec<String>) -> Result<Self, Self::Error> {
        if words.first().is_none_or(String::is_empty) {
            return Err(EmptyArgv);
        }
        let args = words.split_off(1);
        Ok(Self { program: words.swap_remove(0), args })
    }
}

/// Runs the program in the workspace, with the prompt where its arguments want it, else on standard input.
pub(crate) async fn run(
    argv: &Argv,
    usage: &UsageRules,
    request: Request,
    tools: Tools<'_>,
) -> Result<Answer, AgentFailure> {
    let (filled, has_prompt) = argv.fill(&request.prompt);
    let command = Command {
        program: argv.program.clone(),
        args: filled,
        env: request.env,
        cwd: tools.cwd.to_owned(),
        stdin: if has_prompt { Stdin::Null } else { Stdin::Bytes(request.prompt.into_bytes()) },
        timeout: request.timeout,
        silence: request.silence.as_ref().map(|silence| silence.longest),
    };
    let (events, mut totals) = (tools.events, Totals::default());
    tools.runner.tell_again(&mut |stream, line| {
        if stream == Stream::Stdout {
            totals.hear(usage, line, events);
        }
    });
    let mut on_line = |stream: Stream, line: &str| {
        events(AgentEvent::Log { stream, line: line.to_owned() });
        if stream == Stream::Stdout {
            totals.hear(usage, line, events);
        }
    };
    let output = tools.runner.run(command, &mut on_line).await.map_err(|error| not_run(&error))?;
    let text = output.stdout.text().trim_end().to_owned();
    // Also lines that were too long to be told, or came too late.
    text.lines().for_each(|line| totals.hear(usage, line, events));
    judge(argv, &output, request.timeout, request.silence.as_ref())?;
    let structured = if request.schema.is_some() {
        let value = structured::last_value(&output.stdout.last_lines());
        Some(value.ok_or_else(|| nothing_structured(argv, &output))?)
    } else {
        None
    };
    Ok(Answer { text, structured, usage: totals.into_usage(), ..Answer::default() })
}

fn not_run(error: &ExecError) -> AgentFailure {
    let class = match error {
        ExecError::NotFound { .. } | ExecError::NoPermission { .. } | ExecError::NotExecutable { .. } => {
            ErrorClass::MissingExecutable
        }
        ExecError::Interrupted { .. } => ErrorClass::Interrupted,
        // Nothing is begun that could not be written down.
        ExecError::Unsupervised { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
            ErrorClass::Unavailable
        }
        _ => ErrorClass::Crashed,
    };
    AgentFailure::new(class, error.to_string())
}

fn judge(
    argv: &Argv,
    output: &Output,
    timeout: Option<Duration>,
    silence: Option<&Silence>,
) -> Result<(), AgentFailure> {
    let program = argv.program();
    let (class, what) = match output.exit {
        Exit::Code(0) => return Ok(()),
        Exit::Code(code) => (ErrorClass::Crashed, format!("`{program}` ended with code {code}")),
        Exit::Signal(signal) => (ErrorClass::Crashed, format!("`{program}` was ended by signal {signal}")),
        Exit::TimedOut => {
            let given = timeout.unwrap_or_default().as_secs_f64();
            (ErrorClass::Timeout, format!("`{program}` was stopped after the {given} s that it was given"))
        }
        Exit::Silent => {
            let told = silence.map(|silence| silence.told(program));
            (ErrorClass::Timeout, told.unwrap_or_else(|| format!("`{program}` was stopped for its silence")))
        }
        Exit::Cancelled => (ErrorClass::Cancelled, format!("`{program}` was stopped")),
    };
    let said = last_words(&output.stderr).or_else(|| last_words(&output.stdout));
    let message = said.map_or_else(|| what.clone(), |said| format!("{what}: {said}{}", remedy(&said)));
    Err(AgentFailure::new(class, message))
}

/// What a person can do about what a program said.
fn remedy(said: &str) -> &'static str {
    let no_space =
        ["No space left", "Disk quota exceeded", "Out of diskspace"].iter().any(|words| said.contains(words));
    if no_space { "\nFree some space there, and `adw retry ID` what has failed for want of it" } else { "" }
}

/// The end of a stream, from the start of a line where one begins.
fn last_words(stream: &Captured) -> Option<String> {
    let text = stream.text();
    let text = text.trim();
    let cut = text.ceil_char_boundary(text.len().saturating_sub(TAIL));
    let tail = &text[cut..];
    let tail =
        if cut == 0 { tail } else { tail.split_once('\n').map_or(tail, |(_, whole_lines)| whole_lines) };
    (!tail.is_empty()).then(|| tail.to_owned())
}

fn nothing_structured(argv: &Argv, output: &Output) -> AgentFailure {
    let program = argv.program();
    if let (Some(why), 1..) = (&output.shortened, output.stdout.cut) {
        let message = format!(
            "`{program}` has done its work, and the JSON value that it printed could not be kept: {why}\nFree some space there, and `adw retry ID` asks it again"
        );
        return AgentFailure::new(ErrorClass::OutputLost, message);
    }
    let message =
        format!("`{program}` was asked for a JSON value and printed none; print it as the last line");
    AgentFailure::new(ErrorClass::EmptyOrUnparsableOutput, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn argv(words: &[&str]) -> Argv {
        Argv::try_from(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_prompt_stands_in_an_argument_or_goes_to_stdin() {
        let exact = argv(&["agent", "-p", "{prompt}"]).fill("do {prompt} it");
        assert_eq!(exact, (vec!["-p".to_owned(), "do {prompt} it".to_owned()], true));
        assert_eq!(argv(&["agent", "--p={prompt}!"]).fill("x"), (vec!["--p=x!".to_owned()], true));
        assert_eq!(argv(&["agent", "-v"]).fill("x"), (vec!["-v".to_owned()], false));
    }

    #[test]
    fn a_command_line_names_a_program() {
        assert_eq!(Argv::try_from(Vec::new()), Err(EmptyArgv));
        assert_eq!(Argv::try_from(vec![String::new()]), Err(EmptyArgv));
        insta::assert_snapshot!(EmptyArgv, @r#"`command` is empty; give the program and its arguments, such as ["my-agent", "{prompt}"]"#);
    }

    #[test]
    fn last_words_are_whole_lines() {
        let stream = |text: &str| Captured { bytes: text.as_bytes().to_vec(), cut: 0 };
        assert_eq!(last_words(&stream(" \n")), None);
        assert_eq!(last_words(&stream("one\ntwo\n")).unwrap(), "one\ntwo");
        let long = format!("{}\nlast line\n", "ä".repeat(TAIL));
        assert_eq!(last_words(&stream(&long)).unwrap(), "last line");
    }
}
