//! Brings what this machine lacks, and says what it did. Where nothing is lacking it is quick and nearly silent.

mod wasm;

use std::path::PathBuf;

use crate::cargo::{cargo, find, target};
use crate::failure::{Failure, Result};
use crate::{step, terminal};

/// Everything that any of the commands needs.
pub(crate) fn all() -> Result<()> {
    essentials()?;
    if !has_nextest() {
        terminal::note("cargo-nextest isn't here: tests run with cargo test, more slowly");
        terminal::note("`cargo install cargo-nextest --locked` would bring it");
    }
    terminal::good(format!("cargo-deny: {}", deny()?.display()));
    Ok(())
}

/// What every build and test needs.
pub(crate) fn essentials() -> Result<()> {
    let Some(git) = find("git") else {
        return Err(Failure::new(
            "git isn't on the path: install it with this system's packages, and try again",
        ));
    };
    let toolchain = wasm::bring()?;
    terminal::good(format!("git: {}", git.display()));
    terminal::good(format!("plugins are built by {toolchain}"));
    Ok(())
}

/// Whether tests can be run by cargo-nextest.
pub(crate) fn has_nextest() -> bool {
    step::quietly(cargo().args(["nextest", "--version"])).is_ok()
}

/// cargo-deny: this machine's own, or one beneath the target directory, where it disturbs nothing.
pub(crate) fn deny() -> Result<PathBuf> {
    let tools = target().join("tools");
    let ours = tools.join("bin/cargo-deny");
    if let Some(there) = find("cargo-deny").or_else(|| ours.is_file().then(|| ours.clone())) {
        return Ok(there);
    }
    terminal::note("cargo-deny isn't here: building it, which takes a few minutes");
    // Unoptimised it builds in a quarter of the time and still checks in seconds.
    let install = ["install", "cargo-deny", "--quiet", "--locked", "--debug", "--root"];
    step::run(cargo().args(install).arg(&tools)).map_err(|failure| {
        Failure::new(format!("{failure}\n`cargo xtask lint --no-deny` leaves the check of dependencies out"))
    })?;
    Ok(ours)
}
