//! A reading of adw.toml, whatever came of it.

use crate::{Config, ConfigErrors, reader::joined};

/// What came of reading an adw.toml.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Nothing is wrong with its text.
    Right(Config),
    /// Something is.
    Wrong {
        /// All that is.
        errors: ConfigErrors,
        /// What could be read all the same, none where the text is no TOML. It is there for those who look for what else
        /// is wrong, and not to be gone by.
        legible: Option<Config>,
    },
}

impl Reading {
    /// What follows from a mistake is none: the stages that something is wrong with are not looked at further.
    pub(crate) fn wrong(errors: ConfigErrors, mut legible: Option<Config>) -> Self {
        if let Some(config) = &mut legible {
            config.stages.retain(|stage| {
                let path = joined("stages", stage.name.as_str());
                !errors.iter().any(|error| error.is_within(&path))
            });
        }
        Self::Wrong { errors, legible }
    }

    /// The configuration, where nothing is wrong with its text.
    pub fn into_config(self) -> Result<Config, ConfigErrors> {
        match self {
            Self::Right(config) => Ok(config),
            Self::Wrong { errors, .. } => Err(errors),
        }
    }
}
