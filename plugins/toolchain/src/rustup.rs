//! The Rust in use, if its standard library for the target is there.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{TARGET, Toolchain};

/// The Rust in use: what cargo says it is where cargo calls us, else what is on the path.
pub(crate) fn find() -> Result<Toolchain, String> {
    let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let rustc = PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let library = print(&rustc, ["--print", "target-libdir", "--target", TARGET])?;
    if has_core(Path::new(&library)) {
        Ok(Toolchain::Rustup { cargo, rustc })
    } else {
        Err(format!("{} has no standard library for the target {TARGET}", rustc.display()))
    }
}

/// What rustc prints when it is asked.
pub(crate) fn print<'a>(
    rustc: &Path,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Result<String, String> {
    let output = Command::new(rustc)
        .args(arguments)
        .output()
        .map_err(|error| format!("{} can't be run: {error}", rustc.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} fails: {}", rustc.display(), said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether the library folder of a target holds `core`: rustup leaves empty folders behind.
fn has_core(library: &Path) -> bool {
    let is_core = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with("libcore-"));
    library.read_dir().is_ok_and(|entries| entries.flatten().any(|entry| is_core(&entry.file_name())))
}
