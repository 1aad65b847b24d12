//! Commands as adw.toml has them, and as they are run: a program and its arguments, never a shell.

use std::fmt;

use adw_plugin_sdk::data;

/// A command: a line, split into words as a shell would, or the words themselves.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(untagged)]
pub(crate) enum CommandLine {
    /// `"cargo test --workspace"`
    Line(String),
    /// `["cargo", "test", "--workspace"]`
    Words(Vec<String>),
}

/// A command that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prepared {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// What only a shell understands.
const OPERATORS: [&str; 10] = ["&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1", "2>"];

impl CommandLine {
    /// Splits it. A line may begin with variables: `RUST_BACKTRACE=1 cargo test`.
    pub(crate) fn prepare(&self) -> Result<Prepared, String> {
        let words = match self {
            Self::Words(words) => return Self::words(words.clone(), Vec::new()),
            Self::Line(line) => {
                shlex::split(line).ok_or_else(|| format!("a quote is not closed in the command `{line}`"))?
            }
        };
        if let Some(operator) =
            words.iter().find(|word| OPERATORS.contains(&word.as_str()) || word.ends_with(';'))
        {
            return Err(format!(
                "there is no shell to understand `{operator}` in `{}`: name each command by itself in `commands`, or \
                 run a script",
                words.join(" ")
            ));
        }
        let is_variable = |word: &String| word.split_once('=').is_some_and(|(name, _)| is_name(name));
        let variables = words.iter().take_while(|word| is_variable(word)).count();
        let mut environment = words;
        let words = environment.split_off(variables);
        let pair =
            |word: &String| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self::words(words, environment.iter().filter_map(pair).collect())
    }

    fn words(words: Vec<String>, environment: Vec<(String, String)>) -> Result<Prepared, String> {
        let mut words = words.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or("a command in the stage's config is empty: name a program")?;
        Ok(Prepared { environment, program, arguments: words.collect() })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// From words of which the first is the program.
impl From<Vec<String>> for Prepared {
    fn from(words: Vec<String>) -> Self {
        let mut words = words.into_iter();
        Self {
            environment: Vec::new(),
            program: words.next().unwrap_or_default(),
            arguments: words.collect(),
        }
    }
}

/// As one would type it.
impl fmt::Display for Prepared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |word: &str| shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into);
        for (name, value) in &self.environment {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        formatter.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " {}", quoted(argument)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

    use super::CommandLine;

    #[test]
    fn lines_are_split_as_a_shell_would() {
        let cases = [
            ("cargo test", "cargo test"),
            ("  cargo   test -- 'a b' \"c\" ", "cargo test -- 'a b' c"),
            ("RUST_BACKTRACE=1 A='x y' cargo test", "RUST_BACKTRACE=1 A='x y' cargo test"),
            ("pytest -k a=b", "pytest -k 'a=b'"),
        ];
        for (line, expected) in cases {
            assert_eq!(CommandLine::Line(line.to_owned()).prepare().unwrap().to_string(), expected);
        }
        let words = ["make", "test", "A B"].map(str::to_owned).into();
        assert_eq!(CommandLine::Words(words).prepare().unwrap().arguments, ["test", "A B"]);
    }

    #[test]
    fn what_needs_a_shell_or_is_no_command_is_refused() {
        let cases = [
            ("cargo test && npm test", "no shell to understand `&&`"),
            ("cd web; npm test", "no shell to understand `web;`"),
            ("cargo test | tee log", "no shell to understand `|`"),
            ("echo 'open", "quote is not closed"),
            ("", "name a program"),
            ("A=1", "name a program"),
        ];
        for (line, reason) in cases {
            let error = CommandLine::Line(line.to_owned()).prepare().unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
        assert!(CommandLine::Words(Vec::new()).prepare().is_err());
    }
}
