//! What builds plugins for WebAssembly: the target from rustup, else a distribution's packages.

use std::process::Command;

use adw_wasm_toolchain::{DISTRIBUTION_PACKAGES, Missing, TARGET, Toolchain};

use crate::cargo::find;
use crate::failure::{Failure, Result};
use crate::{step, terminal};

/// The toolchain; brought, where there is none.
pub(crate) fn bring() -> Result<Toolchain> {
    let missing = match adw_wasm_toolchain::find() {
        Ok(toolchain) => return Ok(toolchain),
        Err(missing) => missing,
    };
    let (may_rustup, may_distribution) = match &missing {
        Missing::Both { .. } => (true, true),
        Missing::Rustup(_) => (true, false),
        Missing::Distribution(_) => (false, true),
        Missing::UnknownChoice(_) => return Err(Failure::new(missing.to_string())),
    };
    terminal::note(&missing);
    let mut tried = Vec::new();
    for (may, way) in [(may_rustup, from_rustup as fn() -> Result<()>), (may_distribution, from_distribution)]
    {
        if !may {
            continue;
        }
        if let Err(failure) = way() {
            terminal::note(&failure);
            tried.push(failure.to_string());
        } else if let Ok(toolchain) = adw_wasm_toolchain::find() {
            return Ok(toolchain);
        }
    }
    Err(Failure::new(format!(
        "plugins can't be built for {TARGET} on this machine:\n- {}\nInstall the target with whatever brought your \
         Rust, or a distribution's Rust with the standard library's source (Debian: {}), and try again",
        tried.join("\n- "),
        DISTRIBUTION_PACKAGES.join(" "),
    )))
}

fn from_rustup() -> Result<()> {
    let rustup = find("rustup").ok_or_else(|| Failure::new("rustup isn't on the path"))?;
    step::run(Command::new(rustup).args(["target", "add", TARGET]))
}

fn from_distribution() -> Result<()> {
    if find("apt-get").is_none() {
        return Err(Failure::new(
            "there is no apt-get, so the packages of a distribution can't be brought from here",
        ));
    }
    // The lists may be old, or not there at all; where they can't be renewed the install may still find everything.
    if let Err(failure) = step::run(as_root("apt-get")?.args(["-qq", "update"])) {
        terminal::note(failure);
    }
    let install = ["-qq", "install", "--yes", "--no-install-recommends"];
    step::run(
        as_root("apt-get")?
            .args(install)
            .args(DISTRIBUTION_PACKAGES)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// The program itself for root, else through sudo, as far as it doesn't ask for a password.
fn as_root(program: &str) -> Result<Command> {
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let sudo =
        find("sudo").ok_or_else(|| Failure::new(format!("{program} needs root, and there is no sudo")))?;
    let mut command = Command::new(sudo);
    command.args(["--non-interactive", program]);
    Ok(command)
}
