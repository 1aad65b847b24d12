//! Programs of calls: each is run once, by a supervisor that outlives the server.
//!
//! A call in doubt whose program was begun takes the program's answer, whether it is still at work or has ended meanwhile.
//! Where there will never be one, the program's traces are taken off the worktree, and it is run again.

use std::{io, sync::PoisonError};

use adw_agents::{
    exec::{Command, ExecError, Exit, LineSink, Output, Runner},
    supervisor::{self, Found, FoundRun, Lost, LostBy, State, Supervised},
};
use adw_host::{CallError, Stop};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::Live;
use crate::{
    calls::{Before, blocking},
    journal::OpenCall,
    logs::{LogLevel, LogSource},
    programs,
};

/// How often the program of a call is begun, within one run of an attempt, before the call is given up.
const MOST_TRIES: u32 = 3;

/// What a call came to in the place of an answer.
pub(super) enum Unanswered {
    /// An error that the guest sees.
    Error(CallError),
    /// The attempt ends.
    Stop(Stop),
    /// Its program was begun, and nobody will ever know what came of it. What is left of it has been ended.
    Interrupted(String),
}

impl From<CallError> for Unanswered {
    fn from(error: CallError) -> Self {
        Self::Error(error)
    }
}

impl From<Stop> for Unanswered {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Runs the program of one call.
pub(super) struct CallRunner<'a> {
    pub(super) live: &'a Live,
    pub(super) n: u32,
    /// Stops the program, as whatever stops the attempt's programs does.
    pub(super) stop: &'a CancellationToken,
}

#[async_trait]
impl Runner for CallRunner<'_> {
    async fn run(&self, command: Command, on_line: LineSink<'_>) -> Result<Output, ExecError> {
        self.live.run_program(self.n, command, self.stop, on_line).await
    }

    fn tell_again(&self, on_line: LineSink<'_>) {
        let folder = self.live.calls.program(self.n);
        if let Err(error) = supervisor::tell_again(&folder, on_line) {
            tracing::warn!(folder = %folder.display(), %error, "what a program has written can't be read again");
        }
    }
}

impl Live {
    /// What a call that runs a program came to; nothing where it is to be made again, on the worktree as it was before: then
    /// that has been made ready. `tries` counts how often it was made.
    pub(super) async fn settle<T>(
        &self,
        n: u32,
        tries: &mut u32,
        came_to: Result<T, Unanswered>,
    ) -> Option<Result<Result<T, CallError>, Stop>> {
        let how = match came_to {
            Ok(answer) => return Some(Ok(Ok(answer))),
            Err(Unanswered::Error(error)) => return Some(Ok(Err(error))),
            Err(Unanswered::Stop(stop)) => return Some(Err(stop)),
            Err(Unanswered::Interrupted(_)) if self.is_stopped() => return Some(Err(Stop::Cancelled)),
            Err(Unanswered::Interrupted(how)) => how,
        };
        *tries += 1;
        if *tries == MOST_TRIES {
            let message = format!("{how}; that was the last of {MOST_TRIES} tries in a row");
            return Some(Ok(Err(CallError::Interrupted(message))));
        }
        self.undo(n, &how).await.err().map(|error| Ok(Err(error)))
    }

    /// What was before a call whose program was begun by an earlier run of the attempt. It works on the tree, or has: the
    /// tree is left as it is. `what` is that program, for a person.
    pub(super) async fn begun(&self, n: u32, what: &str) -> Result<Option<Before>, CallError> {
        if !self.is_in_doubt(n) {
            return Ok(None);
        }
        match self.state_of_program(n).await? {
            None | Some(State::Unclaimed) => return Ok(None),
            Some(State::Alive) => {
                self.say(LogLevel::Info, LogSource::Runtime, format!("{what} is still at work, and goes on"))
                    .await;
            }
            Some(State::Ended | State::Lost) => {}
        }
        self.noted(n).await
    }

    /// Whether the call in doubt has begun a program, which works on the tree then, or has.
    pub(super) async fn has_begun_program(&self) -> Result<bool, CallError> {
        let Some(call) = self.in_doubt() else { return Ok(false) };
        let state = self.state_of_program(call.n).await?;
        Ok(state.is_some_and(|state| state != State::Unclaimed))
    }

    /// Runs the program of a call, or goes on with it where it was begun already. A stop of the server that lets programs
    /// go on leaves it behind; `stop_it` ends it.
    pub(super) async fn run_program(
        &self,
        n: u32,
        command: Command,
        stop_it: &CancellationToken,
        on_line: LineSink<'_>,
    ) -> Result<Output, ExecError> {
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner) = Some(n);
        let (engine, stop) = (&self.options.engine, &self.options.stop);
        let (program, folder, owner) = (command.program.clone(), self.calls.program(n), self.owner());
        let supervised = supervisor::run(&engine.supervisor, &folder, command, &owner, stop_it, on_line);
        let ran = tokio::select! {
            ran = supervised => ran,
            () = stop.leaves_programs() => {
                return Err(ExecError::Interrupted { program, how: "the server stops, and it goes on".to_owned() });
            }
        };
        let how = match ran {
            // Somebody else did: a service manager that ended all it had started, or a server that was told to.
            Ok(Supervised::Ended { output, .. })
                if output.exit == Exit::Cancelled && !stop_it.is_cancelled() =>
            {
                "it was stopped in the middle of its work".to_owned()
            }
            Ok(Supervised::Ended { output, found }) => {
                if found == Found::Read {
                    let message = format!("`{program}` had ended while no server was there to hear of it");
                    self.say(LogLevel::Info, LogSource::Runtime, message).await;
                }
                if let Some(why) = &output.shortened {
                    let message = format!("what `{program}` wrote is cut in its answer: {why}");
                    self.say(LogLevel::Warn, LogSource::Runtime, message).await;
                }
                return Ok(output);
            }
            Ok(Supervised::Lost(lost)) => how_lost(&lost),
            Err(error) => {
                // What can't be followed is not left to itself.
                programs::end(self.program(n).await.ok().flatten().into_iter().collect()).await;
                return Err(error);
            }
        };
        Err(ExecError::Interrupted { program, how })
    }

    /// Takes the worktree back to what it was before a call that was interrupted, and makes room for another try.
    async fn undo(&self, n: u32, how: &str) -> Result<(), CallError> {
        let Some(before) = self.noted(n).await? else {
            return Err(CallError::Interrupted(format!("{how}, and what was before it is not known")));
        };
        self.restore(&before).await?;
        let made = self.insist(|| {
            let folder = self.calls.program(n);
            blocking(move || supervisor::next_try(&folder))
        });
        made.await.map_err(|error| CallError::Unavailable(format!("it can't be tried again: {error}")))?;
        let message = format!("{how}; call {n} is made again, on the worktree as it was before it");
        self.say(LogLevel::Warn, LogSource::Runtime, message).await;
        Ok(())
    }

    pub(super) async fn state_of_program(&self, n: u32) -> Result<Option<State>, CallError> {
        let found = self.program(n).await;
        found.map(|run| run.map(|run| run.state)).map_err(|error| unseen(&error))
    }

    /// How often the call's program was begun, with the one that is at work, or comes next.
    pub(super) async fn tries(&self, n: u32) -> Result<u32, CallError> {
        let found = self.program(n).await;
        found.map(|run| run.map_or(1, |run| run.tries)).map_err(|error| unseen(&error))
    }

    async fn program(&self, n: u32) -> io::Result<Option<FoundRun>> {
        let folder = self.calls.program(n);
        blocking(move || FoundRun::at(&folder)).await
    }

    /// Whether the call was made before, by this run of the attempt or an earlier one, and has no answer.
    pub(super) fn is_in_doubt(&self, n: u32) -> bool {
        self.has_run(n) || self.in_doubt().is_some_and(|call| call.n == n)
    }

    /// The call that an earlier run of the attempt was cut off in.
    fn in_doubt(&self) -> Option<OpenCall> {
        self.options.open_call.filter(|call| !call.parked)
    }

    /// Whether this run of the attempt has begun the call's program.
    pub(super) fn has_run(&self, n: u32) -> bool {
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner) == Some(n)
    }

    /// Forgets the program of the last call that ran one, so that what programs write doesn't pile up.
    pub(super) async fn forget_program_before(&self, n: u32) {
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner).take_if(|ran| *ran != n);
        if let Some(ran) = ran {
            self.forget_program(ran).await;
        }
    }

    pub(super) async fn forget_program(&self, n: u32) {
        programs::forget(programs::or_none(self.program(n).await.map(|run| run.into_iter().collect()))).await;
    }

    /// Forgets all programs of the attempt, which has ended. One that nobody came to take up is ended.
    pub(crate) async fn forget_programs(&self) {
        // Without a workspace nothing runs.
        if self.options.resumed || self.workspace.get().is_some() {
            let attempt = self.calls.folder();
            programs::forget(
                self.programs().await.into_iter().filter(|run| run.folder.starts_with(&attempt)).collect(),
            )
            .await;
        }
    }

    /// Ends what an earlier server left of attempts that were superseded: it would work in the tree of this one.
    pub(super) async fn end_programs_of_other_attempts(&self) {
        let attempt = self.calls.folder();
        let others = self.programs().await.into_iter().filter(|run| !run.folder.starts_with(&attempt));
        programs::forget(others.collect()).await;
    }

    async fn programs(&self) -> Vec<FoundRun> {
        let (calls, id) = (self.options.engine.calls.clone(), self.options.id);
        programs::or_none(blocking(move || calls.programs_of(id)).await)
    }
}

fn unseen(error: &io::Error) -> CallError {
    CallError::Unavailable(format!("the call's program can't be looked at: {error}"))
}

fn how_lost(lost: &Lost) -> String {
    let why = match lost.why {
        LostBy::DeadSupervisor => "its supervisor was killed",
        LostBy::UnreadableClaim | LostBy::UnreadableExit => "what its supervisor wrote down can't be read",
    };
    let ended = match lost.left.ended {
        0 => String::new(),
        1 => ", and the process that was left of it was ended".to_owned(),
        left => format!(", and the {left} processes that were left of it were ended"),
    };
    let survivors = match lost.left.survivors {
        0 => String::new(),
        left => format!(", but for {left} that don't end"),
    };
    format!("{why}{ended}{survivors}")
}
