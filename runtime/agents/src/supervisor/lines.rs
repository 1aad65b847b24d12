//! Passes on the lines of a run that nobody was told yet, or those that somebody was.

use std::io;
use std::path::Path;

use crate::exec::{LineSink, Stream};
use crate::process::lines::Lines;
use crate::supervisor::exit::Ended;
use crate::supervisor::folder::Try;
use crate::supervisor::output::Frames;
use crate::supervisor::told::Told;

const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

pub(crate) struct Untold<'a> {
    frames: Frames<'a>,
    heard: Heard,
}

/// The streams, as far as they were read.
struct Heard {
    /// How far each was read.
    position: [u64; 2],
    lines: [Lines; 2],
    told: Told,
}

impl<'a> Untold<'a> {
    pub(crate) fn new(of: &'a Try) -> Self {
        let heard = Heard { position: [0; 2], lines: Default::default(), told: Told::read(of) };
        Self { frames: Frames::of(of), heard }
    }

    /// Passes on what the file holds by now; whether it may hold more.
    ///
    /// What was told is written down before anybody else has a turn, so that a follower who is dropped leaves no line
    /// told and not written down.
    pub(crate) fn tell_some(&mut self, on_line: LineSink<'_>) -> io::Result<bool> {
        let Self { frames, heard } = self;
        let before = heard.told.bytes;
        let more = frames.read_some(&mut |stream, piece| heard.hear(stream, piece, on_line))?;
        if heard.told.bytes != before {
            heard.told.write()?;
        }
        Ok(more)
    }

    /// Passes on what stands after the last line breaks, and says how much was never to be read.
    pub(crate) fn finish(self, ended: &Ended, on_line: LineSink<'_>) -> io::Result<()> {
        let Heard { position, mut lines, mut told } = self.heard;
        for (index, written) in [ended.stdout.written, ended.stderr.written].into_iter().enumerate() {
            let stream = STREAMS[index];
            lines[index].finish(&mut |line| on_line(stream, line));
            let known = position[index].max(told.bytes[index]);
            if known < written {
                on_line(stream, &format!("[… {} bytes more, of which no lines are kept …]", written - known));
            }
            told.bytes[index] = written;
        }
        told.write()
    }
}

impl Heard {
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

/// Tells once more the lines of a run's newest try that earlier callers of [`run`](super::run) were told, as far as they
/// are kept: for who has to know all that a program has said, and not only what is new of it.
pub fn tell_again(folder: &Path, on_line: LineSink<'_>) -> io::Result<()> {
    let Some(of) = Try::newest(folder)? else { return Ok(()) };
    let mut left = Told::bytes_of(&of);
    let (mut frames, mut lines) = (Frames::of(&of), <[Lines; 2]>::default());
    let mut hear = |stream: Stream, piece: &[u8]| {
        let left = &mut left[stream as usize];
        let told = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
        *left -= told as u64;
        lines[stream as usize].push(&piece[..told], &mut |line| on_line(stream, line));
    };
    while frames.read_some(&mut hear)? {}
    for (lines, stream) in lines.iter_mut().zip(STREAMS) {
        lines.finish(&mut |line| on_line(stream, line));
    }
    Ok(())
}
