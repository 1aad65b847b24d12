//! Programs that run in the worktree.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::capability::milliseconds;
use crate::imports::exec;
use crate::{Cx, Error, Result};

/// A program to run in the worktree, built up like [`std::process::Command`]. There is no shell.
///
/// ```
/// # use adw_plugin_sdk::prelude::*;
/// # fn check(cx: &Cx) -> Result<(), Failure> {
/// let output = cx.exec("cargo").args(["test", "--workspace"]).run()?;
/// if !output.success() {
///     return Err(Failure::rework(output.stderr_text().into_owned()));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a command does nothing until it is `run`"]
pub struct Command<'cx> {
    command: exec::Command,
    run: PhantomData<&'cx Cx>,
}

impl<'cx> Command<'cx> {
    pub(crate) fn of(_: &'cx Cx, program: String) -> Self {
        let command = exec::Command {
            program,
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
            stdin: None,
            timeout_ms: None,
        };
        Self { command, run: PhantomData }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.command.args.push(argument.into());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.command.args.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a variable to the environment that the operator lets through.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.command.env.push((name.into(), value.into()));
        self
    }

    /// Runs it in a folder of the worktree rather than in its root.
    pub fn cwd(mut self, folder: impl Into<String>) -> Self {
        self.command.cwd = Some(folder.into());
        self
    }

    /// Gives it something to read; otherwise its standard input is empty.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.command.stdin = Some(input.into());
        self
    }

    /// Ends it after a while. What is left of the stage's own timeout bounds it in any case.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.command.timeout_ms = Some(milliseconds(timeout));
        self
    }

    /// Runs it to its end. A program that ends badly is an [`Output`], not an error.
    pub fn run(self) -> Result<Output> {
        let output = exec::run(&self.command).map_err(Error::from)?;
        Ok(Output {
            exit: output.exit.into(),
            stdout: output.stdout,
            stderr: output.stderr,
            duration: Duration::from_millis(output.duration_ms),
        })
    }
}

/// What came of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote: at most 1 MiB, the first and the last half with a mark between them where something was cut.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, bounded likewise.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub duration: Duration,
}

impl Output {
    /// Whether it ended by itself with code 0.
    pub fn success(&self) -> bool {
        self.exit == Exit::Code(0)
    }

    /// What it wrote as text; bytes that aren't become `�`.
    pub fn stdout_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    /// What it wrote to standard error as text; bytes that aren't become `�`.
    pub fn stderr_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr)
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with a code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was ended because its time was over.
    TimedOut,
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(signal) => write!(formatter, "signal {signal}"),
            Self::TimedOut => formatter.write_str("its time was over"),
        }
    }
}

impl From<exec::Exit> for Exit {
    fn from(exit: exec::Exit) -> Self {
        match exit {
            exec::Exit::Code(code) => Self::Code(code),
            exec::Exit::Signal(signal) => Self::Signal(signal),
            exec::Exit::TimedOut => Self::TimedOut,
        }
    }
}
