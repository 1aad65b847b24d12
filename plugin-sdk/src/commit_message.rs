//! Conventional commit messages.

use std::fmt;

/// What a line of git's log has room for.
const SUBJECT: usize = 72;

/// A conventional commit message: `fix: the sum of nothing`, paragraphs, trailers.
///
/// ```
/// use adw_plugin_sdk::CommitMessage;
///
/// let message = CommitMessage::new("fix", "The sum of nothing").trailer("Adw-Id", "adw_bug_1");
/// assert_eq!(message.to_string(), "fix: The sum of nothing\n\nAdw-Id: adw_bug_1\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitMessage {
    subject: String,
    paragraphs: Vec<String>,
    trailers: Vec<String>,
}

impl CommitMessage {
    /// A message of a kind (`feat`, `fix`, `docs`, `chore`, …). A subject too long for a line is cut there and stands
    /// whole in the body.
    pub fn new(kind: &str, subject: &str) -> Self {
        let words: Vec<&str> = subject.split_whitespace().collect();
        let whole = format!("{kind}: {}", words.join(" "));
        if whole.chars().count() <= SUBJECT {
            return Self { subject: whole, paragraphs: Vec::new(), trailers: Vec::new() };
        }
        let cut: String = whole.chars().take(SUBJECT - 1).collect();
        // At a word's end, unless the cut word is most of it.
        let end = cut.rfind(' ').filter(|end| *end > SUBJECT / 2).unwrap_or(cut.len());
        let subject = format!("{}…", cut[..end].trim_end());
        Self { subject, paragraphs: vec![words.join(" ")], trailers: Vec::new() }
    }

    /// Adds a paragraph to the body.
    #[must_use]
    pub fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.paragraphs.push(text.into());
        self
    }

    /// Adds a trailer, which git's own tools can read.
    #[must_use]
    pub fn trailer(mut self, key: &str, value: &str) -> Self {
        self.trailers.push(format!("{key}: {value}"));
        self
    }
}

impl fmt::Display for CommitMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.subject)?;
        for paragraph in &self.paragraphs {
            writeln!(formatter, "\n{}", paragraph.trim())?;
        }
        if !self.trailers.is_empty() {
            writeln!(formatter, "\n{}", self.trailers.join("\n"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::CommitMessage;

    #[test]
    fn a_long_subject_is_cut_at_a_word_and_kept_in_the_body() {
        let title = "Make the sum of an empty list of numbers the number zero rather than a panic";
        let message = CommitMessage::new("fix", title).paragraph("More.").to_string();
        let mut lines = message.lines();
        let subject = lines.next().unwrap_or_default();
        assert_eq!(subject, "fix: Make the sum of an empty list of numbers the number zero rather…");
        assert!(subject.chars().count() <= 72);
        assert_eq!(lines.collect::<Vec<_>>(), ["", title, "", "More."]);
    }

    #[test]
    fn a_subject_is_one_line_whatever_it_is_made_of() {
        let cases = [("a\nb\t c", "chore: a b c\n"), ("", "chore: \n")];
        for (title, expected) in cases {
            assert_eq!(CommitMessage::new("chore", title).to_string(), expected);
        }
        let unbroken = "ü".repeat(300);
        let message = CommitMessage::new("feat", &unbroken).to_string();
        assert_eq!(message.lines().next().map(|line| line.chars().count()), Some(72));
    }
}
