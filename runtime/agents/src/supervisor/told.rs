//! `told`: how far lines were passed on, so that no server passes one on twice.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use serde::{Deserialize, Serialize};

use crate::supervisor::folder::Try;
use crate::supervisor::record::{self, Reading, VERSION};

const TOLD: &str = "told";
/// The file is written in place, always as long: nothing of what stood in it before is left.
const LENGTH: usize = 128;

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    version: u32,
    stdout: u64,
    stderr: u64,
}

impl Reading<Record> {
    fn bytes(&self) -> [u64; 2] {
        match self {
            Self::There(record) => [record.stdout, record.stderr],
            Self::Absent | Self::Unreadable => [0; 2],
        }
    }
}

/// How many bytes of each stream were passed on.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) bytes: [u64; 2],
    file: Option<File>,
}

impl Told {
    pub(crate) fn read(of: &Try) -> Self {
        let path = of.file(TOLD);
        let read = record::read::<Record>(&path);
        let bytes = read.bytes();
        // Where it can't be written, a later server passes on again what was passed on already: better than nothing.
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).ok();
        let told = Self { bytes, file };
        if matches!(read, Reading::Absent) {
            // An empty file would look damaged to the next one.
            let _unwritten = told.write();
        }
        told
    }

    /// How far it was passed on, for who passes on nothing.
    pub(crate) fn bytes_of(of: &Try) -> [u64; 2] {
        record::read::<Record>(&of.file(TOLD)).bytes()
    }

    /// Writes it down for who comes after this server. It need not outlast the machine, since no program does.
    pub(crate) fn write(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let [stdout, stderr] = self.bytes;
        let mut text = serde_json::to_vec(&Record { version: VERSION, stdout, stderr })?;
        text.resize(LENGTH, b' ');
        file.write_all_at(&text, 0)
    }
}

/// Whether a change of this file is one that only followers make.
pub(crate) fn is_told(name: &[u8]) -> bool {
    name == TOLD.as_bytes()
}
