//! What the checks look at: the folder, its adw.toml, and what follows from it.

use std::path::{Path, PathBuf};

use adw_config::{Config, ConfigErrors, Env, StoreConfig};

use crate::git;

/// Where a command was called, and what holds there.
pub(crate) struct Surroundings {
    pub(super) configured: Configured,
    /// What adw.toml says; where there is none that can be read, what would hold without a word in it. None where that
    /// can't be said either, as in a folder whose path is no text.
    config: Option<Config>,
}

/// What there is of an adw.toml.
pub(super) enum Configured {
    Absent { start: PathBuf },
    Broken(ConfigErrors),
    Read { file: PathBuf },
}

impl Surroundings {
    /// Those of a folder, with the adw.toml that is named, else the nearest.
    pub(crate) fn of(folder: PathBuf, named: Option<PathBuf>) -> Self {
        let Some(file) = named.or_else(|| Config::find(&folder)) else {
            return match unconfigured(&root_of(&folder)) {
                Ok(config) => Self { configured: Configured::Absent { start: folder }, config: Some(config) },
                Err(errors) => Self { configured: Configured::Broken(errors), config: None },
            };
        };
        match Config::load(&file, &Env::of_process()) {
            Ok(config) => Self { configured: Configured::Read { file }, config: Some(config) },
            Err(errors) => {
                let beside = file.parent().filter(|beside| !beside.as_os_str().is_empty());
                let config = unconfigured(&folder.join(beside.unwrap_or(&folder))).ok();
                Self { configured: Configured::Broken(errors), config }
            }
        }
    }

    /// The configuration, where there is one that can be read.
    pub(super) fn read(&self) -> Option<&Config> {
        self.config().filter(|_| matches!(self.configured, Configured::Read { .. }))
    }

    /// What holds here, as far as anything does.
    pub(super) const fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }
}

/// Where a configuration keeps its database.
pub(super) fn database(config: &Config) -> &Path {
    let StoreConfig::Sqlite { file } = &config.store;
    file
}

/// What holds in a folder without an adw.toml, or with a broken one: as far as they can be understood, the variables.
fn unconfigured(root: &Path) -> Result<Config, ConfigErrors> {
    let of = |env: &Env| Config::parse("", adw_config::FILE_NAME, root, env);
    of(&Env::of_process()).or_else(|_| of(&Env::empty()))
}

/// Where `adw init` would write one.
fn root_of(folder: &Path) -> PathBuf {
    git::answer(folder, ["rev-parse", "--show-toplevel"]).map_or_else(|| folder.to_owned(), PathBuf::from)
}
