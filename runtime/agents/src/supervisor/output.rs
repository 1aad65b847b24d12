//! `output`: what a program writes, in frames, as it comes.
//!
//! A frame is a byte for the stream (1 or 2), four for the length, least first, and that many of the stream.

use crate::exec::Stream;

pub(crate) const OUTPUT: &str = "output";
/// What the file holds at most; after that only the first and last half of each stream are kept.
pub(crate) const LIMIT: u64 = 16 * 1024 * 1024;
/// What stands before the bytes of a frame.
pub(crate) const HEAD: usize = 5;

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
