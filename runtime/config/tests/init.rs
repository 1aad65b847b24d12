//! What `adw init` writes is what the loader reads, whatever the repository.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{fs, path::Path};

use adw_config::{
    AgentProfile, Config, Env,
    init::{Facts, Runner, detect_runners, render},
};
use adw_core::WorkspaceAccess;

fn parsed(text: &str) -> Config {
    Config::parse(text, "adw.toml", "/project", &Env::empty())
        .unwrap_or_else(|errors| panic!("{errors}\n\n{text}"))
}

fn commands(config: &Config) -> Vec<String> {
    let exec = config.stage("test").unwrap().grants.exec.as_ref().expect("test may import exec");
    exec.iter().map(|pattern| pattern.0.join(" ")).collect()
}

fn cargo() -> Runner {
    Runner::new("cargo test", &["cargo", "test"])
}

/// Examples are written with a `#` directly before them, text with a space after it.
fn with_examples(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(example) if !example.starts_with([' ', '#']) && !example.is_empty() => example,
            _ => line,
        })
        .collect();
    lines.join("\n")
}

#[test]
fn the_projects_own_file_is_the_template_for_its_own_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let facts = Facts { base: Some("main".to_owned()), runners: vec![cargo()] };
    let file = root.join("adw.toml");
    if std::env::var_os("UPDATE_ADW_TOML").is_some() {
        fs::write(&file, render(&facts)).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), render(&facts), "UPDATE_ADW_TOML=1 writes it anew");
    Config::load(&file, &Env::empty()).unwrap();
}

#[test]
fn it_grants_what_the_stages_need_and_no_more() {
    let config = parsed(&render(&Facts { base: Some("trunk".to_owned()), runners: vec![cargo()] }));
    assert_eq!(config.projects[0].base.as_deref(), Some("trunk"));
    assert_eq!(config.projects[0].repo, Path::new("/project"));
    for name in ["plan", "implement"] {
        let grants = &config.stage(name).unwrap().grants;
        assert_eq!(grants.workspace, Some(WorkspaceAccess::Write));
        assert_eq!(grants.agent.as_deref(), Some(&["*".to_owned()][..]));
        assert_eq!((grants.exec.as_ref(), grants.http.as_ref()), (None, None));
    }
    let test = config.stage("test").unwrap();
    assert_eq!(test.grants.workspace, Some(WorkspaceAccess::Read));
    assert_eq!(test.grants.agent, None);
    assert_eq!(test.on_rework.as_ref().unwrap().as_str(), "implement");
    assert_eq!(config.pipeline("default").unwrap().stages.len(), 3);
    assert!(config.agents.is_empty());
}

#[test]
fn each_runner_gets_its_command() {
    for runners in [vec![], vec![cargo()], vec![cargo(), Runner::new("go test ./...", &["go", "test"])]] {
        let patterns: Vec<String> = runners.iter().map(|runner| runner.pattern().join(" ")).collect();
        let text = render(&Facts { base: None, runners });
        assert_eq!(commands(&parsed(&text)), patterns);
    }
}

#[test]
fn an_exit_code_is_trusted_at_once_where_nobody_knows_what_is_printed() {
    let cases: [(&[(&str, &str)], bool); 5] = [
        (&[("Makefile", "test:\n\tsh test.sh\n")], true),
        (&[("package.json", r#"{"scripts":{"test":"sh test.sh"}}"#), ("Cargo.toml", "")], true),
        (&[("package.json", r#"{"scripts":{"test":"jest"}}"#)], false),
        (&[("Cargo.toml", "")], false),
        (&[], false),
    ];
    for (files, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let text = render(&Facts { base: None, runners: detect_runners(folder.path()) });
        let config = parsed(&text).stage("test").unwrap().config.clone();
        assert_eq!(config == serde_json::json!({ "trust_exit_code": true }), expected, "{text}");
        assert!(text.contains("trust_exit_code = true   # "), "{text}");
    }
}

#[test]
fn its_examples_are_right_too() {
    let make = || Runner::new("make test", &["make", "test"]).not_understood();
    for runners in [vec![], vec![cargo()], vec![make()]] {
        let mut text = with_examples(&render(&Facts { base: None, runners: runners.clone() }));
        if runners.is_empty() {
            // The example stands in the place of the line below it.
            text = text.replace("\nexec = []", "");
        }
        let config = parsed(&text);
        let [agent] = config.agents.as_slice() else { panic!("{:?}", config.agents) };
        assert!(matches!(&agent.profile, AgentProfile::Command { command, .. } if command[2] == "{prompt}"));
        assert_eq!(config.projects[0].base.as_deref(), Some("main"));
        let tested_by = &config.stage("test").unwrap().config;
        assert!(tested_by["command"].is_string() && tested_by["trust_exit_code"] == true, "{tested_by}");
        assert_eq!(config.pipelines.len(), 2);
        let notify = config.stage("notify").unwrap();
        assert_eq!(notify.config["command"], "./notify.sh");
        assert_eq!(config.pipeline("default").unwrap().finally, std::slice::from_ref(&notify.name));
    }
}

#[test]
fn a_branch_may_be_called_anything_that_git_allows() {
    for base in ["feature/a-b", "it's", "a\"quoted\"b", "@exec@", "ünïcode", "main#1"] {
        let config = parsed(&render(&Facts { base: Some(base.to_owned()), runners: vec![] }));
        assert_eq!(config.projects[0].base.as_deref(), Some(base));
    }
}

#[test]
fn a_repository_shows_what_runs_its_tests() {
    const PYTHON: [&str; 2] = ["python3 -m unittest **", "python3 -m pytest **"];
    const CASE: &str = "import unittest\n";
    type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);
    let cases: [Case; 15] = [
        (&[], &[]),
        (&[("README.md", "test:")], &[]),
        (&[("Cargo.toml", "")], &["cargo test **"]),
        (&[("package.json", r#"{"scripts":{"test":"jest"}}"#)], &["npm test **"]),
        (&[("package.json", "{}")], &["npm test **"]),
        (&[("pyproject.toml", "")], &PYTHON),
        (&[("pyproject.toml", "[tool.pytest]"), ("test_a.py", "")], &[PYTHON[1], PYTHON[0]]),
        (&[("tests/__init__.py", ""), ("tests/test_sum.py", CASE)], &PYTHON),
        (&[("test_sum.py", "def test_sum(): ...")], &[PYTHON[1], PYTHON[0]]),
        (&[("sum_test.py", "def test_sum(): ...")], &[PYTHON[1], PYTHON[0]]),
        (&[("node_modules/x/test_sum.py", CASE), (".venv/test_sum.py", CASE), ("sum.py", "")], &[]),
        (&[("go.mod", "")], &["go test **"]),
        (&[("Makefile", "lint test: x\n\t./run\n")], &["make test **"]),
        (&[("Makefile", "all:\n\ttest -f x\ntest := y\n")], &[]),
        (&[("Cargo.toml", ""), ("go.mod", "")], &["cargo test **", "go test **"]),
    ];
    for (files, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let runners = detect_runners(folder.path());
        let patterns: Vec<String> = runners.iter().map(|runner| runner.pattern().join(" ")).collect();
        assert_eq!(patterns, expected, "{files:?}");
        parsed(&render(&Facts { base: None, runners }));
    }
}
