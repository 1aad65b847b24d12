//! The supervisor itself: a process of its own.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use rustix::process::{WaitOptions, getpid, set_child_subreaper, setsid, wait, waitpid};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exec::{self, Command, ExecError};
use crate::process::mark::{Owner, RunMarks};
use crate::process::run::{self, Limits};
use crate::process::table::{self, Family, ProcessId};
use crate::supervisor::claim::{self, Claim};
use crate::supervisor::exit::Ended;
use crate::supervisor::folder::Try;
use crate::supervisor::order;
use crate::supervisor::recorder::Recorder;
use crate::supervisor::report::Report;
use crate::supervisor::reserved::Reserved;

/// A supervisor that can't do its work.
#[derive(Debug, thiserror::Error)]
#[error(
    "a program can't be supervised: {0}; this command is for the server to start, which says what to run"
)]
pub struct Unable(#[from] io::Error);

/// Supervises the program that standard input tells of, and writes to the folder of a try what becomes of it: see the
/// [module](super). Says on standard output, once, whether it has taken the program on, and lets go of both.
///
/// To be called by a process that does nothing else, has but one thread, and leads no process group. It returns once
/// nothing of the program lives.
pub fn supervise(folder: &Path) -> Result<(), Unable> {
    let begun = begin(folder);
    report(&begun);
    let Some(begun) = begun? else { return Ok(()) };
    let ended = begun.runtime.block_on(see_through(
        &begun.of,
        begun.command,
        &begun.owner,
        begun.signals,
        &begun.reserved,
    ));
    reap_all(WaitOptions::NOHANG);
    begun.reserved.write(&ended)?;
    // Whom the kernel itself holds up is waited for: it would be nobody's.
    reap_all(WaitOptions::empty());
    Ok(())
}

/// What a supervisor has when it has the try.
struct Begun {
    of: Try,
    command: Command,
    owner: Owner,
    reserved: Reserved,
    signals: Signals,
    runtime: Runtime,
}

struct Signals {
    stop: Signal,
    children: Signal,
}

/// Becomes a supervisor, and claims the try; nothing, where another one has it.
fn begin(folder: &Path) -> io::Result<Option<Begun>> {
    // Neither a terminal's signals nor the end of the server's session reach it, and whoever loses their parent
    // becomes its child.
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _context = runtime.enter();
        // Heard and not minded; ignored outright they would be ignored by the program too.
        for unminded in [SignalKind::interrupt(), SignalKind::hangup()] {
            drop(signal(unminded)?);
        }
        Signals { stop: signal(SignalKind::terminate())?, children: signal(SignalKind::child())? }
    };
    let (command, owner) = order::read(io::stdin().lock())?;
    let of = Try::at(folder)?;
    let reserved = Reserved::on(&of)?;
    let has_it = Claim::of_this_process(of.mark())?.stake(&of)?;
    Ok(has_it.then_some(Begun { of, command, owner, reserved, signals, runtime }))
}

/// Says how it stands, and lets go of whoever started this process.
fn report(begun: &io::Result<Option<Begun>>) {
    // A server that is gone finds the claim.
    if let Ok(mut said) = serde_json::to_vec(&Report::new(begun)) {
        said.push(b'\n');
        let mut stdout = io::stdout().lock();
        let _unheard = stdout.write_all(&said).and_then(|()| stdout.flush());
    }
    if let Ok(nothing) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _stdin = rustix::stdio::dup2_stdin(&nothing);
        let _stdout = rustix::stdio::dup2_stdout(&nothing);
        let _stderr = rustix::stdio::dup2_stderr(&nothing);
    }
}

/// Runs the program until nothing of it lives.
async fn see_through(
    of: &Try,
    command: Command,
    owner: &Owner,
    mut signals: Signals,
    reserved: &Reserved,
) -> Ended {
    let marks = RunMarks::of(owner, &of.mark());
    let child = match exec::start(&command, &marks).await {
        Ok(child) => child,
        Err(error) => return Ended::failed(&error),
    };
    let leader = run::leader(&child);
    if let Some(leader) = leader {
        // It only helps to find what a supervisor that was killed has left.
        let _missing = claim::write_started(of, leader);
    }
    let family = Family::new(vec![marks.run], leader).with_all_descendants();
    let stop = CancellationToken::new();
    let mut recorder = Recorder::new(of);
    let limits = Limits { timeout: command.timeout, silence: command.silence };
    let seen = {
        let seen = run::see_through(child, family, command.stdin, limits, &stop, &mut recorder);
        tokio::pin!(seen);
        loop {
            tokio::select! {
                seen = &mut seen => break seen,
                _ = signals.stop.recv() => stop.cancel(),
                _ = signals.children.recv() => reap_orphans(leader),
            }
        }
    };
    match seen {
        Ok(output) => {
            let (kept, shortened) = reserved.keep(&output, recorder.written());
            Ended::of(&output, kept, shortened)
        }
        Err(source) => Ended::failed(&ExecError::Failed { program: command.program, source }),
    }
}

/// Reaps who lost their parent and has ended; the program itself is somebody else's to reap.
fn reap_orphans(program: Option<ProcessId>) {
    for dead in table::dead_children() {
        if program.is_none_or(|program| !program.has_number(dead)) {
            let _reaped = waitpid(Some(dead), WaitOptions::NOHANG);
        }
    }
}

/// Reaps all who have ended, or wait for all to end.
fn reap_all(how: WaitOptions) {
    while let Ok(Some(_)) | Err(rustix::io::Errno::INTR) = wait(how) {}
}
