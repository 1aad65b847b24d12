//! Room on the disk for the end of a run, taken before anything is started: a disk that is full later on takes neither
//! how the program ended nor the last that it said.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::exec::{Captured, Output, Stream};
use crate::supervisor::exit::{EXIT, Ended, Kept};
use crate::supervisor::folder::Try;
use crate::supervisor::output::OUTPUT;
use crate::supervisor::record;

/// More than is written of how it ended, in all but odd cases.
const ROOM_OF_EXIT: u64 = 4096;
/// What is kept of each stream, however full the disk is.
const ROOM_OF_STREAM: u64 = 64 * 1024;
/// Less of a stream than this says nothing.
const LEAST: usize = 512;
/// Between two looks whether there is room by now: nothing tells of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The places of all that is written at the end.
#[derive(Debug)]
pub(crate) struct Reserved {
    of: Try,
    exit: Place,
    stdout: Place,
    stderr: Place,
}

/// A file that has room, and not yet its name.
#[derive(Debug)]
struct Place {
    of: Try,
    name: &'static str,
    aside: PathBuf,
    file: File,
}

impl Reserved {
    pub(crate) fn on(of: &Try) -> io::Result<Self> {
        Ok(Self {
            of: of.clone(),
            exit: Place::take(of, EXIT, ROOM_OF_EXIT)?,
            stdout: Place::take(of, "stdout", ROOM_OF_STREAM)?,
            stderr: Place::take(of, "stderr", ROOM_OF_STREAM)?,
        })
    }

    /// Keeps what there is room for of what a program wrote, and says why, where that isn't all. `written` is how much it
    /// wrote to each of its streams.
    pub(crate) fn keep(&self, output: &Output, written: [u64; 2]) -> ([Kept; 2], Option<String>) {
        let (stdout, short) = self.keep_stream(Stream::Stdout, &output.stdout, written[0]);
        let (stderr, short_too) = self.keep_stream(Stream::Stderr, &output.stderr, written[1]);
        ([stdout, stderr], short.or(short_too))
    }

    fn keep_stream(&self, stream: Stream, captured: &Captured, written: u64) -> (Kept, Option<String>) {
        let place = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        if captured.bytes.is_empty() {
            return (Kept { written, ..Kept::default() }, None);
        }
        let kept = |cut| Kept { file: Some(place.name.to_owned()), cut, written };
        let whole = place.keep(&captured.bytes).or_else(|_: io::Error| {
            self.give_up_lines()?;
            place.keep(&captured.bytes)
        });
        let Err(error) = whole else { return (kept(captured.cut), None) };
        let why = error.to_string();
        let mut bound = captured.bytes.len() / 2;
        while bound >= LEAST {
            let some = captured.within(bound, written, &why);
            if place.keep(&some.bytes).is_ok() {
                return (kept(some.cut), Some(why));
            }
            bound /= 2;
        }
        (Kept { file: None, cut: written, written }, Some(why))
    }

    /// Gives back the room of what was only to be passed on: the answer is dearer than its lines.
    fn give_up_lines(&self) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.of.file(OUTPUT))?.set_len(0)
    }

    /// Writes the end down, for good. Where there is no room even for that, it waits until there is: it is never known
    /// again, and what was paid for would be run once more.
    pub(crate) fn write(&self, ended: &Ended) -> io::Result<()> {
        let bytes = serde_json::to_vec(ended)?;
        loop {
            match self.exit.keep(&bytes) {
                Err(error) if is_want_of_space(&error) => std::thread::sleep(PATIENCE),
                done => return done.and_then(|()| self.of.sync()),
            }
        }
    }
}

impl Place {
    fn take(of: &Try, name: &'static str, room: u64) -> io::Result<Self> {
        let aside = of.file(&format!("{name}.{}", std::process::id()));
        let place = Self { of: of.clone(), name, file: record::create(&aside)?, aside };
        match fallocate(&place.file, FallocateFlags::empty(), 0, room) {
            // Some file systems can't promise room; then there is none promised.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(place),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes these bytes into the room that there is, and gives the file its name.
    fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, 0)?;
        self.file.set_len(bytes.len() as u64)?;
        match self.file.sync_all() {
            Err(error) if is_want_of_space(&error) => return Err(error),
            // A disk that has trouble keeps what was written for whoever reads it before the machine goes down.
            _synced => {}
        }
        match fs::rename(&self.aside, self.of.file(self.name)) {
            // It has its name from a time before.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.of.file(self.name).exists() => {
                Ok(())
            }
            done => done,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Of one who came second, or had nothing to write; else it has its name by now.
        let _gone = fs::remove_file(&self.aside);
    }
}

fn is_want_of_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
