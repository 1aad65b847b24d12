//! The `adw` that is shipped can't be told to die, or to do wrong.

use std::process::Command;

/// What cargo would build `adw` of, with the features of each.
fn parts(kinds: &str) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let edges = format!("features,{kinds}");
    let tree = ["tree", "--locked", "--offline", "--package", "adw", "--prefix", "none", "--edges", &edges];
    let output = Command::new(cargo).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_build_of_adw_has_failure_points_but_that_of_the_tests() {
    for part in ["adw-engine", "adw-store"] {
        let feature = format!("{part} feature \"failure-points\"");
        assert!(!parts("normal,build").contains(&feature));
        assert!(parts("all").contains(&feature), "this test looks for something that there is");
    }
}
