//! Hearing of changes in folders, without looking again and again.
//!
//! A user has few inotify instances (128 by default), and many watches: so one serves all runs.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::supervisor::readiness::readable;
use crate::supervisor::told;

/// All watches of a [`Supervisor`](super::Supervisor).
#[derive(Debug)]
pub(crate) struct Watches {
    shared: Arc<Shared>,
    reading: JoinHandle<()>,
}

/// Tells of changes in one folder from when it was made on.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    number: i32,
    changes: watch::Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    inotify: AsyncFd<OwnedFd>,
    /// By the number of the watch. Who watches a folder that is watched already gets the same number.
    watched: Mutex<HashMap<i32, watch::Sender<()>>>,
}

impl Watches {
    pub(crate) fn new() -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(explain)?;
        let shared = Arc::new(Shared { inotify: readable(inotify)?, watched: Mutex::default() });
        let reading = tokio::spawn(read(Arc::clone(&shared)));
        Ok(Self { shared, reading })
    }

    pub(crate) fn add(&self, folder: &Path) -> io::Result<Watch> {
        let what = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
        // Held over both, so that nobody who leaves takes a newcomer's watch away.
        let mut watched = self.shared.watched();
        let number = inotify::add_watch(self.shared.inotify.get_ref(), folder, what).map_err(explain)?;
        let changes = watched.entry(number).or_insert_with(|| watch::channel(()).0).subscribe();
        Ok(Watch { shared: Arc::clone(&self.shared), number, changes })
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Watch {
    /// Waits for a change since the last call.
    pub(crate) async fn changed(&mut self) -> io::Result<()> {
        self.changes.changed().await.map_err(|_closed| io::Error::other("inotify has failed"))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.shared.watched();
        if watched.get(&self.number).is_some_and(|sender| sender.receiver_count() == 1) {
            watched.remove(&self.number);
            // The folder may be gone, and its watch with it.
            let _result = inotify::remove_watch(self.shared.inotify.get_ref(), self.number);
        }
    }
}

impl Shared {
    fn watched(&self) -> std::sync::MutexGuard<'_, HashMap<i32, watch::Sender<()>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on what is to be read.
    fn drain(&self) -> Result<(), Errno> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(self.inotify.get_ref(), &mut buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::WOULDBLOCK) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error),
            };
            let watched = self.watched();
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                // Something was dropped: everybody looks.
                watched.values().for_each(|sender| sender.send_replace(()));
            } else if !event.file_name().is_some_and(|name| told::is_told(name.to_bytes()))
                && let Some(sender) = watched.get(&event.wd())
            {
                sender.send_replace(());
            }
        }
    }
}

async fn read(shared: Arc<Shared>) {
    loop {
        let Ok(mut ready) = shared.inotify.readable().await else { return };
        if let Err(error) = shared.drain() {
            tracing::error!(%error, "runs of programs can't be watched any more");
            // Nobody waits for what never comes.
            shared.watched().clear();
            return;
        }
        ready.clear_ready();
    }
}

/// The system's words for its limits lead astray.
fn explain(error: Errno) -> io::Error {
    match error {
        Errno::MFILE => io::Error::other(
            "this user has no inotify instance left; raise fs.inotify.max_user_instances with sysctl",
        ),
        Errno::NOSPC => io::Error::other(
            "this user has no inotify watch left; raise fs.inotify.max_user_watches with sysctl",
        ),
        other => other.into(),
    }
}
