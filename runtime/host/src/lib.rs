//! The WebAssembly host: plugins, their calls, and the layers that answer them.

mod bindings;
mod bytes;
mod cache;
mod call;
pub mod capability;
mod contract;
mod convert;
mod digest;
mod effects;
mod engine;
mod granted;
mod guest;
mod host;
mod journal;
mod journaled;
mod limiter;
mod load;
mod plugin;
mod run;
mod stage;
mod text;
mod threads;
mod ticker;

pub use bytes::Bytes;
pub use call::{Answer, Call, CallError, DecodeError, Recording, Reply};
pub use capability::Capability;
pub use digest::{NotASha256, Sha256};
pub use effects::{Effects, Stop, Suspension, Waiting};
pub use granted::{Destination, Granted, NoDestination, argv_matches, check};
pub use host::{Host, HostConfig, HostError};
pub use journal::{Entry, EntryKind, Journal, JournalError, Record};
pub use journaled::Journaled;
pub use load::LoadError;
pub use plugin::{MissingGrant, Plugin, PluginName};
pub use run::{Ran, Run, RunError, Usage};
pub use stage::{Context, Description, Earlier, Failure, Outcome, Reason, Task};
