//! A look at all runs that are kept under a folder, and the end of those that nobody waits for.

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::process::ladder::AT_ONCE;
use crate::process::mark::RunMark;
use crate::process::sweep::Swept;
use crate::supervisor::claim::Claim;
use crate::supervisor::exit::Ended;
use crate::supervisor::folder::Try;
use crate::supervisor::follow::{Life, STOPPING};
use crate::supervisor::lost;
use crate::supervisor::record::Reading;

/// A run, by its newest try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRun {
    /// The run's folder.
    pub folder: PathBuf,
    /// How many tries were made at it.
    pub tries: u32,
    /// Where it stands.
    pub state: State,
    /// What its processes bear: [`sweep_all_but`](crate::sweep_all_but) leaves them alone.
    pub mark: RunMark,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has begun it; a supervisor that was just started still may.
    Unclaimed,
    /// It is supervised.
    Alive,
    /// How it ended is written down.
    Ended,
    /// Its supervisor died over it; something of it may live.
    Lost,
}

impl FoundRun {
    /// Whether it goes on without anybody's help.
    pub fn may_live(&self) -> bool {
        matches!(self.state, State::Unclaimed | State::Alive)
    }

    /// The run of this folder, once there was a try at it.
    pub fn at(folder: &Path) -> io::Result<Option<Self>> {
        Ok(Try::newest(folder)?.map(|newest| Self::of(folder.to_owned(), &newest)))
    }

    fn of(folder: PathBuf, newest: &Try) -> Self {
        let claim = Claim::read(newest);
        let state = match (Ended::read(newest), &claim) {
            (Reading::There(_), _) => State::Ended,
            (Reading::Absent, Reading::Absent) => State::Unclaimed,
            (Reading::Absent, Reading::There(claim)) if is_alive(claim) => State::Alive,
            _ => State::Lost,
        };
        let mark = match claim {
            Reading::There(claim) => claim.run().clone(),
            Reading::Absent | Reading::Unreadable => newest.mark(),
        };
        Self { folder, tries: newest.number(), state, mark }
    }
}

/// All runs under a folder, however deep: whatever holds a folder whose name is a number is one.
pub fn survey(root: &Path) -> io::Result<Vec<FoundRun>> {
    let mut found = Vec::new();
    let mut ahead = vec![root.to_owned()];
    while let Some(folder) = ahead.pop() {
        if let Some(run) = FoundRun::at(&folder)? {
            found.push(run);
            continue;
        }
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            // It went while we looked, or there never was one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                ahead.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// Ends a run that nobody waits for, as a stop of it would: politely first. How it ended is written down where there is
/// somebody to do so.
pub async fn end(folder: &Path) -> io::Result<Swept> {
    let Some(of) = Try::newest(folder)? else { return Ok(Swept::default()) };
    let claim = match Claim::read(&of) {
        Reading::There(claim) => Some(claim),
        Reading::Absent | Reading::Unreadable => None,
    };
    let living = lost::family(&of, claim.as_ref()).living().len();
    if let Some(supervisor) = claim.as_ref().and_then(Claim::supervisor) {
        let mut life = Life::of(Some(supervisor))?;
        supervisor.signal(Signal::TERM);
        if tokio::time::timeout(STOPPING, life.end()).await.is_err() {
            supervisor.signal(Signal::KILL);
        }
    }
    let left = lost::end_family(&of, claim.as_ref(), AT_ONCE).await;
    Ok(Swept { ended: living.max(left.ended).saturating_sub(left.survivors), ..left })
}

fn is_alive(claim: &Claim) -> bool {
    claim.supervisor().is_some_and(crate::process::table::ProcessId::is_alive)
}
