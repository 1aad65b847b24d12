//! How toolchains are chosen and called. That both build is seen by building the bundle with each.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::{Missing, Toolchain, find_as};

fn rustup() -> Toolchain {
    Toolchain::Rustup { cargo: "/rust/bin/cargo".into(), rustc: "/rust/bin/rustc".into() }
}

fn distribution() -> Toolchain {
    Toolchain::Distribution {
        cargo: "/usr/bin/cargo".into(),
        rustc: "/usr/bin/rustc".into(),
        linker: "/rust/bin/rust-lld".into(),
    }
}

/// What a command sets a variable to.
fn set<'a>(command: &'a Command, name: &str) -> Option<&'a OsStr> {
    command.get_envs().find(|(key, _)| *key == name)?.1
}

/// Whether a command takes a variable away.
fn takes_away(command: &Command, name: &str) -> bool {
    command.get_envs().any(|(key, value)| key == name && value.is_none())
}

#[test]
fn a_choice_that_is_none_is_refused() {
    let missing = find_as(Some("nix".into())).unwrap_err();
    assert_eq!(missing, Missing::UnknownChoice("nix".into()));
    assert_eq!(
        missing.to_string(),
        "ADW_WASM_TOOLCHAIN is `nix`: make it `rustup` or `distribution`, or unset it"
    );
}

#[test]
fn what_is_missing_is_said_in_one_sentence_with_the_remedy() {
    let missing =
        Missing::Both { rustup: "no target".to_owned(), distribution: "no /usr/bin/cargo".to_owned() };
    assert_eq!(
        missing.to_string(),
        "plugins can't be built for wasm32-unknown-unknown here: run `cargo xtask setup`, which brings what is missing \
         (no target; no /usr/bin/cargo)"
    );
    let insisted = Missing::Rustup("rustc has no standard library".to_owned());
    assert!(insisted.to_string().contains("`cargo xtask setup`"));
}

#[test]
fn an_insisted_choice_is_never_exchanged_for_the_other() {
    if let Ok(found) = find_as(Some("rustup".into())) {
        assert!(matches!(found, Toolchain::Rustup { .. }), "{found}");
    }
    if let Ok(found) = find_as(Some("distribution".into())) {
        assert!(matches!(found, Toolchain::Distribution { .. }), "{found}");
    }
}

#[test]
fn the_outer_builds_settings_stay_outside() {
    let command = rustup().command(Path::new("/build"));
    for name in
        ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTFLAGS", "OUT_DIR"]
    {
        assert!(takes_away(&command, name), "{name}");
    }
    // Set by cargo for this very test.
    assert!(takes_away(&command, "CARGO_PKG_NAME"));
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"] {
        assert_eq!(set(&command, name), Some(OsStr::new("/build")), "{name}");
    }
}

#[test]
fn each_toolchain_is_called_its_own_way() {
    let command = rustup().command(Path::new("/build"));
    assert_eq!(command.get_args().collect::<Vec<_>>(), ["build", "--target", "wasm32-unknown-unknown"]);
    assert_eq!(set(&command, "RUSTC"), Some(OsStr::new("/rust/bin/rustc")));
    assert_eq!(set(&command, "RUSTC_BOOTSTRAP"), None);

    let command = distribution().command(Path::new("/build"));
    assert_eq!(command.get_program(), "/usr/bin/cargo");
    assert!(command.get_args().any(|argument| argument == "-Zbuild-std=std,panic_abort"));
    assert_eq!(set(&command, "RUSTC_BOOTSTRAP"), Some(OsStr::new("1")));
    assert_eq!(
        set(&command, "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"),
        Some(OsStr::new("/rust/bin/rust-lld"))
    );
}

#[test]
fn a_packages_module_lies_where_cargo_leaves_it() {
    assert_eq!(
        Toolchain::module(Path::new("/build"), "plugin", "adw-plugin-plan"),
        Path::new("/build/wasm32-unknown-unknown/plugin/adw_plugin_plan.wasm")
    );
}
