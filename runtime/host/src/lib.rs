//! The WebAssembly host: plugins, their calls, and the layers that answer them.

mod bytes;
mod call;
pub mod capability;
mod digest;
mod effects;
mod granted;
mod journal;
mod journaled;
mod stage;

pub use bytes::Bytes;
pub use call::{Answer, Call, CallError, DecodeError, Recording, Reply};
pub use capability::Capability;
pub use digest::{NotASha256, Sha256};
pub use effects::{Effects, Stop, Suspension, Waiting};
pub use granted::{Destination, Granted, NoDestination, argv_matches, check};
pub use journal::{Entry, EntryKind, Journal, JournalError, Record};
pub use journaled::Journaled;
pub use stage::{Context, Description, Earlier, Failure, Outcome, Reason, Task};
