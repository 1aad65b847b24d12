//! Builds the plugins of this folder for WebAssembly.

use std::process::ExitCode;

use adw_wasm_toolchain::modules::{Modules, build};

fn main() -> ExitCode {
    build(&Modules {
        workspace: "../..",
        folder: "tests/guests",
        names: &["hostile", "onlooker", "player"],
        package: |name| format!("adw-plugin-{name}"),
        parts: &["plugin-sdk", "plugins/toolchain", "Cargo.lock", "Cargo.toml"],
    })
}
