//! What was acknowledged is kept whatever the disk does: full, and with room again, or failing in the middle of a commit.
//!
//! The load, the oracle and the promises are those of `tests/durability/`. `cargo xtask test faults` runs longer forms of this.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "a test program has no outside")]

#[path = "../durability/form.rs"]
#[allow(dead_code, reason = "shared with the tests of durability")]
mod form;
#[path = "../support/mod.rs"]
mod support;
#[path = "../durability/trial/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests of durability")]
mod trial;

mod agents;
mod blobs;
mod failing_commits;
mod failing_syncs;
mod full_disk;
mod large_answers;
mod nondeterminism;
mod seen;
