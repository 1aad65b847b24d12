//! What can be gone by and is told all the same: where it points, and how it looks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use adw_config::{Config, ConfigWarning, Env};

const TEXT: &str = "\
[stages.test]
plugin = \"builtin:test\"
config = { commands = [\"make\", [\"cargo\", \"test\"]] }
[stages.0]
plugin = \"builtin:noop\"
[pipelines.default]
stages = [\"test\"]
";

fn warning(path: &[&str]) -> ConfigWarning {
    let config = Config::parse(TEXT, "adw.toml", "/project", &Env::empty()).unwrap();
    config.warning_at(path, "it would fail", Some("write\nthis".to_owned()))
}

#[test]
fn it_looks_as_an_error_does_but_for_its_first_word() {
    let warning = warning(&["stages", "test", "config", "commands", "1"]);
    insta::assert_snapshot!(warning, @r#"
    warning: it would fail
     --> adw.toml:3:32
      |
    3 | config = { commands = ["make", ["cargo", "test"]] }
      |                                ^^^^^^^^^^^^^^^^^
      = help: write
              this
    "#);
    assert_eq!(format!("warning: {warning:#}"), warning.to_string());
}

#[test]
fn it_points_at_keys_and_at_elements_of_arrays_and_at_the_nearest_above_what_is_not_there() {
    let cases: [(&[&str], &str, &str); 7] = [
        (&["stages", "test"], "stages.test", "adw.toml:1:9"),
        (&["stages", "0"], "stages.0", "adw.toml:4:9"),
        (&["stages", "test", "config", "commands"], "stages.test.config.commands", "adw.toml:3:12"),
        (&["stages", "test", "config", "commands", "0"], "stages.test.config.commands[0]", "adw.toml:3:24"),
        (
            &["stages", "test", "config", "commands", "1", "1"],
            "stages.test.config.commands[1][1]",
            "adw.toml:3:42",
        ),
        (&["stages", "test", "config", "a b"], "stages.test.config.\"a b\"", "adw.toml:3:1"),
        (&["server", "listen"], "server.listen", "adw.toml"),
    ];
    for (path, key, place) in cases {
        let warning = warning(path);
        assert_eq!((warning.key.as_deref(), warning.location.to_string().as_str()), (Some(key), place));
    }
}

#[test]
fn several_are_told_in_the_order_of_the_file() {
    let unordered = vec![warning(&["stages", "0"]), warning(&["server"]), warning(&["stages", "test"])];
    let ordered = ConfigWarning::in_order(unordered);
    let keys: Vec<_> = ordered.iter().filter_map(|warning| warning.key.as_deref()).collect();
    assert_eq!(keys, ["stages.test", "stages.0", "server"]);
}
