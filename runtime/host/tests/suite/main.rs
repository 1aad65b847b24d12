//! The host through its public face: guests in WebAssembly text, answered by scripts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod builtin;
mod calls;
mod commands;
mod encodings;
mod endings;
mod grants;
mod guest;
mod journal;
mod loading;
mod messages;
mod running;
mod scripted;
