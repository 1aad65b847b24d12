//! The text of a file and the places in it.

use std::ops::Range;

/// A file as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// As it is shown to a person.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A stretch of one line, for a person: lines and columns count from 1, columns in characters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// In characters; at least 1, so that there is something to point at.
    pub(crate) length: usize,
    /// The whole line, without its end.
    pub(crate) text: String,
}

impl Source {
    /// The first line of a stretch of bytes; one that lies outside of the text is taken for its end.
    pub(crate) fn excerpt(&self, span: &Range<usize>) -> Excerpt {
        let start = self.boundary(span.start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        // What lies at the line's end itself is shown right behind its last character.
        let start = start.min(line_start + line.len());
        let end = self.boundary(span.end.max(start)).min(line_start + line.len()).max(start);
        Excerpt {
            line: before.matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            length: self.text[start..end].chars().count().max(1),
            text: line.to_owned(),
        }
    }

    /// The nearest start of a character at or before this byte.
    fn boundary(&self, mut byte: usize) -> usize {
        byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}
