//! What adw.toml says that can be gone by, and that a stage would fail of: told before anything is paid for.

use std::fs::{self, File};

use serde_json::{Value, json};

use crate::support::{Ended, Repository, Server, adw, run};

/// What a newcomer writes: the runner of one language, and the grant of another's.
const PYTEST: &str = r#"[projects.demo]
repo = "."

[stages.test]
plugin = "builtin:test"
config = { command = "pytest -q", commands = ["cargo test", "A=1 make lint"] }
grants = { workspace = "read", exec = [["cargo", "**"]] }

[pipelines.default]
stages = ["test"]
"#;

const LINES: &str =
    "[stages.test.grants]\nexec = [[\"cargo\", \"**\"], [\"pytest\", \"-q\"], [\"make\", \"lint\"]]";

/// The same with the lines that the warnings have, in the place of those that were there.
fn mended() -> String {
    let (grants, exec) = LINES.split_once('\n').unwrap();
    PYTEST
        .replace("grants = { workspace = \"read\", exec = [[\"cargo\", \"**\"]] }\n", "")
        .replace("[pipelines", &format!("{grants}\nworkspace = \"read\"\n{exec}\n\n[pipelines"))
}

fn repository() -> Repository {
    Repository::new(&[("adw.toml", PYTEST)])
}

/// Without what is different each time.
fn anywhere(repository: &Repository, text: &str) -> String {
    text.replace(&repository.path().display().to_string(), "[folder]")
}

#[test]
fn check_shows_each_with_its_place_and_the_line_that_mends_it_and_calls_the_file_right() {
    let repository = repository();
    let ended = run(&repository.path(), ["check"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    insta::assert_snapshot!(anywhere(&repository, &format!("{}{}", ended.stdout, ended.stderr)));

    fs::write(repository.path().join("adw.toml"), mended()).unwrap();
    let ended = run(&repository.path(), ["check"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
}

#[test]
fn check_tells_programs_the_same() {
    let repository = repository();
    let ended = run(&repository.path(), ["check", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let answer: Value = serde_json::from_str(&anywhere(&repository, &ended.stdout)).unwrap();
    assert_eq!(answer["ok"], true);
    insta::assert_json_snapshot!(answer["warnings"]);
}

#[test]
fn on_a_terminal_its_first_word_and_what_it_points_at_have_the_colour_of_a_warning() {
    let repository = repository();
    let ended: Ended =
        adw(&repository.path()).arg("check").env("CLICOLOR_FORCE", "1").output().unwrap().into();
    let (yellow, plain) = ("\u{1b}[33m", "\u{1b}[0m");
    assert!(
        ended.stderr.contains(&format!("{yellow}warning:{plain} the stage `test` would fail")),
        "{ended:?}"
    );
    let marks = ended.stderr.lines().find(|line| line.contains('^')).unwrap();
    assert!(marks.contains(yellow), "{marks:?}");
}

#[test]
fn doctor_warns_of_them_with_what_to_write() {
    let repository = repository();
    let ended = run(&repository.path(), ["doctor", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.json();
    let findings = report["findings"].as_array().unwrap();
    let warned: Vec<&Value> =
        findings.iter().filter(|found| found["subject"] == "plugins" && found["verdict"] == "warn").collect();
    let file = repository.path().join("adw.toml").display().to_string();
    let message = format!("{file}:6:12: the stage `test` would fail: running `pytest -q` is not granted");
    assert_eq!((warned.len(), &warned[0]["message"]), (2, &json!(message)), "{report:#}");
    assert!(warned.iter().all(|found| found["fix"] == LINES), "{warned:#?}");
}

#[test]
fn a_server_logs_each_once_at_its_start_and_goes_by_the_file() {
    let repository = repository();
    let log = repository.path().join("log");
    let server = Server::start_with_log(&repository.path(), File::create(&log).unwrap());
    assert_eq!(server.get("/api/v1/configuration")["warnings"].as_array().map(Vec::len), Some(2));
    assert_eq!(server.end("TERM"), Some(0));
    let log = fs::read_to_string(log).unwrap();
    for said in ["running `pytest -q` is not granted\n", "running `make lint` is not granted\n"] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
    let exec = LINES.split_once('\n').unwrap().1;
    assert!(log.contains(exec), "the line to write: {log}");
}

#[test]
fn a_reload_tells_whoever_asked_for_it_and_the_log() {
    let repository = repository();
    let file = repository.path().join("adw.toml");
    fs::write(&file, mended()).unwrap();
    let log = repository.path().join("log");
    let server = Server::start_with_log(&repository.path(), File::create(&log).unwrap());
    assert_eq!(server.get("/api/v1/configuration")["warnings"], json!([]));

    fs::write(&file, PYTEST).unwrap();
    let ended = run(&repository.path(), ["reload"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = "warning: the stage `test` would fail: running `pytest -q` is not granted\n --> ";
    assert_eq!(ended.stderr.matches(said).count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("exec = [[\"cargo\", \"**\"], [\"pytest\", \"-q\"], "), "{ended:?}");
    let answer = run(&repository.path(), ["reload", "--json"]).json();
    let first = answer["warnings"][0].as_str().unwrap();
    assert!(first.starts_with("the stage `test` would fail: running `pytest -q`"), "{answer}");
    assert_eq!(server.get("/api/v1/configuration")["warnings"], answer["warnings"]);
    assert_eq!(server.end("TERM"), Some(0));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("the stage `test` would fail: running `pytest -q` is not granted\n"), "{log}");
}

#[test]
fn what_is_found_out_in_the_repository_is_no_matter_for_a_warning() {
    let repository = repository();
    let nothing = PYTEST.lines().filter(|line| !line.starts_with("config")).collect::<Vec<_>>().join("\n");
    for text in [nothing.clone(), nothing.replace("[[\"cargo\", \"**\"]]", "[]")] {
        fs::write(repository.path().join("adw.toml"), text).unwrap();
        let ended = run(&repository.path(), ["check"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    }
}

#[test]
fn check_tells_of_retries_that_never_come() {
    let config = "[projects.demo]\nrepo = \".\"\n[stages.plan]\nplugin = \"builtin:plan\"\ngrants = { workspace = \"write\", agent = [] }\n\
                  retry = { on = [\"network\", \"tiemout\", \"crash\", \"whatever\", \"empty_diff\"] }\n\
                  [pipelines.default]\nstages = [\"plan\"]\n";
    let repository = Repository::new(&[("adw.toml", config)]);
    let ended = run(&repository.path(), ["check"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told: Vec<_> =
        ended.stderr.lines().filter(|line| line.contains("warning") || line.contains("help")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    warning: the stage `plan` is never tried again for "tiemout": no failure has that class
      = help: did you mean "timeout"?
    warning: the stage `plan` is never tried again for "crash": no failure has that class
      = help: did you mean "crashed"?
    warning: the stage `plan` is never tried again for "whatever": no failure has that class
      = help: there are rate_limit, auth, quota, context_overflow, model_not_found, network, missing_executable, empty_or_unparsable_output, output_lost, refused, timeout, cancelled, interrupted, crashed, unavailable, bad_patch, empty_diff
    "#);
}
