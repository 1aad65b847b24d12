//! Output that is kept within a bound: its first and its last half.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::exec::Captured;

/// What is kept of each stream, the mark included.
pub(crate) const LIMIT: usize = 1024 * 1024;
/// Room for the mark where something was cut.
const MARK: usize = 64;

/// Collects a stream.
#[derive(Debug)]
pub(crate) struct Capture {
    half: usize,
    start: Vec<u8>,
    end: VecDeque<u8>,
    cut: u64,
}

impl Capture {
    pub(crate) fn new(limit: usize) -> Self {
        Self { half: limit.saturating_sub(MARK) / 2, start: Vec::new(), end: VecDeque::new(), cut: 0 }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let (start, rest) = bytes.split_at(bytes.len().min(self.half - self.start.len()));
        self.start.extend_from_slice(start);
        // Of a piece longer than the half only its end can stay.
        let (gone, rest) = rest.split_at(rest.len().saturating_sub(self.half));
        let over = (self.end.len() + rest.len()).saturating_sub(self.half);
        self.end.drain(..over);
        self.end.extend(rest);
        self.cut += (gone.len() + over) as u64;
    }

    /// The bytes, with a mark between the halves where something was cut, and how many were.
    pub(crate) fn finish(self) -> (Vec<u8>, u64) {
        let Self { start: mut bytes, end, cut, .. } = self;
        if cut > 0 {
            bytes.extend_from_slice(mark(cut, None).as_bytes());
        }
        bytes.extend(end);
        (bytes, cut)
    }
}

impl Captured {
    /// As much of it as a smaller bound leaves, with a mark that says why. `written` is how long the whole stream was.
    pub(crate) fn within(&self, bound: usize, written: u64, why: &str) -> Self {
        let half = bound.saturating_sub(mark(written, Some(why)).len()) / 2;
        let cut = written.saturating_sub(2 * half as u64);
        let (start, end) = (&self.bytes[..half], &self.bytes[self.bytes.len() - half..]);
        Self { bytes: [start, mark(cut, Some(why)).as_bytes(), end].concat(), cut }
    }

    /// The lines that are whole to the end of the stream: all, where nothing was cut.
    pub(crate) fn last_lines(&self) -> Cow<'_, str> {
        let text = self.text();
        let end = (self.cut > 0).then(|| text.rfind(&format!("[… {} bytes cut", self.cut))).flatten();
        // After the mark stands the rest of a line that was cut.
        let lines = end.and_then(|end| text[end..].match_indices('\n').nth(1).map(|(at, _)| end + at + 1));
        match (end, lines) {
            (None, _) => text,
            (Some(_), None) => Cow::Borrowed(""),
            (Some(_), Some(at)) => Cow::Owned(text[at..].to_owned()),
        }
    }
}

/// What stands in the place of what was cut.
fn mark(cut: u64, why: Option<&str>) -> String {
    why.map_or_else(
        || format!("\n[… {cut} bytes cut …]\n"),
        |why| format!("\n[… {cut} bytes cut: {why} …]\n"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn capture(limit: usize, pieces: &[Vec<u8>]) -> (Vec<u8>, u64) {
        let mut capture = Capture::new(limit);
        for piece in pieces {
            capture.push(piece);
        }
        capture.finish()
    }

    #[test]
    fn the_middle_is_cut_and_marked() {
        let (bytes, cut) = capture(MARK + 8, &[b"abcdefghijklmnop".to_vec()]);
        assert_eq!(String::from_utf8_lossy(&bytes), "abcd\n[… 8 bytes cut …]\nmnop");
        assert_eq!(cut, 8);
    }

    #[test]
    fn a_smaller_bound_cuts_more_and_says_why() {
        let (bytes, cut) = capture(MARK + 8, &[b"abcdefghijklmnop".to_vec()]);
        let smaller = Captured { bytes, cut }.within(40, 16, "disk full");
        assert_eq!(smaller.text(), "ab\n[… 12 bytes cut: disk full …]\nop");
        assert_eq!(smaller.cut, 12);
    }

    #[test]
    fn a_line_that_was_cut_is_none_of_the_last_lines() {
        let stream = |text: &str, cut| Captured { bytes: text.as_bytes().to_vec(), cut };
        assert_eq!(stream("one\n{\n", 0).last_lines(), "one\n{\n");
        assert_eq!(stream("{\n[… 7 bytes cut: full …]\n{}\n{1}\n", 7).last_lines(), "{1}\n");
        assert_eq!(stream("{\n[… 7 bytes cut …]\n{}", 7).last_lines(), "");
    }

    proptest! {
        #[test]
        fn both_ends_stay_whatever_the_pieces(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
            room in 2_usize..60,
        ) {
            let whole = pieces.concat();
            let limit = MARK + room;
            let (bytes, cut) = capture(limit, &pieces);
            prop_assert!(bytes.len() <= limit);
            let half = room / 2;
            if cut == 0 {
                prop_assert_eq!(&bytes, &whole);
            } else {
                prop_assert!(bytes.starts_with(&whole[..half]));
                prop_assert!(bytes.ends_with(&whole[whole.len() - half..]));
                prop_assert_eq!(usize::try_from(cut).unwrap_or_default(), whole.len() - 2 * half);
            }
        }
    }
}
