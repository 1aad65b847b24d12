//! Builds the built-in plugins for WebAssembly.

use std::process::ExitCode;

use adw_wasm_toolchain::modules::{Modules, build};

fn main() -> ExitCode {
    build(&Modules {
        workspace: "../..",
        folder: "plugins",
        // As adw.toml knows them: `builtin:plan`.
        names: &["plan", "implement", "test", "gate", "run", "noop"],
        package: |name| format!("adw-plugin-{name}"),
        parts: &["plugin-sdk", "plugins/runners", "plugins/toolchain", "Cargo.lock", "Cargo.toml"],
    })
}
