//! What the checks look at: the folder, its adw.toml, and what follows from it.

use std::path::{Path, PathBuf};

use adw_config::{Config, ConfigErrors, Env, StoreConfig};

use crate::git;

/// Where a command was called, and what holds there.
pub(crate) struct Surroundings {
    pub(super) configured: Configured,
    /// What adw.toml says; where there is none that can be read, what would hold without a word in it.
    pub(super) config: Config,
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
            let config = unconfigured(&root_of(&folder));
            return Self { configured: Configured::Absent { start: folder }, config };
        };
        match Config::load(&file, &Env::of_process()) {
            Ok(config) => Self { configured: Configured::Read { file }, config },
            Err(errors) => {
                let beside = file.parent().filter(|beside| !beside.as_os_str().is_empty());
                let config = unconfigured(&folder.join(beside.unwrap_or(&folder)));
                Self { configured: Configured::Broken(errors), config }
            }
        }
    }

    /// The configuration, where there is one that can be read.
    pub(super) fn read(&self) -> Option<&Config> {
        matches!(self.configured, Configured::Read { .. }).then_some(&self.config)
    }

    pub(super) fn data(&self) -> PathBuf {
        self.config.data_dir()
    }

    pub(super) fn database(&self) -> &Path {
        let StoreConfig::Sqlite { file } = &self.config.store;
        file
    }
}

/// What holds in a folder without an adw.toml, or with a broken one: as far as they can be understood, the variables.
fn unconfigured(root: &Path) -> Config {
    let of = |env: &Env| Config::parse("", adw_config::FILE_NAME, root, env);
    match of(&Env::of_process()).or_else(|_| of(&Env::empty())) {
        Ok(config) => config,
        Err(errors) => unreachable!("an empty configuration is right: {errors}"),
    }
}

/// Where `adw init` would write one.
fn root_of(folder: &Path) -> PathBuf {
    git::answer(folder, ["rev-parse", "--show-toplevel"]).map_or_else(|| folder.to_owned(), PathBuf::from)
}
