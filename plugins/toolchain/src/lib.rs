//! Finds what builds plugins for WebAssembly on this machine, and calls it.
//!
//! Two ways lead there, tried in this order:
//!
//! - **rustup**: the Rust in use has the standard library for [`TARGET`]; `rustup target add` brought it.
//! - **distribution**: a distribution's own Rust together with the standard library's source (Debian's packages
//!   `rustc-web cargo-web rust-web-src`), which cargo builds on the way. It takes a minute or two the first time.
//!
//! The environment variable [`CHOICE`] (`rustup` or `distribution`) insists on one of them.
//!
//! The build script of the built-in plugins, `cargo xtask setup` and `adw plugin build` all ask here, so that they
//! agree on what is missing.

mod distribution;
mod isolation;
pub mod modules;
mod rustup;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt};

/// The target that plugins are built for. What isn't granted can't even be linked there.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The environment variable that insists on one toolchain: `rustup` or `distribution`.
pub const CHOICE: &str = "ADW_WASM_TOOLCHAIN";

/// Debian's packages for the second way.
pub const DISTRIBUTION_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// What builds plugins on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// The Rust in use, with the target's standard library beside it.
    Rustup {
        /// Its cargo.
        cargo: PathBuf,
        /// Its rustc.
        rustc: PathBuf,
    },
    /// A distribution's Rust, which builds the standard library from its source.
    Distribution {
        /// Its cargo.
        cargo: PathBuf,
        /// Its rustc.
        rustc: PathBuf,
        /// A linker for WebAssembly.
        linker: PathBuf,
    },
}

/// Finds the toolchain, or says what is missing.
pub fn find() -> Result<Toolchain, Missing> {
    find_as(env::var_os(CHOICE))
}

fn find_as(choice: Option<OsString>) -> Result<Toolchain, Missing> {
    match choice {
        None => rustup::find().or_else(|rustup| {
            distribution::find().map_err(|distribution| Missing::Both { rustup, distribution })
        }),
        Some(choice) if choice == "rustup" => rustup::find().map_err(Missing::Rustup),
        Some(choice) if choice == "distribution" => distribution::find().map_err(Missing::Distribution),
        Some(choice) => Err(Missing::UnknownChoice(choice)),
    }
}

impl Toolchain {
    /// A `cargo build` for [`TARGET`] whose results lie in `target_dir`, ready for packages and a profile.
    ///
    /// The target directory must be no outer build's own: cargo would wait for its lock for ever. What an outer
    /// build, clippy or a coverage run put into the environment for itself doesn't reach this one.
    pub fn command(&self, target_dir: &Path) -> Command {
        let (Self::Rustup { cargo, rustc } | Self::Distribution { cargo, rustc, .. }) = self;
        let mut command = Command::new(cargo);
        isolation::isolate(&mut command, target_dir);
        command.env("RUSTC", rustc).args(["build", "--target", TARGET]);
        if let Self::Distribution { linker, .. } = self {
            // Building the standard library is a feature of nightly; the distribution's source fits its compiler.
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
        }
        command
    }

    /// Where a build with [`command`](Self::command) leaves a package's module.
    pub fn module(target_dir: &Path, profile: &str, package: &str) -> PathBuf {
        target_dir.join(TARGET).join(profile).join(package.replace('-', "_")).with_extension("wasm")
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustup { rustc, .. } => write!(formatter, "{} with the target {TARGET}", rustc.display()),
            Self::Distribution { rustc, linker, .. } => write!(
                formatter,
                "{} building the standard library from source, linked by {}",
                rustc.display(),
                linker.display()
            ),
        }
    }
}

/// Why no toolchain was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Neither way is open; what each lacks.
    Both {
        /// What the first way lacks.
        rustup: String,
        /// What the second way lacks.
        distribution: String,
    },
    /// The way that [`CHOICE`] insists on is not open; what it lacks.
    Rustup(String),
    /// The way that [`CHOICE`] insists on is not open; what it lacks.
    Distribution(String),
    /// [`CHOICE`] names no way.
    UnknownChoice(OsString),
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const REMEDY: &str = "run `cargo xtask setup`, which brings what is missing";
        match self {
            Self::Both { rustup, distribution } => {
                write!(
                    formatter,
                    "plugins can't be built for {TARGET} here: {REMEDY} ({rustup}; {distribution})"
                )
            }
            Self::Rustup(lack) => write!(formatter, "{CHOICE}=rustup, but {lack}: {REMEDY}"),
            Self::Distribution(lack) => write!(formatter, "{CHOICE}=distribution, but {lack}: {REMEDY}"),
            Self::UnknownChoice(choice) => write!(
                formatter,
                "{CHOICE} is `{}`: make it `rustup` or `distribution`, or unset it",
                choice.to_string_lossy()
            ),
        }
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests;
