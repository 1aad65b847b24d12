//! Programs outlive whoever asked for them: run by the real `adw supervise`, followed, left alone, adopted, lost.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "what is measured, and what is skipped and why, is said")]

#[path = "../support/mod.rs"]
mod support;

mod adoption;
mod cost;
mod endings;
mod errors;
mod full_disk;
mod leftovers;
mod loss;
mod place;
mod surroundings;
