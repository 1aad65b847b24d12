//! Programs that outlive the server which asked for them.
//!
//! Each is run by a small process of its own, the *supervisor*, which writes to a folder what becomes of it. A server
//! only follows that folder: one that stops, crashes or is upgraded leaves the program running, and the next one
//! adopts the run, or reads how it ended. What was run is never run again for want of somebody who watched.
//!
//! ```text
//! <run's folder>/<try>/claim     who supervises: pid, start time, boot; once it is there, nobody else starts this try
//!                      started   the program: pid, start time
//!                      output    what it writes, as it comes, up to 16 MiB
//!                      told      how far a server has passed the lines of it on
//!                      stdout    what is kept of the stream, as `exec` keeps it
//!                      stderr
//!                      exit      how it ended; once it is there, nothing changes any more
//! ```
//!
//! What the program is (its environment holds keys) never touches the disk: the supervisor is told through a pipe.
//! The files are JSON with a version, but for `output` and the two streams; they are only ever added to, and one that
//! can't be read is treated as if its run was lost.

mod claim;
mod exit;
mod folder;
mod follow;
mod lines;
mod lost;
mod order;
mod output;
mod readiness;
mod record;
mod recorder;
mod report;
mod reserved;
mod run;
mod start;
mod supervise;
mod survey;
mod told;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::exec::Output;
use watch::Watches;

pub use folder::{forget, next_try};
pub use lines::tell_again;
pub use lost::{Lost, LostBy};
pub use run::run;
pub use supervise::{Unable, supervise};
pub use survey::{FoundRun, State, end, survey};

/// What supervisors are started with, and how they are watched. Clones share the watching, which belongs to the Tokio
/// runtime that they are first used in.
#[derive(Debug, Clone)]
pub struct Supervisor {
    program: PathBuf,
    args: Vec<OsString>,
    watches: Arc<OnceCell<Watches>>,
}

/// What became of a supervised program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supervised {
    /// It has ended.
    Ended {
        /// How, and with which output.
        output: Output,
        /// How it was come by.
        found: Found,
    },
    /// Its supervisor died before it wrote how the program ended, so that nobody will ever know. What was left of the
    /// program has been ended. Whoever wants it run again undoes first what it may have done, and calls [`next_try`].
    Lost(Lost),
}

/// How an answer was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The program was started for this call.
    Fresh,
    /// It was running already.
    Adopted,
    /// It had ended already.
    Read,
}

impl Supervisor {
    /// A program, by its absolute path, that does [`supervise`] with the folder which follows these arguments.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.into(), args, watches: Arc::default() }
    }

    /// This very program: also after its file was replaced by a newer one.
    pub fn this_program(args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self::new("/proc/self/exe", args)
    }
}
