//! Passes on the lines of a run that nobody was told yet.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::exec::{LineSink, Stream};
use crate::process::lines::Lines;
use crate::supervisor::exit::Ended;
use crate::supervisor::folder::Try;
use crate::supervisor::output::{self, OUTPUT};
use crate::supervisor::told::Told;

const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];
/// Read at once; longer than any frame.
const PIECE: usize = 64 * 1024;

pub(crate) struct Untold<'a> {
    of: &'a Try,
    file: Option<File>,
    /// How far the file was read.
    offset: u64,
    /// What was read of it that is no whole frame yet.
    rest: Vec<u8>,
    /// How far each stream was read.
    position: [u64; 2],
    lines: [Lines; 2],
    told: Told,
}

impl<'a> Untold<'a> {
    pub(crate) fn new(of: &'a Try) -> Self {
        let told = Told::read(of);
        Self {
            of,
            file: None,
            offset: 0,
            rest: Vec::new(),
            position: [0; 2],
            lines: Default::default(),
            told,
        }
    }

    /// Passes on what the file holds by now; whether it may hold more.
    ///
    /// What was told is written down before anybody else has a turn, so that a follower who is dropped leaves no line
    /// told and not written down.
    pub(crate) fn tell_some(&mut self, on_line: LineSink<'_>) -> io::Result<bool> {
        let offset = self.offset;
        let Some(file) = self.file()? else { return Ok(false) };
        let mut piece = vec![0; PIECE];
        let length = file.read_at(&mut piece, offset)?;
        if length == 0 {
            return Ok(false);
        }
        self.offset += length as u64;
        self.rest.extend_from_slice(&piece[..length]);
        let before = self.told.bytes;
        let held = std::mem::take(&mut self.rest);
        let mut ahead = &held[..];
        while let Some((stream, piece, rest)) = output::split(ahead) {
            self.hear(stream, piece, on_line);
            ahead = rest;
        }
        self.rest = ahead.to_vec();
        if self.told.bytes != before {
            self.told.write()?;
        }
        Ok(true)
    }

    /// Passes on what stands after the last line breaks, and says how much was never to be read.
    pub(crate) fn finish(mut self, ended: &Ended, on_line: LineSink<'_>) -> io::Result<()> {
        for (index, written) in [ended.stdout.written, ended.stderr.written].into_iter().enumerate() {
            let stream = STREAMS[index];
            self.lines[index].finish(&mut |line| on_line(stream, line));
            let known = self.position[index].max(self.told.bytes[index]);
            if known < written {
                on_line(stream, &format!("[… {} bytes more, of which no lines are kept …]", written - known));
            }
            self.told.bytes[index] = written;
        }
        self.told.write()
    }

    fn file(&mut self) -> io::Result<Option<&File>> {
        if self.file.is_none() {
            self.file = match File::open(self.of.file(OUTPUT)) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
        }
        Ok(self.file.as_ref())
    }

    fn hear(&mut self, stream: Stream, piece: &[u8], on_line: LineSink<'_>) {
        let index = stream as usize;
        let begin = self.position[index];
        self.position[index] += piece.len() as u64;
        let told = self.told.bytes[index].saturating_sub(begin);
        let Some(new) = usize::try_from(told).ok().and_then(|told| piece.get(told..)) else { return };
        self.lines[index].push(new, &mut |line| on_line(stream, line));
        if let Some(last) = new.iter().rposition(|byte| *byte == b'\n') {
            self.told.bytes[index] = begin + told + last as u64 + 1;
        }
    }
}
