//! Keeps an outer cargo's settings away from an inner one.

use std::env;
use std::path::Path;
use std::process::Command;

/// What an outer cargo, clippy, rustdoc, a coverage tool or a person sets for builds of this machine's own target,
/// and what would fail or be rebuilt for ever in a build for another.
const FOREIGN: [&str; 9] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
    "CLIPPY_ARGS",
];

/// What cargo sets for the one build script or program that it runs.
const OF_ONE_CRATE: [&str; 5] = ["CARGO_PKG_", "CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "DEP_"];

/// Gives a command a target directory of its own and takes foreign settings out of its environment.
pub(crate) fn isolate(command: &mut Command, target_dir: &Path) {
    for name in FOREIGN {
        command.env_remove(name);
    }
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| OF_ONE_CRATE.iter().any(|prefix| name.starts_with(prefix))) {
        command.env_remove(name);
    }
    for name in [
        "OUT_DIR",
        "TARGET",
        "HOST",
        "OPT_LEVEL",
        "DEBUG",
        "PROFILE",
        "NUM_JOBS",
        "RUSTDOC",
        "LD_LIBRARY_PATH",
    ] {
        command.env_remove(name);
    }
    // An intermediate directory shared with the outer build would be locked by it.
    command.env("CARGO_TARGET_DIR", target_dir).env("CARGO_BUILD_BUILD_DIR", target_dir);
}
