//! The command `adw`, as scripts and people call it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod alone;
mod arguments;
mod completions;
mod doctor;
mod following;
mod init;
mod json;
mod looking;
mod pty;
mod reload;
mod serve;
mod settling;
mod support;
mod terminal;
mod waiting;
mod warnings;
mod watch;
mod workflow;
