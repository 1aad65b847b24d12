//! `adw supervise FOLDER`: what the server starts beside every program that it runs, so that the program outlives it.
//!
//! It is no command for people: it stands in no help, reads no configuration, and begins before the command line is
//! parsed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::failure::Exit;

/// The word that it begins with.
pub(crate) const COMMAND: &str = "supervise";

/// The folder, where this process is to be a supervisor.
pub(crate) fn asked_for(mut arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let (command, folder) = (arguments.nth(1)?, arguments.next()?);
    (command == COMMAND && arguments.next().is_none()).then(|| folder.into())
}

pub(crate) fn run(folder: &Path) -> Exit {
    match adw_agents::supervisor::supervise(folder) {
        Ok(()) => Exit::Done,
        // Whoever started it was told why.
        Err(_) => Exit::Usage,
    }
}
