//! Output that is kept within a bound: its first and its last half.

use std::collections::VecDeque;

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
            bytes.extend_from_slice(format!("\n[… {cut} bytes cut …]\n").as_bytes());
        }
        bytes.extend(end);
        (bytes, cut)
    }
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
