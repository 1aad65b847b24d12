//! Lines of a stream, told as they come.

/// What is told of a line; the rest of a longer one is dropped.
pub(crate) const LIMIT: usize = 8 * 1024;
const MARK: &str = " […]";

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    /// The line is longer than what is kept of it.
    over: bool,
}

impl Lines {
    /// Takes a piece of the stream and tells the lines that it completes.
    pub(crate) fn push(&mut self, mut bytes: &[u8], tell: &mut dyn FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            self.tell(tell);
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// Tells what stands after the last line break.
    pub(crate) fn finish(&mut self, tell: &mut dyn FnMut(&str)) {
        if !self.line.is_empty() {
            self.tell(tell);
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LIMIT - self.line.len();
        self.over |= bytes.len() > room;
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn tell(&mut self, tell: &mut dyn FnMut(&str)) {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let mut text = String::from_utf8_lossy(line).into_owned();
        if self.over {
            text.push_str(MARK);
        }
        tell(&text);
        self.line.clear();
        self.over = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        let mut tell = |line: &str| told.push(line.to_owned());
        for piece in pieces {
            lines.push(piece, &mut tell);
        }
        lines.finish(&mut tell);
        told
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        assert_eq!(lines(&[b"one\ntw", b"o\r\n", b"\nthree"]), ["one", "two", "", "three"]);
        assert_eq!(lines(&[]), [""; 0]);
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_not() {
        let long = [b"x".repeat(LIMIT + 1), b"\nnext\n".to_vec()].concat();
        let expected = format!("{}{MARK}", "x".repeat(LIMIT));
        assert_eq!(lines(&[&long]), [expected.as_str(), "next"]);
    }
}
