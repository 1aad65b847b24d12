//! The only place where things happen in order: commands are decided one at a time for each workflow, committed,
//! and then told; a scheduler gives places to what can run, timers wake what waits, and a run takes a workflow
//! through its stages.

// First, since its macro is used in all the others.
#[macro_use]
mod failure_points;

mod agents;
mod answer;
mod attempt;
mod blobs;
mod bodies;
mod calls;
mod catalog;
mod clock;
mod collection;
mod configuration;
mod create;
mod data_folder;
mod engine;
mod error;
mod feed;
mod inner;
mod journal;
mod ledger;
mod live;
mod log_line;
mod logs;
mod patience;
mod programs;
mod readiness;
mod record;
mod recovery;
mod replay;
mod request;
mod results;
mod run;
mod runs;
mod scheduler;
mod served;
mod timers;
mod warnings;

pub use adw_agents::Program;
pub use adw_host::LARGEST_PLUGIN;
#[cfg(feature = "failure-points")]
pub use adw_store::sqlite::FailingCommits;
pub use agents::{find_program, first_installed};
pub use answer::{AnswerError, NewAnswer};
pub use clock::{Clock, SystemClock};
pub use configuration::{Configuration, RefusedConfiguration, Reread, configuration_sha256};
pub use create::new_adw_id;
pub use engine::{Engine, Options, check};
pub use error::{CommandError, CreateError, StartError};
#[cfg(feature = "failure-points")]
pub use failure_points::{FailurePoint, Sabotage};
pub use feed::{BoardSubscription, Feed, Live, Missed, Published, StageProgress, Subscription};
pub use logs::{LogLevel, LogLine, LogPage, LogPosition, LogQuery, LogSource};
pub use readiness::Readiness;
pub use record::{RecordPage, RecordedCall};
pub use replay::{Difference, Replay, ReplayError, Request};
pub use request::{Created, NewTask, Route};
pub use runs::Programs;
