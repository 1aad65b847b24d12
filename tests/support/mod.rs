//! What every suite stands on: the real binary as a child process, spoken to over real HTTP and WebSockets.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by test programs; a test may panic"
)]

pub mod agreement;
pub mod api;
pub mod belongings;
pub mod chance;
pub mod command_line;
pub mod document;
pub mod feed;
pub mod history;
pub mod polling;
pub mod redaction;
pub mod repository;
pub mod samples;
pub mod scripts;
pub mod server;
pub mod shell;
pub mod small_disk;

use std::time::Duration;

/// How long anything may take on a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_mins(1);
