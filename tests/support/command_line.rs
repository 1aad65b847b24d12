//! The other commands of `adw`, as a person types them.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use super::{api::Api, repository::without_settings, server::ADW};

/// Runs `adw` in a folder, and gives what it printed; the test fails where it does.
pub fn adw(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "adw {arguments:?} ended with {}: {errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `adw` in a folder where it is refused (exit code 2), and gives what it said.
pub fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "adw {arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Asks a server by `adw … --json`.
pub fn ask(folder: &Path, api: &Api, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json", "--server", api.address()]].concat();
    let answer = adw(folder, &arguments);
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    without_settings(Command::new(ADW).args(arguments).current_dir(folder)).output().unwrap()
}
