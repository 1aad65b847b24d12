//! How the commands of a stage's config are read: into a program and its arguments, never with a shell.
//!
//! The stage that runs a command reads it here, and so does the runtime, which holds it against the stage's grants before
//! any stage runs: what is judged is what will be run.

use std::fmt;

/// What a value of a config's schema is marked with, set to `true`, where it is a command that the stage will run: a line, the
/// words of one command, or a list of commands that has one of words in it.
pub const EXEC_MARK: &str = "x-adw-exec";

/// A command that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Added to the environment, in the order in which they were written.
    pub variables: Vec<(String, String)>,
    /// Its name or its path; never empty.
    pub program: String,
    /// What follows.
    pub arguments: Vec<String>,
}

/// What is no command that can be run without a shell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotACommand {
    /// A quote has no end.
    #[error("a quote is not closed in the command `{line}`")]
    Unclosed {
        /// The line.
        line: String,
    },
    /// It takes a shell.
    #[error(
        "there is no shell to understand `{operator}` in `{line}`: name each command by itself, or run a script"
    )]
    NeedsAShell {
        /// What only a shell understands.
        operator: String,
        /// The line.
        line: String,
    },
    /// It has no program.
    #[error("a command in the stage's config is empty: name a program")]
    Empty,
}

/// What only a shell understands.
const OPERATORS: [&str; 10] = ["&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1", "2>"];

impl Invocation {
    /// Splits a line as a shell would. It may begin with variables: `RUST_BACKTRACE=1 cargo test`.
    pub fn of_line(line: &str) -> Result<Self, NotACommand> {
        let words = shlex::split(line).ok_or_else(|| NotACommand::Unclosed { line: line.to_owned() })?;
        let is_operator = |word: &&String| OPERATORS.contains(&word.as_str()) || word.ends_with(';');
        if let Some(operator) = words.iter().find(is_operator) {
            return Err(NotACommand::NeedsAShell { operator: operator.clone(), line: line.to_owned() });
        }
        let mut words = words.into_iter().peekable();
        let mut variables = Vec::new();
        while let Some(variable) = words.peek().and_then(|word| assignment(word)) {
            variables.push(variable);
            words.next();
        }
        Ok(Self { variables, ..Self::of_words(words)? })
    }

    /// Takes the words as they are: the program and its arguments.
    pub fn of_words(words: impl IntoIterator<Item = String>) -> Result<Self, NotACommand> {
        let mut words = words.into_iter();
        let program = words.next().filter(|program| !program.is_empty()).ok_or(NotACommand::Empty)?;
        Ok(Self { variables: Vec::new(), program, arguments: words.collect() })
    }
}

/// `NAME=value`.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// As one would type it.
impl fmt::Display for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What no shell could be given, like a NUL, is shown as it is.
        let quoted = |word: &str| shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into);
        for (name, value) in &self.variables {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        formatter.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " {}", quoted(argument)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::Invocation;

    #[test]
    fn lines_are_split_as_a_shell_would() {
        let cases = [
            ("cargo test", "cargo test"),
            ("  cargo   test -- 'a b' \"c\" ", "cargo test -- 'a b' c"),
            ("RUST_BACKTRACE=1 A='x y' cargo test", "RUST_BACKTRACE=1 A='x y' cargo test"),
            ("pytest -k a=b", "pytest -k 'a=b'"),
            ("1A=b cargo", "'1A=b' cargo"),
        ];
        for (line, expected) in cases {
            assert_eq!(Invocation::of_line(line).unwrap().to_string(), expected);
        }
        let variables = Invocation::of_line("A=1 B= make").unwrap().variables;
        assert_eq!(variables, [("A", "1"), ("B", "")].map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn words_are_taken_as_they_are() {
        let words = ["make", "A=b", "a b", "&&"].map(str::to_owned);
        let invocation = Invocation::of_words(words).unwrap();
        assert_eq!(invocation.program, "make");
        assert_eq!(invocation.arguments, ["A=b", "a b", "&&"]);
    }

    #[test]
    fn what_needs_a_shell_or_is_no_command_is_refused() {
        let cases = [
            ("cargo test && npm test", "no shell to understand `&&`"),
            ("cd web; npm test", "no shell to understand `web;`"),
            ("cargo test | tee log", "no shell to understand `|`"),
            ("echo 'open", "quote is not closed"),
            ("", "name a program"),
            ("''", "name a program"),
            ("A=1", "name a program"),
        ];
        for (line, reason) in cases {
            let error = Invocation::of_line(line).unwrap_err().to_string();
            assert!(error.contains(reason), "{line}: {error}");
        }
        assert!(Invocation::of_words([]).is_err());
    }
}
