//! Programs that write code when prompted: processes and agent backends.
//!
//! [`exec`] runs a program in a folder and leaves nothing of it behind; [`supervisor`] does so too, and its programs
//! outlive the process that asked for them; [`run_agent`] asks an agent, of whichever
//! backend, and answers with one result. Neither knows of git, of workflows' state or of the store.

pub mod exec;
pub mod supervisor;

mod agent;
mod command;
mod event;
mod failure;
mod patch;
mod process;
mod program;
mod structured;
mod unified_diff;
mod usage;

pub use agent::{AgentSpec, Answer, Request, Silence, Tools, run_agent};
pub use command::{Argv, EmptyArgv};
pub use event::AgentEvent;
pub use failure::{AgentFailure, ErrorClass};
pub use patch::{ApplyPatch, NotApplied};
pub use process::environment::Environment;
pub use process::mark::{Owner, RunMark};
pub use process::sweep::{Swept, sweep, sweep_all, sweep_all_but};
pub use program::Program;
pub use unified_diff::extract_patch;
pub use usage::UsageRules;
