//! Every command for a program: with `--json`, stdout has JSON and nothing else.

use serde_json::Value;

use crate::support::{Ended, Repository, Server, adw, run, subcommands};

/// How a command is called, and what its answer has.
struct Call {
    line: &'static str,
    member: &'static str,
}

const fn call(line: &'static str, member: &'static str) -> Call {
    Call { line, member }
}

/// Commands that need no server, in a repository without adw.toml.
const BEFORE: [Call; 3] = [call("init", "/file"), call("check", "/ok"), call("doctor", "/findings")];

/// Commands that ask a server, in an order in which each has something to answer.
const AFTER: [Call; 14] = [
    call("run One --id one --stages implement --patch fix.diff", "/stage_runs"),
    call("run Two --id two --stages implement --agent patch", "/error_message"),
    call("ls", "/items/0"),
    call("show one", "/status"),
    call("logs one", "/message"),
    call("journal one", "/items/0/call"),
    call("replay one", "/items/0/plugin/name"),
    call("diff one", "/diff"),
    call("retry two --follow", "/error_message"),
    // It asks nothing, and says so in JSON too.
    call("answer one approve", "/error/problem/code"),
    call("pause three", "/waiting/since"),
    call("resume three", "/status"),
    call("cancel three", "/status"),
    call("reload", "/sha256"),
];

/// What is no answer, but a script.
const SCRIPTS: [&str; 1] = ["completions"];

/// What goes on until it is ended, and has tests of its own.
const ENDLESS: [&str; 2] = ["serve", "watch"];

#[test]
fn every_command_answers_with_json() {
    let repository = Repository::new(&[("greeting.txt", "Helo\n")]);
    let folder = repository.path();
    let patch = "--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1 +1 @@\n-Helo\n+Hello\n";
    std::fs::write(folder.join("fix.diff"), patch).unwrap();
    for call in &BEFORE {
        has_only_json(call, &ask(&repository, call, None));
    }

    repository.configure("\n[agents.slow]\nprofile = \"command\"\ncommand = [\"sleep\", \"600\"]\n");
    let (server, line) = Server::start_json(&folder);
    assert_eq!(line["listening"], server.url);
    let three = ["run", "Three", "--id", "three", "--stages", "implement", "--agent", "slow", "--no-follow"];
    let handed: Ended =
        adw(&folder).args(three).args(["--json", "--server", &server.url]).output().unwrap().into();
    assert_eq!(handed.json()["adw_id"], "three");
    for call in &AFTER {
        has_only_json(call, &ask(&repository, call, Some(&server.url)));
    }
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn every_command_is_among_them() {
    let called = BEFORE.iter().chain(&AFTER).map(|call| call.line.split(' ').next().unwrap());
    let mut called: Vec<&str> = called.chain(SCRIPTS).chain(ENDLESS).collect();
    called.sort_unstable();
    called.dedup();
    let mut all = subcommands();
    all.sort_unstable();
    assert_eq!(called, all, "a new command is called with --json above");
}

#[test]
fn every_command_fails_with_json() {
    let folder = tempfile::tempdir().unwrap();
    for command in subcommands() {
        let ended = run(folder.path(), [&command, "--json", "--no-such-option"]);
        assert_eq!(ended.code, Some(2), "{command}: {ended:?}");
        assert_eq!(ended.json()["error"]["kind"], "usage", "{command}");
        assert_eq!(ended.stderr, "", "{command}");
    }
}

fn ask(repository: &Repository, call: &Call, server: Option<&str>) -> Ended {
    let mut command = adw(&repository.path());
    command.args(call.line.split(' ')).arg("--json");
    if let Some(url) = server {
        command.args(["--server", url]);
    }
    command.output().unwrap().into()
}

fn has_only_json(call: &Call, ended: &Ended) {
    assert_eq!(ended.stderr, "", "{}", call.line);
    let documents: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", call.line))
        })
        .collect();
    // Only a log has more than one.
    assert!(documents.len() == 1 || call.line.starts_with("logs"), "{}: {ended:?}", call.line);
    assert!(
        documents[0].pointer(call.member).is_some_and(|member| !member.is_null()),
        "{}: {ended:?}",
        call.line
    );
}
