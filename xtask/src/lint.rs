use std::process::Command;

use crate::cargo::cargo;
use crate::failure::Result;
use crate::{setup, step, terminal};

/// What a change must pass besides its tests.
pub(crate) fn run(dependencies: bool) -> Result<()> {
    setup::essentials()?;
    step::run(cargo().args(["fmt", "--all", "--check"]))?;
    step::run(cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let doc = ["doc", "--quiet", "--locked", "--workspace", "--no-deps"];
    step::run(cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    if dependencies { check_dependencies() } else { Ok(()) }
}

fn check_dependencies() -> Result<()> {
    let program = setup::deny()?;
    let deny = || {
        let mut command = Command::new(&program);
        command.current_dir(crate::cargo::root()).arg("--locked");
        command
    };
    step::run(deny().args(["check", "bans", "licenses", "sources"]))?;
    if step::quietly(deny().args(["fetch", "db"])).is_err() {
        terminal::note("the database of advisories can't be reached from here, so they are not checked");
        return Ok(());
    }
    step::run(deny().args(["check", "--disable-fetch", "advisories"]))
}
