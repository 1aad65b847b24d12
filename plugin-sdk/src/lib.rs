//! Write a stage of an `adw` pipeline as one Rust function.
//!
//! A plugin is a crate of type `cdylib` with this SDK as its only dependency, and one function:
//!
//! ```
//! use adw_plugin_sdk::prelude::*;
//!
//! #[config]
//! #[derive(Default)]
//! #[serde(default)]
//! struct Config {
//!     /// Files that are looked at.
//!     pattern: Option<String>,
//! }
//!
//! /// Counts the repository's files.
//! #[stage]
//! fn count(cx: &Cx, config: Config) -> StageResult {
//!     let pattern = config.pattern.as_deref().unwrap_or("**");
//!     let files = cx.workspace().glob(pattern)?;
//!     if files.is_empty() {
//!         return Ok(Outcome::skipped(format!("no file matches {pattern}")));
//!     }
//!     Ok(Outcome::done(format!("{} files", files.len()), json!({ "files": files })))
//! }
//!
//! // A test of it:
//! let run = TestHost::new().file("a.rs", "").file("b.md", "").run(count, Config { pattern: Some("*.rs".into()) });
//! assert_eq!(*run.data(), json!({ "files": ["a.rs"] }));
//! ```
//!
//! `cargo build --release --target wasm32-unknown-unknown` makes a `.wasm` file that the runtime takes as it is;
//! adw.toml names it (`[stages.count]  path = "count.wasm"`) and grants what it may do (`[stages.count.grants]
//! workspace = "read"`). Without a grant a plugin reaches nothing: its imports are the list of its abilities, and it
//! imports only what it calls.
//!
//! # The same run twice
//!
//! The runtime writes down what a stage asks and what it is answered, and after a crash runs the stage again from
//! the top with the recorded answers. So the same answers must lead to the same questions:
//!
//! - Time and randomness come from [`Cx::clock`] and [`Cx::random`]; there are no others.
//! - Use [`BTreeMap`] where order matters. In a plugin a `HashMap`'s order comes from addresses: the same binary
//!   iterates alike, one that was built anew may not.
//!
//! # Tests
//!
//! On the machine's own target the host is a scripted one, [`testing::TestHost`]: an ordinary `cargo test` runs a
//! stage against it, and a call that the test didn't foresee fails with the line to paste.

#[cfg(all(target_family = "wasm", not(all(target_arch = "wasm32", target_os = "unknown"))))]
compile_error!(
    "a plugin is built for wasm32-unknown-unknown: `cargo build --release --target wasm32-unknown-unknown`. \
     What isn't granted can't even be linked there; WASI targets bring abilities of their own"
);

mod capability;
mod command_line;
mod commit_message;
mod cx;
mod error;
mod glue;
mod outcome;
mod task;

#[cfg(not(target_family = "wasm"))]
pub mod testing;

#[doc(hidden)]
#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::pedantic,
    clippy::mem_forget,
    reason = "generated from the contract, whose ABI is made of raw pointers"
)]
pub mod bindings;

pub use adw_plugin_macros::{config, data, stage};
pub use capability::agent::{AgentError, AgentFailure, Agents, Answer, Ask, AskFor};
pub use capability::artifacts::Artifacts;
pub use capability::clock::Clock;
pub use capability::exec::{Command, Exit, Output};
pub use capability::http::{Http, Request, Response};
pub use capability::human::{Human, Question};
pub use capability::log::Log;
pub use capability::random::Random;
pub use capability::state::State;
pub use capability::workspace::{Checkpoint, Since, Workspace};
pub use command_line::{CommandLine, Invocation, NotACommand};
pub use commit_message::CommitMessage;
pub use cx::Cx;
pub use error::{Error, Result};
pub use outcome::{Failure, Outcome, StageResult};
pub use task::{Earlier, Reason, Rework, Task, TaskKind};

pub use std::collections::BTreeMap;

// What the attributes' derives refer to; authors need no version of their own.
pub use {schemars, serde, serde_json};

/// What a plugin usually needs: `use adw_plugin_sdk::prelude::*;`.
pub mod prelude {
    #[cfg(not(target_family = "wasm"))]
    pub use crate::testing::TestHost;
    pub use crate::{
        BTreeMap, CommandLine, Cx, Error, Failure, NoConfig, Outcome, StageResult, config, data, stage,
    };
    pub use serde_json::{Value, json};
}

/// The configuration of a stage that has nothing to configure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// The host's functions: in a plugin what the runtime offers, by static calls, so that what isn't called isn't
/// imported; elsewhere the scripted host.
#[cfg(target_family = "wasm")]
use bindings::adw::stage as imports;
#[cfg(not(target_family = "wasm"))]
use testing::imports;

/// What `#[stage]` writes refers to; no part of the SDK's face.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::Guest;
    pub use crate::bindings::adw::stage::types::{Context, Description, Failure, Outcome};
    pub use crate::glue::{describe, run};

    /// The contract's `run`.
    pub type Run = fn(Context) -> Result<Outcome, Failure>;

    const NOTE: &str =
        concat!(r#"{"contract":"0.1.0","sdk":""#, env!("CARGO_PKG_VERSION"), r#"","language":"rust"}"#);

    /// What stands in a plugin's custom section `adw:stage`. A section is made of an array, never of a reference.
    pub const BUILT_WITH: [u8; NOTE.len()] = match NOTE.as_bytes().first_chunk() {
        Some(bytes) => *bytes,
        None => [0; NOTE.len()],
    };
}
