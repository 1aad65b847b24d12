//! `adw supervise`, for tests of crates that the command is built of.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else { return ExitCode::FAILURE };
    // Whoever started it was told why.
    adw_agents::supervisor::supervise(folder.as_ref()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
