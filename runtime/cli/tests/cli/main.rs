//! The command `adw`, as scripts and people call it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod arguments;
mod doctor;
mod init;
mod serve;
mod support;
mod watch;
mod workflow;
