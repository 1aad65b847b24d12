//! `output`: what a program writes, in frames, as it comes.
//!
//! A frame is a byte for the stream (1 or 2), four for the length, least first, and that many of the stream.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::exec::Stream;
use crate::supervisor::folder::Try;

pub(crate) const OUTPUT: &str = "output";
/// What the file holds at most; after that only the first and last half of each stream are kept.
pub(crate) const LIMIT: u64 = 16 * 1024 * 1024;
/// What stands before the bytes of a frame.
pub(crate) const HEAD: usize = 5;

/// Read at once; longer than any frame.
const PIECE: usize = 64 * 1024;

/// Reads the file while it grows.
pub(crate) struct Frames<'a> {
    of: &'a Try,
    file: Option<File>,
    /// How far the file was read.
    offset: u64,
    /// What was read of it that is no whole frame yet.
    rest: Vec<u8>,
}

impl<'a> Frames<'a> {
    pub(crate) fn of(of: &'a Try) -> Self {
        Self { of, file: None, offset: 0, rest: Vec::new() }
    }

    /// Some of what the file holds by now, frame by frame; whether it may hold more.
    pub(crate) fn read_some(&mut self, hear: &mut dyn FnMut(Stream, &[u8])) -> io::Result<bool> {
        let offset = self.offset;
        let Some(file) = self.file()? else { return Ok(false) };
        let mut piece = vec![0; PIECE];
        let length = file.read_at(&mut piece, offset)?;
        if length == 0 {
            return Ok(false);
        }
        self.offset += length as u64;
        self.rest.extend_from_slice(&piece[..length]);
        let mut ahead = &self.rest[..];
        while let Some((stream, piece, rest)) = split(ahead) {
            hear(stream, piece);
            ahead = rest;
        }
        self.rest = ahead.to_vec();
        Ok(true)
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
}

/// Appends a frame.
pub(crate) fn frame(stream: Stream, bytes: &[u8], to: &mut Vec<u8>) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.push(match stream {
        Stream::Stdout => 1,
        Stream::Stderr => 2,
    });
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(&bytes[..length as usize]);
}

/// Splits the first frame off; none where the bytes hold no whole one.
pub(crate) fn split(bytes: &[u8]) -> Option<(Stream, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let stream = match head[0] {
        1 => Stream::Stdout,
        2 => Stream::Stderr,
        // Damaged: what follows can't be told apart any more.
        _ => return None,
    };
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let (piece, rest) = rest.split_at_checked(length)?;
    Some((stream, piece, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn frames_are_whole_or_not_there() {
        let mut bytes = Vec::new();
        frame(Stream::Stdout, b"one", &mut bytes);
        frame(Stream::Stderr, b"", &mut bytes);
        let first = HEAD + 3;
        for length in 0..first {
            assert!(split(&bytes[..length]).is_none(), "{length}");
        }
        let (stream, piece, rest) = split(&bytes).unwrap();
        assert_eq!((stream, piece), (Stream::Stdout, &b"one"[..]));
        assert_eq!(split(rest).unwrap(), (Stream::Stderr, &b""[..], &b""[..]));
        assert!(split(b"\x03\0\0\0\0").is_none());
    }
}
