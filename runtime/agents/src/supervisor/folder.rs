//! The folders of a run and of its tries.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::process::mark::RunMark;
use crate::supervisor::claim::Claim;
use crate::supervisor::record::Reading;

/// One try at a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Try {
    folder: PathBuf,
    number: u32,
}

impl Try {
    /// A try's folder, whose name is its number.
    pub(crate) fn at(folder: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let number = number(&folder).ok_or_else(|| {
            let name = folder.display();
            io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is no folder of a try: not a number"))
        })?;
        Ok(Self { folder, number })
    }

    /// The newest try of a run.
    pub(crate) fn newest(run: &Path) -> io::Result<Option<Self>> {
        let entries = match fs::read_dir(run) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut newest = None;
        for entry in entries {
            newest = newest.max(number(&entry?.path()));
        }
        newest.map(|number| Self::at(&run.join(number.to_string()))).transpose()
    }

    /// The try with this number, whose folder comes into being where it isn't there.
    pub(crate) fn make(run: &Path, number: u32) -> io::Result<Self> {
        let made = Self::at(&run.join(number.to_string()))?;
        make_durably(&made.folder)?;
        Ok(made)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the processes of this try are known by.
    pub(crate) fn mark(&self) -> RunMark {
        RunMark::of(&self.folder)
    }

    /// Makes what was renamed or linked in this folder outlast a crash of the machine.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

/// Makes room for another try at a run that was lost, and says its number. [`run`](super::run) goes by the newest.
///
/// To be called once what the lost try may have done is undone. Where the newest try was never begun, it stays the
/// newest: a crash between this call and the run costs no try.
pub fn next_try(folder: &Path) -> io::Result<u32> {
    let next = match Try::newest(folder)? {
        None => 1,
        Some(newest) if matches!(Claim::read(&newest), Reading::Absent) => return Ok(newest.number),
        Some(newest) => newest.number + 1,
    };
    Ok(Try::make(folder, next)?.number)
}

/// Removes all that is kept of a run. To be called once its answer is durable elsewhere.
pub fn forget(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn number(folder: &Path) -> Option<u32> {
    let name = folder.file_name()?.to_str()?;
    let number = name.parse().ok()?;
    // "01" and "+1" are no names of ours.
    (name == u32::to_string(&number)).then_some(number)
}

/// Makes a folder, and those above it, that only this user may look into.
fn make_durably(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let Some(above) = folder.parent() else { return Ok(()) };
    make_durably(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        // Someone else was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => File::open(above)?.sync_all(),
    }
}
