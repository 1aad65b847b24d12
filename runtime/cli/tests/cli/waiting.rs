//! A workflow that waits for a person, as the commands tell of it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Ended, Repository, Server, adw};

const GATE: &str = r#"
[stages.gate]
plugin = "builtin:gate"
config = { question = "Is it good?" }
[stages.implement]
plugin = "builtin:implement"
grants = { workspace = "write", agent = ["*"] }
[stages.patient]
plugin = "builtin:gate"
config = { question = "Is it kept?" }
question_timeout = "24h"
question_default = "approve"
[stages.hasty]
plugin = "builtin:gate"
question_timeout = "1ms"
question_default = "approve"
[agents.slow]
profile = "command"
command = ["sleep", "600"]
[pipelines.default]
stages = ["gate"]
[pipelines.hasty]
stages = ["hasty", "patient"]
[pipelines.work]
stages = ["implement"]
"#;

/// A repository whose pipeline asks a person, and a server of it.
fn asking() -> (Repository, Server) {
    let repository = Repository::new(&[("adw.toml", GATE)]);
    let server = Server::start(&repository.path());
    (repository, server)
}

fn ask(repository: &Repository, arguments: &[&str]) -> Ended {
    adw(&repository.path()).args(arguments).output().unwrap().into()
}

/// Hands a task over and follows it, until this line comes; answers with what was said until then.
fn followed_until(repository: &Repository, adw_id: &str, pipeline: &str, words: &str) -> Vec<String> {
    let task = ["run", "Look at it", "--id", adw_id, "--pipeline", pipeline];
    let mut child = adw(&repository.path()).args(task).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        said.push(line.unwrap());
        if said.last().is_some_and(|line| line.contains(words)) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.last().is_some_and(|line| line.contains(words)), "{words:?} is missing: {said:#?}");
    said
}

#[test]
fn a_question_is_told_with_all_that_it_takes_to_answer_it_while_it_is_open() {
    let (repository, _server) = asking();
    let answer = "answer     adw answer look approve   (or rework, reject)";
    let said = followed_until(&repository, "look", "default", answer);
    assert!(said.iter().any(|line| line.ends_with("gate         │ Is it good?")), "{said:#?}");
    let look = "look       adw diff look";
    assert!(said.iter().any(|line| line == look), "{said:#?}");
    let shown = ask(&repository, &["show", "look"]).stdout;
    assert!(shown.contains(answer) && shown.contains(look), "{shown}");

    let answered = ask(&repository, &["answer", "look", "approve", "--follow"]);
    assert_eq!(answered.code, Some(0), "{answered:?}");
    assert!(!answered.stdout.contains("Is it good?"), "whoever answers knows: {}", answered.stdout);
    let again = ask(&repository, &["run", "Look at it", "--id", "look", "--pipeline", "default"]);
    assert!(again.stdout.contains("gate         asked: Is it good?"), "{}", again.stdout);
    assert!(!again.stdout.contains("adw answer"), "it is answered: {}", again.stdout);
}

#[test]
fn those_that_wait_are_listed_as_such_and_can_be_asked_for() {
    let (repository, _server) = asking();
    followed_until(&repository, "open", "default", "adw answer open");
    followed_until(&repository, "busy", "work", "asking the agent slow");
    followed_until(&repository, "answered", "default", "adw answer answered");
    assert_eq!(ask(&repository, &["answer", "answered", "approve", "--follow"]).code, Some(0));

    let listed = ask(&repository, &["ls"]).stdout;
    assert!(listed.contains("\nopen      waiting: question "), "{listed}");
    assert!(listed.contains("\nanswered  completed "), "{listed}");
    for (status, expected) in
        [("waiting", &["open"][..]), ("running", &["busy", "open"]), ("completed", &["answered"])]
    {
        let listed = ask(&repository, &["ls", "--status", status, "--json"]).json();
        let ids: Vec<_> =
            listed["items"].as_array().unwrap().iter().map(|item| item["adw_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{status}");
    }
    assert_eq!(ask(&repository, &["answer", "open", "approve", "--follow"]).code, Some(0));
    let none = ask(&repository, &["ls", "--status", "waiting"]);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "no workflow is like that; `adw ls` lists all\n")
    );
}

#[test]
fn what_is_paused_is_shown_as_that_with_what_it_waits_on_and_the_line_that_lets_it_go_on() {
    let (repository, _server) = asking();
    followed_until(&repository, "held", "default", "adw answer held");
    let paused = ask(&repository, &["pause", "held", "--reason", "after the release"]);
    assert_eq!(
        (paused.code, paused.stdout.as_str()),
        (Some(0), "held paused; adw resume held lets it go on\n")
    );

    let listed = ask(&repository, &["ls"]).stdout;
    assert!(listed.contains("\nheld  paused "), "{listed}");
    let shown = ask(&repository, &["show", "held"]).stdout;
    let since = shown.lines().find(|line| line.starts_with("paused ")).unwrap_or_default();
    assert!(since.contains("since ") && since.ends_with(": after the release"), "{shown}");
    for line in [
        "resume     adw resume held",
        "waits on   question: Is it good?",
        "answer     adw answer held approve   (or rework, reject)",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }

    let answered = ask(&repository, &["answer", "held", "approve"]);
    assert_eq!(answered.stdout, "held goes on with it once it is resumed: adw resume held\n");
    let resumed = ask(&repository, &["resume", "held", "--follow"]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert!(
        resumed.stdout.lines().next().is_some_and(|line| line.ends_with(" resumed")),
        "{}",
        resumed.stdout
    );
    let again = ask(&repository, &["run", "Look at it", "--id", "held", "--pipeline", "default"]);
    for told in ["paused: after the release", "answered: approve", "resumed"] {
        assert!(again.stdout.contains(told), "{told}: {}", again.stdout);
    }
    assert!(!again.stdout.contains("adw resume"), "it is resumed: {}", again.stdout);
    let late = ask(&repository, &["pause", "held"]);
    assert_eq!(late.code, Some(2));
    assert!(late.stderr.contains("can be neither paused nor resumed"), "{}", late.stderr);
}

#[test]
fn who_follows_a_workflow_that_is_paused_is_told_how_it_goes_on() {
    let (repository, _server) = asking();
    followed_until(&repository, "busy", "work", "asking the agent slow");
    assert_eq!(ask(&repository, &["pause", "busy"]).code, Some(0));
    let said = followed_until(&repository, "busy", "work", "resume     adw resume busy");
    let paused = "implement    paused: nothing of it goes on until it is resumed";
    assert!(said.iter().any(|line| line.ends_with(paused)), "{said:#?}");
}

#[test]
fn an_answer_that_is_taken_where_nobody_gives_one_is_told_before_and_after() {
    let (repository, _server) = asking();
    let said = followed_until(&repository, "soon", "hasty", "│ Is it kept?");
    assert!(said.iter().any(|line| line.ends_with("hasty        answered by default: approve")), "{said:#?}");
    let shown = ask(&repository, &["show", "soon"]).stdout;
    for line in ["waits on   question until 2", "\ndefault    approve, where nobody answers until 2"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}
