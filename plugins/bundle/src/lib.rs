//! The built-in stages, as the core modules that the runtime encodes into components.
//!
//! The build script builds them from `plugins/` whenever they or the SDK change.

/// A stage that comes with the runtime.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name after `builtin:` in adw.toml.
    pub name: &'static str,
    /// Its core module, with the component's type in a custom section.
    pub wasm: &'static [u8],
}

macro_rules! builtin {
    ($name:literal) => {
        Builtin { name: $name, wasm: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")) }
    };
}

/// All of them.
pub const BUILTINS: &[Builtin] = &[
    builtin!("plan"),
    builtin!("implement"),
    builtin!("test"),
    builtin!("gate"),
    builtin!("run"),
    builtin!("noop"),
];

/// The bytes of the stage that adw.toml calls `builtin:<name>`.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    BUILTINS.iter().find(|builtin| builtin.name == name).map(|builtin| builtin.wasm)
}

/// Without the bytes, which nobody wants to see.
impl std::fmt::Debug for Builtin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Builtin {{ name: {:?}, wasm: {} bytes }}", self.name, self.wasm.len())
    }
}
