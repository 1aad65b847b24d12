//! The contract `adw:stage` between the runtime and its stages, as WIT: the only place for it.
//!
//! A folder per version stands beside this crate's `Cargo.toml`; once a version is offered to authors its folder
//! never changes. Host and SDK generate their bindings from the same file, found with the path that the build
//! knows; programs that only need the text use [`STAGE_0_1_0`].

/// The version of the contract that this release of the runtime and of the SDK speaks.
pub const CONTRACT_VERSION: &str = "0.1.0";

/// The text of `adw:stage@0.1.0`.
pub const STAGE_0_1_0: &str = include_str!("../0.1.0/stage.wit");

/// The custom section in which the SDK notes what a plugin was built with: a JSON object
/// `{"contract":"0.1.0","sdk":"0.1.0","language":"rust"}`. It is read before the plugin is instantiated.
pub const CUSTOM_SECTION: &str = "adw:stage";
