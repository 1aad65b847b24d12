//! The sections of adw.toml, a file each: what it holds, and how it is read.

mod agents;
mod budget;
mod grants;
mod limits;
mod pipelines;
mod policies;
mod projects;
mod secrets;
mod server;
mod stages;
mod store;

pub use agents::{AgentConfig, AgentProfile, BUILTIN_AGENTS, UsagePointers};
pub use limits::LimitsConfig;
pub use pipelines::PipelineConfig;
pub use projects::ProjectConfig;
pub use secrets::SecretSource;
pub use server::{InvalidListen, Listen, ServerConfig};
pub use stages::{BUILTIN_PLUGINS, PluginSource, StageConfig};
pub use store::StoreConfig;

pub(crate) use agents::read as agents;
pub(crate) use budget::read as budget;
pub(crate) use limits::read as limits;
pub(crate) use pipelines::read as pipelines;
pub(crate) use projects::read as projects;
pub(crate) use secrets::read as secrets;
pub(crate) use server::read as server;
pub(crate) use stages::read as stages;
pub(crate) use store::read as store;
