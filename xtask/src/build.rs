use std::path::PathBuf;

use crate::cargo::{cargo, target};
use crate::failure::Result;
use crate::{setup, step, terminal};

/// The binary that is shipped.
pub(crate) fn release() -> Result<()> {
    setup::essentials()?;
    step::run(cargo().args(["build", "--release", "--locked", "--package", "adw"]))?;
    terminal::good(target().join("release/adw").display());
    Ok(())
}

/// The binary for trying things out: built in a fraction of the time, with the parts optimised that it waits for.
pub(crate) fn dev() -> Result<PathBuf> {
    step::run(cargo().args(["build", "--quiet", "--locked", "--package", "adw"]))?;
    Ok(target().join("debug/adw"))
}
