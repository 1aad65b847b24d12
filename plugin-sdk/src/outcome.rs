//! How a stage ends.

use serde_json::Value;

use crate::{AgentError, Error};

/// What a stage function returns.
///
/// `StageResult` alone carries any JSON; `StageResult<Report>` carries a type of yours, and the plugin's output
/// schema is then that type's.
pub type StageResult<T = Value> = Result<Outcome<T>, Failure>;

/// An end that lets the pipeline go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T = Value> {
    /// The stage did its work.
    Done {
        /// One line for a person.
        summary: String,
        /// What later stages and people read.
        data: T,
    },
    /// There was nothing to do.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl<T> Outcome<T> {
    /// The stage did its work: one line for a person, and its output.
    pub fn done(summary: impl Into<String>, data: T) -> Self {
        Self::Done { summary: summary.into(), data }
    }

    /// There was nothing to do, and why.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped { reason: reason.into() }
    }
}

/// An end that doesn't. A plugin says what is wrong; adw.toml says where the work goes then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Another try may succeed.
    #[error("{class}: {message}")]
    Retryable {
        /// What the operator's retry policy names: `unavailable`, `network`, `rate_limit`, `timeout`, …
        class: String,
        /// What happened.
        message: String,
    },
    /// No try will succeed until something is changed.
    #[error("{0}")]
    Fatal(String),
    /// The work of an earlier stage is not good enough; the text is that stage's feedback.
    #[error("{0}")]
    Rework(String),
}

impl Failure {
    /// Another try may succeed, if the operator's retry policy names the class.
    pub fn retryable(class: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Retryable { class: class.into(), message: message.into() }
    }

    /// No try will succeed until something is changed; say what.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::Fatal(message.into())
    }

    /// The work of an earlier stage is not good enough; say what is wrong with it.
    pub fn rework(feedback: impl Into<String>) -> Self {
        Self::Rework(feedback.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Timeout(_) => Self::retryable("timeout", message),
            Error::Interrupted(_) => Self::retryable("interrupted", message),
            Error::Unavailable(_) => Self::retryable("unavailable", message),
            Error::Denied(_) | Error::Invalid(_) | Error::NotFound(_) | Error::Budget(_) => {
                Self::fatal(message)
            }
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Call(error) => error.into(),
            AgentError::Failed(failed) if failed.needs_a_change() => Self::fatal(failed.to_string()),
            AgentError::Failed(failed) => Self::retryable(failed.class.clone(), failed.to_string()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::fatal(format!("data that is not what was expected: {error}"))
    }
}
