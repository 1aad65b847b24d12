//! A distribution's Rust that ships the standard library's source.

use std::env;
use std::path::{Path, PathBuf};

use crate::{DISTRIBUTION_PACKAGES, TARGET, Toolchain, rustup};

/// Where distributions install; rustup's proxies lie elsewhere.
const BIN: &str = "/usr/bin";

pub(crate) fn find() -> Result<Toolchain, String> {
    let cargo = Path::new(BIN).join("cargo");
    let rustc = Path::new(BIN).join("rustc");
    let packages = DISTRIBUTION_PACKAGES.join(" ");
    for program in [&cargo, &rustc] {
        if !program.is_file() {
            return Err(format!(
                "there is no {}, as Debian's packages {packages} bring it",
                program.display()
            ));
        }
    }
    let sysroot = PathBuf::from(rustup::print(&rustc, ["--print", "sysroot"])?);
    let source = sysroot.join("lib/rustlib/src/rust/library/Cargo.lock");
    if !source.is_file() {
        return Err(format!(
            "{} has no source of the standard library, as Debian's packages {packages} bring it",
            rustc.display()
        ));
    }
    let linker = linker(&sysroot).ok_or_else(|| {
        format!("there is no linker for {TARGET}: neither a rust-lld of an installed toolchain nor a wasm-ld")
    })?;
    Ok(Toolchain::Distribution { cargo, rustc, linker })
}

/// The distribution's own rust-lld, else that of the Rust in use, else LLVM's wasm-ld.
fn linker(sysroot: &Path) -> Option<PathBuf> {
    let in_use = PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let in_use = rustup::print(&in_use, ["--print", "sysroot"]).ok().map(PathBuf::from);
    let beside_rust =
        [Some(sysroot.to_owned()), in_use].into_iter().flatten().find_map(|root| rust_lld(&root));
    beside_rust.or_else(|| on_path("wasm-ld"))
}

/// `lib/rustlib/<this machine>/bin/rust-lld` beneath a sysroot.
fn rust_lld(sysroot: &Path) -> Option<PathBuf> {
    let targets = sysroot.join("lib/rustlib").read_dir().ok()?;
    targets.flatten().map(|target| target.path().join("bin/rust-lld")).find(|linker| linker.is_file())
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}
