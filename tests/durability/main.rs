//! What was acknowledged is kept, whatever ends the server.
//!
//! The oracle is what clients were told and what agents noted themselves. `cargo xtask test durability` runs longer forms of
//! this, and prints the figures; ADW_SEED repeats a run's choices.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "a test program has no outside")]

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "shared with the tests of faults")]
mod form;
mod kills;
mod points;
mod sabotage;
mod shipped;
mod stops;
#[allow(dead_code, reason = "shared with the tests of faults")]
mod trial;
