//! Why the host didn't carry out a call.

use crate::bindings::adw::stage::types;

/// Why a call to the host was not carried out. The text says what to do next.
///
/// `?` turns it into the [`Failure`](crate::Failure) that fits: waiting may help against a timeout or something
/// that isn't there just now, nothing but a change helps against the rest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// adw.toml doesn't grant this; the text holds the line that would.
    #[error("denied: {0}")]
    Denied(String),
    /// The request itself is wrong, or passes a limit.
    #[error("invalid: {0}")]
    Invalid(String),
    /// There is no such file, program, agent, key or artifact.
    #[error("not found: {0}")]
    NotFound(String),
    /// It took longer than it was given.
    #[error("timed out: {0}")]
    Timeout(String),
    /// The workflow's budget is used up.
    #[error("out of budget: {0}")]
    Budget(String),
    /// It was started and its outcome is not known.
    #[error("interrupted: {0}")]
    Interrupted(String),
    /// It can't be done now or on this server.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

/// What a call to the host answers.
pub type Result<T, E = Error> = core::result::Result<T, E>;

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Denied(text) => Self::Denied(text),
            types::Error::Invalid(text) => Self::Invalid(text),
            types::Error::NotFound(text) => Self::NotFound(text),
            types::Error::Timeout(text) => Self::Timeout(text),
            types::Error::Budget(text) => Self::Budget(text),
            types::Error::Interrupted(text) => Self::Interrupted(text),
            types::Error::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(text) => Self::Denied(text),
            Error::Invalid(text) => Self::Invalid(text),
            Error::NotFound(text) => Self::NotFound(text),
            Error::Timeout(text) => Self::Timeout(text),
            Error::Budget(text) => Self::Budget(text),
            Error::Interrupted(text) => Self::Interrupted(text),
            Error::Unavailable(text) => Self::Unavailable(text),
        }
    }
}
