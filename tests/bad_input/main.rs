//! Whatever somebody gets wrong, they are told what it was, where, and what to do next; and nothing is lost by it.
//!
//! A table of cases for each edge. What is answered is a page in `snapshots`, to be read from top to bottom as the person
//! who made the mistake. After each table the server is looked at: it lives, has what it had and nothing besides, and
//! its log holds no panic.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod adw_toml;
mod bystanders;
mod cli;
mod http;
mod page;
mod patches;
mod rest;
mod socket;
mod wire;
