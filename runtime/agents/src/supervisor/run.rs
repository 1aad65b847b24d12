//! One call's program: started, adopted, or read.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::exec::{Captured, Command, ExecError, Exit, LineSink, Output};
use crate::process::mark::Owner;
use crate::supervisor::claim::Claim;
use crate::supervisor::exit::Ended;
use crate::supervisor::folder::Try;
use crate::supervisor::follow::{Follow, Followed};
use crate::supervisor::record::Reading;
use crate::supervisor::start::start;
use crate::supervisor::watch::{Watch, Watches};
use crate::supervisor::{Found, Supervised, Supervisor};

/// Sees to it that a program is run once, and answers what became of it.
///
/// `folder` is the run's own; the newest try in it counts. Where the program was not started yet, it is; where it
/// runs, it is followed; where it has ended, that is read. Lines that no earlier caller was told are told; of those
/// beyond 16 MiB of output only how much there was. Otherwise its end is what [`exec::run`](crate::exec::run) makes of
/// it: the time that it is given and the stop are the same, and so are the errors.
///
/// Dropping the future leaves the program running. `stop` stops it, whoever started it.
pub async fn run(
    supervisor: &Supervisor,
    folder: &Path,
    command: Command,
    owner: &Owner,
    stop: &CancellationToken,
    on_line: LineSink<'_>,
) -> Result<Supervised, ExecError> {
    let program = command.program.clone();
    let unsupervised =
        |source| ExecError::Unsupervised { program: program.clone(), folder: folder.to_owned(), source };
    let (of, watch) = open(supervisor, folder).await.map_err(unsupervised)?;
    let found = if !matches!(Ended::read(&of), Reading::Absent) {
        Found::Read
    } else if !matches!(Claim::read(&of), Reading::Absent) {
        Found::Adopted
    } else if stop.is_cancelled() {
        return Ok(Supervised::Ended { output: cancelled(), found: Found::Fresh });
    } else if start(supervisor, &of, &command, owner).await.map_err(unsupervised)? {
        Found::Fresh
    } else {
        Found::Adopted
    };
    drop(command);
    let followed = Follow::new(&of, watch).map_err(unsupervised)?.see_through(stop, on_line).await;
    match followed.map_err(unsupervised)? {
        Followed::Ended(ended) => match ended.restore(&of, &program) {
            Ok(output) => Ok(Supervised::Ended { output: output?, found }),
            Err(error) => {
                tracing::warn!(folder = %of.folder().display(), %error, "what a program wrote is gone");
                Ok(Supervised::Lost(Follow::unreadable()))
            }
        },
        Followed::Stopped => Ok(Supervised::Ended { output: cancelled(), found }),
        Followed::Lost(lost) => Ok(Supervised::Lost(lost)),
    }
}

/// The try that counts, watched: what happens to it from now on is heard of, what happened before stands in it.
async fn open(supervisor: &Supervisor, folder: &Path) -> io::Result<(Try, Watch)> {
    let of = match Try::newest(folder)? {
        Some(newest) => newest,
        None => Try::make(folder, 1)?,
    };
    let watches = supervisor.watches.get_or_try_init(async || Watches::new()).await?;
    let watch = watches.add(of.folder())?;
    Ok((of, watch))
}

/// Of a program that had no time to say anything.
fn cancelled() -> Output {
    let nothing = Captured { bytes: Vec::new(), cut: 0 };
    Output {
        exit: Exit::Cancelled,
        stdout: nothing.clone(),
        stderr: nothing,
        duration: Duration::ZERO,
        shortened: None,
    }
}
