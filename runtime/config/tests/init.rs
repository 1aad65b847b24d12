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
    let facts = Facts { base: Some("main".to_owned()), runners: vec![Runner::Cargo] };
    let file = root.join("adw.toml");
    if std::env::var_os("UPDATE_ADW_TOML").is_some() {
        fs::write(&file, render(&facts)).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), render(&facts), "UPDATE_ADW_TOML=1 writes it anew");
    Config::load(&file, &Env::empty()).unwrap();
}

#[test]
fn it_grants_what_the_stages_need_and_no_more() {
    let config = parsed(&render(&Facts { base: Some("trunk".to_owned()), runners: vec![Runner::Cargo] }));
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
fn each_runner_gets_its_commands() {
    let cases: [(&[Runner], &[&str]); 7] = [
        (&[], &[]),
        (&[Runner::Cargo], &["cargo test **"]),
        (&[Runner::Npm], &["npm test **"]),
        (&[Runner::Python], &["python3 -m unittest **", "python3 -m pytest **", "pytest **"]),
        (&[Runner::Go], &["go test **"]),
        (&[Runner::Make], &["make test **"]),
        (&[Runner::Cargo, Runner::Make], &["cargo test **", "make test **"]),
    ];
    for (runners, expected) in cases {
        let text = render(&Facts { base: None, runners: runners.to_vec() });
        assert_eq!(commands(&parsed(&text)), expected, "{runners:?}");
    }
}

#[test]
fn its_examples_are_right_too() {
    for runners in [vec![], vec![Runner::Python]] {
        let mut text = with_examples(&render(&Facts { base: None, runners: runners.clone() }));
        if runners.is_empty() {
            // The example stands in the place of the line below it.
            text = text.replace("\nexec = []", "");
        }
        let config = parsed(&text);
        let [agent] = config.agents.as_slice() else { panic!("{:?}", config.agents) };
        assert!(matches!(&agent.profile, AgentProfile::Command { command, .. } if command[2] == "{prompt}"));
        assert_eq!(config.projects[0].base.as_deref(), Some("main"));
        assert!(config.stage("test").unwrap().config["command"].is_string());
        assert_eq!(config.pipelines.len(), 2);
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
    let cases: [(&[(&str, &str)], &[Runner]); 12] = [
        (&[], &[]),
        (&[("README.md", "test:")], &[]),
        (&[("Cargo.toml", "")], &[Runner::Cargo]),
        (&[("package.json", "{}")], &[Runner::Npm]),
        (&[("pyproject.toml", "")], &[Runner::Python]),
        (&[("tests/unit/test_sum.py", "")], &[Runner::Python]),
        (&[("node_modules/x/test_sum.py", ""), (".venv/test_sum.py", ""), ("sum.py", "")], &[]),
        (&[("go.mod", "")], &[Runner::Go]),
        (&[("Makefile", ".PHONY: all test\nall: x\nlint test: x\n\t./run\n")], &[Runner::Make]),
        (&[("Makefile", "all:\n\ttest: -f x\ntest := y\n# test: no\n")], &[]),
        (&[("makefile", "test:\n")], &[Runner::Make]),
        (&[("Cargo.toml", ""), ("Makefile", "test:\n")], &[Runner::Cargo, Runner::Make]),
    ];
    for (files, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        assert_eq!(detect_runners(folder.path()), expected, "{files:?}");
    }
}
