//! `adw init` and `adw check`.

use std::process::Command;

use crate::support::{Ended, Repository, adw, run};

const CARGO: (&str, &str) = ("Cargo.toml", "[package]\nname = \"x\"\n");

#[test]
fn what_init_writes_passes_check() {
    let repository = Repository::new(&[CARGO]);
    let below = repository.path().join("src");
    std::fs::create_dir(&below).unwrap();
    let ended = run(&below, ["init", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let file = repository.path().join("adw.toml");
    assert_eq!(ended.json()["file"], file.to_str().unwrap(), "beside .git, wherever it is called");
    assert_eq!(ended.json()["base"], "main");
    assert!(std::fs::read_to_string(&file).unwrap().contains(r#"exec = [["cargo", "test", "**"]]"#));

    let ended = run(&below, ["check"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    assert!(ended.stdout.ends_with("adw.toml: plan, implement, test\n"), "{ended:?}");
    assert_eq!(repository.git(["status", "--porcelain"]), "?? adw.toml\n", "nothing else was written");
}

#[test]
fn an_adw_toml_is_not_overwritten_unasked() {
    let repository = Repository::new(&[]);
    let file = repository.path().join("adw.toml");
    std::fs::write(&file, "# mine\n").unwrap();
    let ended = run(&repository.path(), ["init"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("is there already") && ended.stderr.contains("--force"),
        "{}",
        ended.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\n");

    assert_eq!(run(&repository.path(), ["init", "--force"]).code, Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().contains("[pipelines.default]"));
}

#[test]
fn init_says_what_it_found_and_what_comes_next() {
    let repository = Repository::new(&[CARGO]);
    let ended = run(&repository.path(), ["init"]);
    for said in [
        "work begins from   main",
        "tests are run by   cargo test",
        "adw check",
        "adw serve",
        "adw run",
        "git add adw.toml",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let nowhere = tempfile::tempdir().unwrap();
    let ended = run(nowhere.path(), ["init"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("no git repository") && ended.stderr.contains("[stages.test]"),
        "{}",
        ended.stderr
    );
}

#[test]
fn init_says_which_of_pythons_runners_is_taken_when() {
    const UNITTEST: &str = "python3 -m unittest discover -v";
    const PYTEST: &str = "python3 -m pytest";
    let by_pytest = "where a test is written for pytest, or unittest finds none";
    let by_unittest = "where there are tests for unittest alone, or pytest finds none";
    let told = |now: &str, or: &[(&str, &str)]| {
        let or = or.iter().map(|(command, when)| format!("  or by              {command}, {when}\n"));
        format!("  tests are run by   {now}\n{}\n", or.collect::<Vec<_>>().concat())
    };
    let cases = [
        (("test_a.py", "def test_a(): ...\n"), told(PYTEST, &[(UNITTEST, by_unittest)])),
        (("test_a.py", "import unittest\n"), told(UNITTEST, &[(PYTEST, by_pytest)])),
        (("setup.py", ""), told("nothing yet", &[(UNITTEST, by_unittest), (PYTEST, by_pytest)])),
    ];
    for (file, expected) in cases {
        let ended = run(&Repository::new(&[file]).path(), ["init"]);
        assert!(ended.stdout.contains(&expected), "{expected}: {}", ended.stdout);
    }
}

#[test]
fn check_names_plugins_that_do_not_load_and_what_is_not_there() {
    let repository = Repository::new(&[]);
    let text = r#"
[projects.default]
repo = "."
base = "trunk"
[projects.gone]
repo = "elsewhere"
[stages.plan]
plugin = "builtin:plan"
[stages.mine]
path = "mine.wasm"
[pipelines.default]
stages = ["plan", "mine"]
"#;
    std::fs::write(repository.path().join("adw.toml"), text).unwrap();
    std::fs::write(repository.path().join("mine.wasm"), "not a module").unwrap();
    let ended = run(&repository.path(), ["check"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for said in ["no commit called trunk", "elsewhere is no folder", "adw.toml:7:", "adw.toml:9:", "grants"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let answer = run(&repository.path(), ["check", "--json"]).json();
    assert_eq!(answer["error"]["errors"].as_array().map(Vec::len), Some(4), "{answer}");
}

#[test]
fn check_names_a_stage_that_has_no_command_to_run() {
    let repository = Repository::new(&[]);
    let text = "[projects.default]\nrepo = \".\"\n[stages.notify]\nplugin = \"builtin:run\"\n\
                grants = { exec = [[\"true\"]] }\n[pipelines.default]\nstages = [\"notify\"]\n";
    let file = repository.path().join("adw.toml");
    std::fs::write(&file, text).unwrap();
    let ended = run(&repository.path(), ["check"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("known there: command, commands"), "{}", ended.stderr);

    std::fs::write(&file, text.replace("[pipelines", "config = { command = \"true\" }\n[pipelines")).unwrap();
    let ended = run(&repository.path(), ["check"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn check_warns_of_a_repository_in_which_nothing_is_committed_yet() {
    let repository = Repository::without_commits();
    assert_eq!(run(&repository.path(), ["init"]).code, Some(0));
    let checked = run(&repository.path(), ["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stderr.contains("tasks begin from nothing; commit first"), "{checked:?}");
    let examined = run(&repository.path(), ["doctor"]);
    assert!(examined.stdout.contains("warn  projects  "), "{}", examined.stdout);
    assert!(examined.stdout.contains("git add --all && git commit --message Begin\n"), "{}", examined.stdout);
    // Any other base will not be there after the first commit either.
    let file = repository.path().join("adw.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("base = \"main\"", "base = \"trunk\"")).unwrap();
    let checked = run(&repository.path(), ["check"]);
    assert!(checked.code == Some(2) && checked.stderr.contains("no commit called trunk"), "{checked:?}");
}

#[test]
fn check_does_not_call_an_adw_toml_without_stages_right() {
    let repository = Repository::new(&[("adw.toml", ""), ("words.toml", "# Nothing yet.\n")]);
    for arguments in [["check", "--config", "adw.toml"], ["check", "--config", "words.toml"]] {
        let ended = run(&repository.path(), arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.starts_with("error: there are no stages"), "{}", ended.stderr);
        assert!(ended.stderr.contains("adw init"), "{}", ended.stderr);
    }
}

#[test]
fn check_says_why_git_does_not_open_a_repository() {
    let repository = Repository::new(&[]);
    assert_eq!(run(&repository.path(), ["init"]).code, Some(0));
    std::fs::write(repository.path().join(".git/HEAD"), "").unwrap();
    let ended = run(&repository.path(), ["check"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for said in ["git doesn't open the repository in", "fatal: not a git repository", "move .git away"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

#[test]
fn check_warns_of_what_is_not_there_and_still_calls_it_right() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), ["init"]).code, Some(0));
    let file = folder.path().join("adw.toml");
    let absent = "\n[agents.absent]\nprofile = \"command\"\ncommand = [\"no-such-agent\", \"{prompt}\"]\n";
    let present = "\n[agents.present]\nprofile = \"command\"\ncommand = [\"sh\"]\n";
    let forbidden = "\n[agents.forbidden]\nprofile = \"command\"\ncommand = [\"./agent.sh\"]\n";
    std::fs::write(folder.path().join("agent.sh"), "#!/bin/sh\n").unwrap();
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + absent + present + forbidden).unwrap();
    let ended = run(folder.path(), ["check"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let script = folder.path().canonicalize().unwrap().join("agent.sh").display().to_string();
    let lack = format!("the program of the agent forbidden is there and isn't executable: {script}\n");
    let mend = format!("= help: chmod +x {script}\n");
    let told = [
        "is no git repository",
        ".adw/repositories",
        "adw diff ID | patch -p1",
        "no-such-agent",
        &lack,
        &mend,
    ];
    for said in told {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let answer = run(folder.path(), ["check", "--json"]).json();
    assert_eq!(answer["warnings"].as_array().map(Vec::len), Some(3), "{answer}");
}

#[test]
fn a_pipe_in_the_place_of_an_adw_toml_is_neither_waited_for_nor_written_to() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("adw.toml")).status().unwrap().success());
    for arguments in [&["check"][..], &["serve"], &["ls"], &["init", "--force"]] {
        let ended: Ended = adw(folder.path()).args(arguments).output().unwrap().into();
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains("no regular file"), "{arguments:?}: {}", ended.stderr);
    }
}
