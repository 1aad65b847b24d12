//! What is wrong with a configuration: values for a program, text for a person.

use std::fmt;

use serde::Serialize;

/// All that is wrong, in the order of the file; never empty.
///
/// Its text shows each with its line, as rustc does; [`ConfigErrors::iter`] gives the same as values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigErrors(Vec<ConfigError>);

/// One thing that is wrong. Its text begins with `error:`; by `{:#}` it doesn't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct ConfigError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The key that it is about, in full: `stages.test.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it was written.
    #[serde(flatten)]
    pub location: Location,
}

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Location {
    /// On a line of a file.
    Line {
        /// The file, as it was named.
        file: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// How many characters are meant, at least 1.
        length: usize,
        /// The line itself; what might be a secret in it is left out.
        source: String,
    },
    /// In a file, at no line.
    File {
        /// The file, as it was named.
        file: String,
    },
    /// In the environment.
    Variable {
        /// The variable's name.
        variable: String,
    },
}

impl ConfigError {
    /// Whether it is about a key, or about one below it.
    pub(crate) fn is_within(&self, path: &str) -> bool {
        let below = self.key.as_deref().and_then(|key| key.strip_prefix(path));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line, column, .. } => write!(f, "{file}:{line}:{column}"),
            Self::File { file } => f.write_str(file),
            Self::Variable { variable } => f.write_str(variable),
        }
    }
}

impl Location {
    /// Line and column, to sort by: what is in a variable comes first, what is at no line last.
    pub(crate) const fn order(&self) -> (usize, usize) {
        match self {
            Self::Variable { .. } => (0, 0),
            Self::File { .. } => (usize::MAX, 0),
            Self::Line { line, column, .. } => (*line, *column),
        }
    }
}

impl ConfigErrors {
    /// These, in the order of the file; those of variables come first. None where nothing is wrong.
    pub fn of(mut errors: Vec<ConfigError>) -> Option<Self> {
        errors.sort_by_key(|error| error.location.order());
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// Each of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
