//! adw.toml read into checked values.
//!
//! [`Config::load`] answers with a [`Config`] in which everything that can be known from the file alone is known to
//! be right, or with [`ConfigErrors`]: all that is wrong at once, each with its line, its column and what to do.
//! Variables of the form `ADW_<SECTION>_<KEY>` stand in the place of what the file says (see [`Env`]).
//!
//! What needs more than the file (does the plugin load, does its configuration fit its schema, is the repository
//! there) is judged by those who open it; they point at the same lines through [`Config::error_at`], and through
//! [`Config::warning_at`] where it can be gone by all the same.
//!
//! [`init`] writes the file for a repository that has none.

mod config;
mod env;
mod error;
mod form;
pub mod init;
mod origin;
mod reader;
mod reading;
mod render;
mod report;
mod section;
mod source;
mod suggest;
mod warning;

pub use config::{Config, FILE_NAME};
pub use env::Env;
pub use error::{ConfigError, ConfigErrors, Location};
pub use origin::{InvalidOrigin, Origin};
pub use reading::Reading;
pub use section::{
    AgentConfig, AgentProfile, BUILTIN_AGENTS, BUILTIN_PLUGINS, InvalidListen, LimitsConfig, Listen,
    PipelineConfig, PluginSource, ProjectConfig, SecretSource, ServerConfig, StageConfig, StoreConfig,
    UsagePointers,
};
pub use suggest::nearest;
pub use warning::ConfigWarning;
