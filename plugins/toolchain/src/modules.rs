//! What build scripts do that carry plugins: they build them for WebAssembly, all in one call of cargo, and hand the
//! modules to `src/lib.rs`.
#![expect(clippy::print_stdout, reason = "that is how a build script speaks to cargo")]

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::{CHOICE, Toolchain, find};

/// The profile in the workspace's `Cargo.toml` that makes small modules which still name their functions.
const PROFILE: &str = "plugin";

/// The plugins that a crate carries.
pub struct Modules {
    /// The workspace's root, from the crate's own folder.
    pub workspace: &'static str,
    /// The folder that theirs are in, from there.
    pub folder: &'static str,
    /// What they are called: `plan` is in the folder of that name, and ends up as `plan.wasm` in `OUT_DIR`.
    pub names: &'static [&'static str],
    /// The package of a plugin.
    pub package: fn(&str) -> String,
    /// What else the modules are made of and with.
    pub parts: &'static [&'static str],
}

/// The whole of a build script.
pub fn build(modules: &Modules) -> ExitCode {
    match make(modules) {
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

fn make(modules: &Modules) -> Result<(), Box<dyn Error>> {
    let workspace = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(modules.workspace).canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // First of all: cargo shows what a script that failed has printed, and this failure is to stand alone.
    let toolchain = find()?;
    watch(modules, &workspace);
    let target_dir = target_dir(&out)?;
    run(modules, &toolchain, &workspace, &target_dir)?;
    for name in modules.names {
        let module = Toolchain::module(&target_dir, PROFILE, &(modules.package)(name));
        // A copy: the bytes that this build compiles in are those of this build, whatever runs beside it.
        std::fs::copy(&module, out.join(name).with_extension("wasm"))
            .map_err(|error| format!("{} is not where cargo was to leave it: {error}", module.display()))?;
    }
    Ok(())
}

/// Has cargo run this again when something that the modules are made of changes.
fn watch(modules: &Modules, workspace: &Path) {
    let plugins = modules.names.iter().map(|name| workspace.join(modules.folder).join(name));
    let parts = modules.parts.iter().map(|part| workspace.join(part));
    for path in plugins.chain(parts) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    for variable in [CHOICE, "RUSTC", "RUSTUP_TOOLCHAIN"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
}

/// A folder of the build's own that stays the same, so that it stays warm: `OUT_DIR` is
/// `<target>/<profile>/build/<crate>-<hash>/out`, and the hash differs between check, clippy, test and build.
fn target_dir(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = out.ancestors().nth(4).ok_or("OUT_DIR is not beneath a target directory")?;
    Ok(target.join("plugins"))
}

fn run(
    modules: &Modules,
    toolchain: &Toolchain,
    workspace: &Path,
    target_dir: &Path,
) -> Result<(), Box<dyn Error>> {
    let mut command = toolchain.command(target_dir);
    command.current_dir(workspace).args(["--profile", PROFILE, "--locked", "--quiet"]);
    for name in modules.names {
        command.args(["--package", &(modules.package)(name)]);
    }
    let output = command.output().map_err(|error| format!("{command:?} can't be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("the plugins don't build with {toolchain} ({}):\n{said}", output.status).into())
}
