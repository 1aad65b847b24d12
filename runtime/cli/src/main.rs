//! The command `adw`: serves, and asks a server whatever there is to ask.

mod agents;
mod alone;
mod arguments;
mod asked;
mod changes;
mod client;
mod clock;
mod commands;
mod context;
mod doctor;
mod errand;
mod failure;
mod follow;
mod git;
mod holder;
mod input;
mod log;
mod occupant;
mod output;
mod progress;
mod projects;
mod reloads;
mod server;
mod signals;
mod standing;
mod style;
mod supervise;
mod terminal;
mod untested;
mod watch;
mod whereabouts;

use std::process::ExitCode;

use clap::Parser;

use arguments::Cli;
use failure::{Exit, Failure};
use output::Output;

fn main() -> ExitCode {
    // Before anything else: it is started for every program that is run.
    if let Some(folder) = supervise::asked_for(std::env::args_os()) {
        return ExitCode::from(supervise::run(&folder));
    }
    let exit = match Cli::try_parse() {
        Ok(cli) => {
            let output = Output::new(cli.json);
            commands::run(cli, output).unwrap_or_else(|failure| report(output, &failure))
        }
        Err(error) if error.use_stderr() && asks_for_json() => {
            report(Output::new(true), &Failure::Arguments(error))
        }
        Err(error) => match error.print() {
            _ if error.use_stderr() => Exit::Usage,
            Ok(()) => Exit::Done,
            // Help and version are answers, on stdout.
            Err(unwritten) => report(Output::new(false), &unwritten.into()),
        },
    };
    ExitCode::from(exit)
}

/// What a person, or a program, is told when a command came to nothing.
fn report(output: Output, failure: &Failure) -> Exit {
    if !failure.is_closed_output() {
        // Where this can't be written either, the exit code still says it.
        let _ = output.failure(failure);
    }
    failure.exit()
}

/// Arguments that can't be understood still say how the answer is to look.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}
