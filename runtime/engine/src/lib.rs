//! The only place where things happen in order: commands are decided one at a time for each workflow, committed,
//! and then told; a scheduler gives places to what can run, timers wake what waits, and a run takes a workflow
//! through its stages.

mod error;
mod feed;
mod logs;
mod request;

pub use error::{CommandError, CreateError, StartError};
pub use feed::{Feed, Live, Missed, Published, StageProgress, Subscription};
pub use logs::{LogLevel, LogLine, LogPage, LogPosition, LogSource};
pub use request::{Created, NewTask, Route};
