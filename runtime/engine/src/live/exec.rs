//! exec: running a program in the worktree.

use std::{
    path::{Component, Path, PathBuf},
    time::Duration,
};

use adw_agents::{
    Environment, Owner, Silence,
    exec::{self, ExecError, Stdin, Stream},
};
use adw_host::{
    Bytes, CallError, Stop,
    capability::exec::{Command, Exit, Output},
};

use super::{Live, program::Unanswered};
use crate::logs::{LogLevel, LogSource};

impl Live {
    pub(super) async fn exec(&self, n: u32, command: Command) -> Result<Result<Output, CallError>, Stop> {
        let mut tries = 0;
        loop {
            let came_to = self.exec_once(n, command.clone()).await;
            if let Some(answer) = self.settle(n, &mut tries, came_to).await {
                return answer;
            }
        }
    }

    async fn exec_once(&self, n: u32, command: Command) -> Result<Output, Unanswered> {
        let root = self.workspace().await?.path();
        let cwd = if self.begun(n, &format!("`{}`", command.program)).await?.is_some() {
            root.to_owned()
        } else {
            // A call that is made again may find nothing left to spend.
            if self.options.resumed {
                self.within_budget().await?;
            }
            let cwd = folder_within(root, command.cwd.as_deref())?;
            self.back_to_before(n, &format!("before {}", command.program), None).await?;
            let line = format!("$ {} {}", command.program, command.args.join(" "));
            self.say(LogLevel::Info, LogSource::Runtime, line.trim_end()).await;
            cwd
        };
        let timeout = self.time_left(command.timeout_ms);
        let (name, silence) = (command.program.clone(), self.silence());
        let program = exec::Command {
            program: command.program,
            args: command.args,
            env: self.environment(&[]).with_all(command.env),
            cwd,
            stdin: command.stdin.map_or(Stdin::Null, |bytes| Stdin::Bytes(bytes.0)),
            timeout: Some(timeout),
            silence: silence.as_ref().map(|silence| silence.longest),
        };
        let ran = self
            .logged(LogSource::Exec, async |lines| {
                let mut on_line = |stream, line: &str| lines.push(level(stream), line);
                self.run_program(n, program, self.options.stop.programs(), &mut on_line).await
            })
            .await;
        let output = ran.map_err(|error| refused(&error))?;
        let exit = match output.exit {
            exec::Exit::Code(code) => Exit::Code(code),
            exec::Exit::Signal(signal) => Exit::Signal(signal),
            exec::Exit::TimedOut => Exit::TimedOut,
            exec::Exit::Silent => {
                let told =
                    silence.map_or_else(|| format!("`{name}` was silent"), |silence| silence.told(&name));
                return Err(CallError::Timeout(told).into());
            }
            exec::Exit::Cancelled => return Err(Stop::Cancelled.into()),
        };
        Ok(Output {
            exit,
            stdout: Bytes(output.stdout.bytes),
            stderr: Bytes(output.stderr.bytes),
            duration_ms: u64::try_from(output.duration.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// For whom programs run: a restarted server finds by this what its predecessor left.
    pub(super) fn owner(&self) -> Owner {
        self.options.engine.owner(&self.options.workflow.adw_id)
    }

    /// What programs see of the server's environment, and of the workflow.
    pub(super) fn environment(&self, beyond: &[String]) -> Environment {
        let environment = Environment::inherit(beyond);
        match self.workspace.get() {
            Some(opened) => environment.with_all(opened.workspace.environment()),
            None => environment,
        }
    }

    /// How long a program of this stage may write nothing.
    pub(super) fn silence(&self) -> Option<Silence> {
        let spec = &self.options.spec;
        let longest = Duration::from_millis(spec.silence_ms?);
        Some(Silence { longest, remedy: format!("stages.{}.silence raises that", spec.name) })
    }
}

/// A folder of the worktree. Programs are not confined to it, so this only keeps honest ones from going astray.
fn folder_within(root: &Path, relative: Option<&str>) -> Result<PathBuf, CallError> {
    let Some(relative) = relative else { return Ok(root.to_owned()) };
    let inside =
        Path::new(relative).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let folder = root.join(relative);
    match folder.canonicalize() {
        Ok(real) if inside && real.starts_with(root) => Ok(real),
        Ok(_) => Err(CallError::Invalid(format!("cwd {relative:?} leads out of the worktree"))),
        Err(error) => {
            Err(CallError::NotFound(format!("there is no folder {relative:?} in the worktree: {error}")))
        }
    }
}

pub(super) fn level(stream: Stream) -> LogLevel {
    match stream {
        Stream::Stdout => LogLevel::Info,
        Stream::Stderr => LogLevel::Warn,
    }
}

fn refused(error: &ExecError) -> Unanswered {
    let message = error.to_string();
    Unanswered::Error(match error {
        ExecError::Interrupted { .. } => return Unanswered::Interrupted(message),
        ExecError::NotFound { .. } | ExecError::NoSuchFolder { .. } => CallError::NotFound(message),
        ExecError::NoPermission { .. }
        | ExecError::NotExecutable { .. }
        | ExecError::TooLong { .. }
        | ExecError::Invalid { .. } => CallError::Invalid(message),
        _ => CallError::Unavailable(message),
    })
}
