//! `exec`: running a program in the worktree.

use serde::{Deserialize, Serialize};

use super::bounds::{self, KIB, MIB};
use crate::bindings::adw::stage::exec as bindings;
use crate::bytes::Bytes;
use crate::call::{self, CallError};
use crate::guest::{Guest, Refused};

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its name, or its path in the worktree.
    pub program: String,
    /// Its arguments, without its name.
    pub args: Vec<String>,
    /// Added to the environment that the operator lets through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// A folder of the worktree; its root when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// What it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Bytes>,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// The command line, the program first, as grants see it.
pub(crate) fn argv(command: &Command) -> Vec<&str> {
    std::iter::once(command.program.as_str()).chain(command.args.iter().map(String::as_str)).collect()
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was stopped when its time was up.
    TimedOut,
}

/// What a program left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote; at most 1 MiB, cut in the middle with a mark.
    pub stdout: Bytes,
    /// Likewise.
    pub stderr: Bytes,
    /// How long it took.
    pub duration_ms: u64,
}

const PROGRAM: usize = 4 * KIB;
const ARGS: usize = 1_000;
const ARGS_LENGTH: usize = 128 * KIB;
const VARIABLES: usize = 100;
const VARIABLES_LENGTH: usize = 64 * KIB;
const STDIN: usize = 8 * MIB;

impl bindings::Host for Guest {
    async fn run(&mut self, command: bindings::Command) -> Result<bindings::Output, Refused> {
        let command = Command::from(command);
        command.check()?;
        let output = self
            .ask(call::Call::Exec(command), |reply| match reply {
                call::Reply::Exec(output) => Some(output),
                _ => None,
            })
            .await?;
        Ok(output.into())
    }
}

impl Command {
    /// Holds it to its bounds, and to what the operating system can be told at all.
    fn check(&self) -> Result<(), CallError> {
        bounds::name("the program", &self.program, PROGRAM)?;
        bounds::at_most("the number of arguments", self.args.len(), ARGS)?;
        bounds::at_most("the arguments' length", self.args.iter().map(String::len).sum(), ARGS_LENGTH)?;
        bounds::pairs("variables", &self.env, VARIABLES, VARIABLES_LENGTH)?;
        if let Some(cwd) = &self.cwd {
            bounds::path("the folder", cwd)?;
        }
        bounds::at_most("the input's length", self.stdin.as_ref().map_or(0, |bytes| bytes.0.len()), STDIN)?;
        if self.args.iter().any(|arg| arg.contains('\0')) {
            return Err(CallError::Invalid("an argument holds a zero byte".to_owned()));
        }
        let misnamed = |name: &str| name.is_empty() || name.contains(['=', '\0']);
        if self.env.iter().any(|(name, value)| misnamed(name) || value.contains('\0')) {
            return Err(CallError::Invalid("a variable has no proper name or value".to_owned()));
        }
        Ok(())
    }
}

impl From<bindings::Command> for Command {
    fn from(command: bindings::Command) -> Self {
        let bindings::Command { program, args, env, cwd, stdin, timeout_ms } = command;
        Self { program, args, env, cwd, stdin: stdin.map(Bytes), timeout_ms }
    }
}

impl From<Output> for bindings::Output {
    fn from(output: Output) -> Self {
        let exit = match output.exit {
            Exit::Code(code) => bindings::Exit::Code(code),
            Exit::Signal(signal) => bindings::Exit::Signal(signal),
            Exit::TimedOut => bindings::Exit::TimedOut,
        };
        Self { exit, stdout: output.stdout.0, stderr: output.stderr.0, duration_ms: output.duration_ms }
    }
}
