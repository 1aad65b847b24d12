//! A file per command.

pub(crate) mod answer;
pub(crate) mod cancel;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod init;
pub(crate) mod journal;
pub(crate) mod logs;
pub(crate) mod ls;
pub(crate) mod pause;
pub(crate) mod reload;
pub(crate) mod replay;
pub(crate) mod resume;
pub(crate) mod retry;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod watch;

use std::io;

use adw_core::{AdwId, InvalidName};
use tokio::runtime::{Builder, Runtime};

use crate::arguments::{Cli, Command};
use crate::context::{Context, Outdated};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Carries a command out.
pub(crate) fn run(cli: Cli, output: Output) -> Result<Exit, Failure> {
    let outdated = match &cli.command {
        Command::Run(run) => run.outdated(),
        Command::Reload(_) => Outdated::Untold,
        _ => Outdated::Told,
    };
    let cx = Context { output, server: cli.server, outdated };
    match cli.command {
        Command::Init(init) => init.run(&cx),
        Command::Check(check) => runtime(Builder::new_multi_thread())?.block_on(check.run(&cx)),
        Command::Doctor(doctor) => {
            let runtime = runtime(Builder::new_multi_thread())?;
            let examined = runtime.block_on(doctor.run(&cx));
            // What hangs is not waited for a second time.
            runtime.shutdown_background();
            examined
        }
        Command::Serve(serve) => serve.run(&cx, runtime(Builder::new_multi_thread())?),
        Command::Run(run) => perhaps_alone(run.run(&cx)),
        Command::Ls(ls) => client()?.block_on(ls.run(&cx)),
        Command::Show(show) => client()?.block_on(show.run(&cx)),
        Command::Logs(logs) => client()?.block_on(logs.run(&cx)),
        Command::Journal(journal) => client()?.block_on(journal.run(&cx)),
        Command::Replay(replay) => client()?.block_on(replay.run(&cx)),
        Command::Diff(diff) => client()?.block_on(diff.run(&cx)),
        Command::Answer(answer) => perhaps_alone(answer.run(&cx)),
        Command::Watch(watch) => client()?.block_on(watch.run(&cx)),
        Command::Pause(pause) => client()?.block_on(pause.run(&cx)),
        Command::Resume(resume) => perhaps_alone(resume.run(&cx)),
        Command::Cancel(cancel) => client()?.block_on(cancel.run(&cx)),
        Command::Retry(retry) => perhaps_alone(retry.run(&cx)),
        Command::Reload(reload) => client()?.block_on(reload.run(&cx)),
        Command::Completions(completions) => completions.run(),
    }
}

/// Of one that may be a server for a while.
fn perhaps_alone(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = runtime(Builder::new_multi_thread())?;
    let ended = runtime.block_on(command);
    // Where it was one, a person in a hurry doesn't wait for what is still at work.
    runtime.shutdown_background();
    ended
}

fn client() -> Result<Runtime, Failure> {
    runtime(Builder::new_current_thread())
}

fn runtime(mut builder: Builder) -> Result<Runtime, Failure> {
    let refused = |source: io::Error| Failure::File { what: "start threads".to_owned(), source };
    builder.enable_all().build().map_err(refused)
}

/// Reads an id from the command line.
fn adw_id(text: &str) -> Result<AdwId, InvalidName> {
    text.parse()
}
