//! What one run of a command means.

use adw_plugin_sdk::{Exit, Failure, Output};

use crate::reading::{self, Tally};

/// A command that ran.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    /// As one would type it.
    pub(crate) command: String,
    pub(crate) exit: Exit,
    /// What it printed, without escapes.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What it says of tests, where that is understood.
    pub(crate) tally: Option<Tally>,
}

/// What a run means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Tests ran, and all passed.
    Passed,
    /// There was no test to run.
    NoTest,
    /// Something is wrong with the work.
    Failed,
}

/// What ends a program from outside: somebody's or the system's doing, not the tested code's.
const FROM_OUTSIDE: [i32; 3] = [2, 9, 15];

impl Ran {
    /// Reads what a command printed.
    pub(crate) fn new(command: String, output: &Output) -> Self {
        let stdout = reading::without_escapes(&output.stdout_text());
        let stderr = reading::without_escapes(&output.stderr_text());
        let tally = reading::read(&format!("{stdout}\n{stderr}"));
        Self { command, exit: output.exit, stdout, stderr, tally }
    }

    /// Judges it, for the stage of this name. Neither the exit code nor the output is trusted alone: either can say that it failed, and a pass
    /// needs both.
    pub(crate) fn verdict(&self, stage: &str, trust_exit_code: bool) -> Result<Verdict, Failure> {
        match (&self.exit, &self.tally) {
            (Exit::TimedOut, _) => {
                Err(Failure::retryable("timeout", format!("`{}` was ended: its time was over", self.command)))
            }
            (Exit::Signal(signal), _) if FROM_OUTSIDE.contains(signal) => Err(Failure::retryable(
                "interrupted",
                format!("`{}` was ended from outside, by signal {signal}", self.command),
            )),
            (_, Some(tally)) if tally.failed > 0 => Ok(Verdict::Failed),
            (_, Some(_)) if self.found_none() => Ok(Verdict::NoTest),
            (Exit::Code(0), Some(_)) => Ok(Verdict::Passed),
            (Exit::Code(0), None) if trust_exit_code => Ok(Verdict::Passed),
            (Exit::Code(0), None) => Err(Failure::fatal(format!(
                "couldn't understand what `{}` printed: it exited with 0, but says nothing of tests that ran. Set \
                 `command` to one that does, or, where 0 says enough, add to adw.toml:\n\n\
                 [stages.{stage}.config]\ntrust_exit_code = true",
                self.command
            ))),
            (Exit::Code(_) | Exit::Signal(_), _) => match self.missing_module() {
                Some(module) => Err(Failure::fatal(format!(
                    "`{}` can't run: Python has no module {module}; install it where the server runs",
                    self.command
                ))),
                None => Ok(Verdict::Failed),
            },
        }
    }

    /// Whether it says that it ran no test. Runners that find nothing say so, and some exit with another code than 0 then.
    pub(crate) fn found_none(&self) -> bool {
        let none = |tally: &Tally| tally.found_none || tally.passed == 0 && self.exit == Exit::Code(0);
        self.tally.as_ref().is_some_and(|tally| tally.failed == 0 && none(tally))
    }

    /// The test runner that Python was told to run and doesn't have: no agent can mend that in the repository.
    pub(crate) fn missing_module(&self) -> Option<&str> {
        let module = self.stderr.trim_end().rsplit_once("No module named ")?.1;
        let asked = self.command.split_once(" -m ")?.1.split_whitespace().next()?;
        (self.tally.is_none() && module.trim_matches('\'') == asked).then_some(module)
    }
}
