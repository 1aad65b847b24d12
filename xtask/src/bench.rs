//! `cargo xtask bench`: the measurement is a program of its own, since this one stays quick to build.

use std::process::Command;

use crate::cargo::{cargo, target};
use crate::failure::Result;
use crate::{setup, step};

/// Builds what is measured and what measures it, and runs that.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    setup::essentials()?;
    let build = ["build", "--release", "--locked", "--package", "adw", "--package", "adw-bench"];
    step::run(cargo().args(build))?;
    let release = target().join("release");
    let mut measure = Command::new(release.join("adw-bench"));
    measure.arg("--adw").arg(release.join("adw")).arg("--scratch").arg(target().join("bench"));
    step::run(measure.args(arguments))
}
