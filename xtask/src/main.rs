//! What the README's commands call: `cargo xtask <command>`.

mod arguments;
mod bench;
mod build;
mod cargo;
mod durability;
mod failure;
mod lint;
mod run;
mod setup;
mod step;
mod terminal;
mod test;

use std::process::ExitCode;

use arguments::Task;

fn main() -> ExitCode {
    let done = arguments::parse(std::env::args().skip(1)).and_then(|task| match task {
        Task::Help => {
            terminal::say(arguments::HELP);
            Ok(())
        }
        Task::Setup => setup::all(),
        Task::Run(options) => run::run(&options),
        Task::Test { filters } => test::run(&filters),
        Task::TestSuite(suite, options) => durability::run(suite, options),
        Task::Lint { dependencies } => lint::run(dependencies),
        Task::Build => build::release(),
        Task::Bench { arguments } => bench::run(&arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(&failure);
            ExitCode::FAILURE
        }
    }
}
