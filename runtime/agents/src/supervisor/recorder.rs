//! Writes down what a program writes.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use crate::exec::Stream;
use crate::process::run::Hear;
use crate::supervisor::folder::Try;
use crate::supervisor::output::{self, HEAD, LIMIT, OUTPUT};

pub(crate) struct Recorder {
    /// None, once the file is full or can't be written: the program goes on all the same.
    file: Option<File>,
    room: u64,
    written: [u64; 2],
    frame: Vec<u8>,
}

impl Recorder {
    pub(crate) fn new(of: &Try) -> Self {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(of.file(OUTPUT)).ok();
        Self { file, room: LIMIT, written: [0; 2], frame: Vec::new() }
    }

    /// How much the program wrote to each of its streams.
    pub(crate) fn written(&self) -> [u64; 2] {
        self.written
    }
}

impl Hear for Recorder {
    fn piece(&mut self, stream: Stream, piece: &[u8]) {
        self.written[stream as usize] += piece.len() as u64;
        let Some(file) = &mut self.file else { return };
        let room = usize::try_from(self.room).unwrap_or(usize::MAX).saturating_sub(HEAD);
        let fits = &piece[..piece.len().min(room)];
        self.frame.clear();
        output::frame(stream, fits, &mut self.frame);
        self.room = self.room.saturating_sub(self.frame.len() as u64);
        if file.write_all(&self.frame).is_err() || fits.len() < piece.len() {
            self.file = None;
        }
    }

    fn end(&mut self) {
        self.file = None;
    }
}
