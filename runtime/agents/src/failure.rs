//! How agents fail.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// What kind of failure it is: policy (wait, retry, stop, tell the person) goes by this alone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorClass {
            $($(#[$doc])* $variant,)+
        }

        impl ErrorClass {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire and in adw.toml.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

classes! {
    /// Wait until the limit is lifted.
    RateLimit = "rate_limit",
    /// A person has to log in.
    Auth = "auth",
    /// What was paid for is used up.
    Quota = "quota",
    /// A fresh session is needed.
    ContextOverflow = "context_overflow",
    /// The model that was configured does not exist.
    ModelNotFound = "model_not_found",
    /// Another try may get through.
    Network = "network",
    /// The agent's program is not installed.
    MissingExecutable = "missing_executable",
    /// It answered with nothing, or with nothing that can be read.
    EmptyOrUnparsableOutput = "empty_or_unparsable_output",
    /// It answered, and there was no room to keep the answer.
    OutputLost = "output_lost",
    /// It won't do this.
    Refused = "refused",
    /// It took longer than it was given.
    Timeout = "timeout",
    /// The workflow was cancelled.
    Cancelled = "cancelled",
    /// It was at work, and nobody knows what came of it.
    Interrupted = "interrupted",
    /// It ended with an error of its own.
    Crashed = "crashed",
    /// It could not be worked on, in this workspace or for want of space; another try may find things as they should be.
    Unavailable = "unavailable",
    /// The task's diff is missing or does not fit.
    BadPatch = "bad_patch",
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The agent ran, or should have, and failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct AgentFailure {
    /// What kind of failure it is.
    pub class: ErrorClass,
    /// What happened, for a person.
    pub message: String,
    /// The session, where one had begun that can be resumed.
    pub session: Option<String>,
}

impl AgentFailure {
    /// A failure without a session.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), session: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::ErrorClass;

    #[test]
    fn every_class_that_may_be_tried_again_is_explained_to_those_who_name_it() {
        let explained = include_str!("../../../docs/operators.md");
        for class in ErrorClass::ALL.iter().filter(|class| **class != ErrorClass::Cancelled) {
            assert!(explained.contains(&format!("`{class}`")), "{class}");
        }
    }

    #[test]
    fn a_class_has_one_name_everywhere() {
        for class in ErrorClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
            assert_eq!(class.to_string(), class.as_str());
        }
    }
}
