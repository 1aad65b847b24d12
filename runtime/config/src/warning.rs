//! What is right as far as it goes, and can't do its work as it stands.

use serde::Serialize;

use crate::{ConfigError, Location};

/// Something that a configuration can be gone by with, and that can't do its work as it stands: a command that its stage may not
/// run, a program that isn't there. Its text looks as an error's does, but for its first word, which `{:#}` leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigWarning {
    /// What can't be done, in one sentence.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The key that it is about, in full: `stages.test.config.command`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it was written.
    #[serde(flatten)]
    pub location: Location,
}

impl ConfigWarning {
    /// These, in the order of the file.
    pub fn in_order(mut warnings: Vec<Self>) -> Vec<Self> {
        warnings.sort_by_key(|warning| warning.location.order());
        warnings
    }
}

/// What would be an error, if it kept anything from being gone by.
impl From<ConfigError> for ConfigWarning {
    fn from(ConfigError { message, help, key, location }: ConfigError) -> Self {
        Self { message, help, key, location }
    }
}
