//! Builds the built-in plugins for WebAssembly, all in one call of cargo, and hands their paths to `src/lib.rs`.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adw_wasm_toolchain::{CHOICE, Toolchain};

/// The stages, by the names that adw.toml knows them under (`builtin:plan`).
const STAGES: [&str; 5] = ["plan", "implement", "test", "gate", "noop"];

/// What else the modules are made of and with.
const PARTS: [&str; 5] = ["plugin-sdk", "plugins/runners", "plugins/toolchain", "Cargo.lock", "Cargo.toml"];

/// The profile in the workspace's `Cargo.toml` that makes small modules which still name their functions.
const PROFILE: &str = "plugin";

fn main() -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Cargo takes an error a line.
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn make() -> Result<(), Box<dyn Error>> {
    let workspace = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // First of all: cargo shows what a script that failed has printed, and this failure is to stand alone.
    let toolchain = adw_wasm_toolchain::find()?;
    watch(&workspace);
    let target_dir = target_dir(&out)?;
    build(&toolchain, &workspace, &target_dir)?;
    for stage in STAGES {
        let module = Toolchain::module(&target_dir, PROFILE, &package(stage));
        // A copy: the bytes that this build compiles in are those of this build, whatever runs beside it.
        std::fs::copy(&module, out.join(stage).with_extension("wasm"))
            .map_err(|error| format!("{} is not where cargo was to leave it: {error}", module.display()))?;
    }
    Ok(())
}

/// Has cargo run this again when something that the modules are made of changes.
fn watch(workspace: &Path) {
    let stages = STAGES.map(|stage| format!("plugins/{stage}"));
    for part in stages.iter().map(String::as_str).chain(PARTS) {
        println!("cargo::rerun-if-changed={}", workspace.join(part).display());
    }
    for variable in [CHOICE, "RUSTC", "RUSTUP_TOOLCHAIN"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
}

fn package(stage: &str) -> String {
    format!("adw-plugin-{stage}")
}

/// A folder of the build's own that stays the same, so that it stays warm: `OUT_DIR` is
/// `<target>/<profile>/build/<crate>-<hash>/out`, and the hash differs between check, clippy, test and build.
fn target_dir(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = out.ancestors().nth(4).ok_or("OUT_DIR is not beneath a target directory")?;
    Ok(target.join("plugins"))
}

fn build(toolchain: &Toolchain, workspace: &Path, target_dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut command = toolchain.command(target_dir);
    command.current_dir(workspace).args(["--profile", PROFILE, "--locked", "--quiet"]);
    for stage in STAGES {
        command.args(["--package", &package(stage)]);
    }
    let output = command.output().map_err(|error| format!("{command:?} can't be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("the plugins don't build with {toolchain} ({}):\n{said}", output.status).into())
}
