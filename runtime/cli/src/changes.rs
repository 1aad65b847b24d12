//! Hearing of changes of a file: by a name in a folder, since editors put a new file in the place of the old.

use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Changes of one file, from when this was made on.
pub(crate) struct Changes {
    inotify: AsyncFd<OwnedFd>,
    file: PathBuf,
    name: OsString,
}

impl Changes {
    #[expect(
        deprecated,
        reason = "the newer constructor is unsafe for types whose descriptor may change or be closed under it; an OwnedFd's can't"
    )]
    pub(crate) fn of(file: &Path) -> io::Result<Self> {
        let file = std::path::absolute(file)?;
        let (Some(folder), Some(name)) = (file.parent(), file.file_name().map(ToOwned::to_owned)) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        // What is written to counts when the writer lets go of it; a link that is put there is there at once.
        let what = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::CREATE | WatchFlags::ONLYDIR;
        inotify::add_watch(&inotify, folder, what)?;
        Ok(Self { inotify: AsyncFd::with_interest(inotify, Interest::READABLE)?, name, file })
    }

    /// Waits for the next one; several that came at once are one.
    pub(crate) async fn next(&self) -> io::Result<()> {
        loop {
            let mut ready = self.inotify.readable().await?;
            if self.is_among_those_at_hand()? {
                return Ok(());
            }
            ready.clear_ready();
        }
    }

    /// Whether somebody fills the file; a link to another one is whole as soon as it is there.
    fn is_written(&self) -> bool {
        self.file.symlink_metadata().is_ok_and(|found| found.is_file() && found.nlink() == 1)
    }

    /// Reads all that there is to read.
    fn is_among_those_at_hand(&self) -> Result<bool, Errno> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(self.inotify.get_ref(), &mut buffer);
        let mut is_among = false;
        loop {
            match reader.next() {
                Ok(event) => {
                    let is_named =
                        event.file_name().is_some_and(|name| name.to_bytes() == self.name.as_bytes());
                    // What was just made is empty until its writer lets go of it, and that is told too.
                    let is_it =
                        is_named && !(event.events().contains(ReadFlags::CREATE) && self.is_written());
                    // Where something was dropped, it may have been this.
                    is_among |= is_it || event.events().contains(ReadFlags::QUEUE_OVERFLOW);
                }
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => return Ok(is_among),
                Err(error) => return Err(error),
            }
        }
    }
}
