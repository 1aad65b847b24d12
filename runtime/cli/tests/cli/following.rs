//! What somebody who follows a workflow is told: each thing once, and in the order in which it happened.

use std::process::Stdio;

use crate::support::{Ended, Repository, Server, adw, free_address};

const STAGES: &str = r#"
[stages.implement]
plugin = "builtin:implement"
grants = { workspace = "write", agent = ["*"] }
[stages.patient]
plugin = "builtin:implement"
retry = { attempts = 2, backoff = "1ms..2ms", on = ["crashed"] }
grants = { workspace = "write", agent = ["*"] }
[stages.test]
plugin = "builtin:test"
config = { command = "sh check.sh" }
grants = { workspace = "read", exec = [["sh", "check.sh"]] }
[stages.gate]
plugin = "builtin:gate"
[agents.flaky]
profile = "command"
command = ["sh", "-c", "test -e ../../../works || { echo looking for it; echo nothing is there; exit 3; }; echo found > it"]
[agents.lasting]
profile = "command"
command = ["sh", "-c", "echo line one; until test -e ../../../go; do sleep 0.1; done; echo line two; echo found > it"]
[pipelines.default]
stages = ["implement"]
[pipelines.patient]
stages = ["patient"]
[pipelines.tested]
stages = ["implement", "test"]
[pipelines.gated]
stages = ["implement", "gate"]
"#;

/// Says what a runner of tests does, and fails.
const CHECK: &str = "\
echo 'test_a (test_x.T.test_a) ... FAIL'
echo
echo 'Traceback of the one that failed'
echo 'Ran 1 test in 0.000s'
echo
echo 'FAILED (failures=1)'
exit 1
";

fn repository() -> Repository {
    Repository::new(&[("adw.toml", STAGES), ("check.sh", CHECK)])
}

fn ask(repository: &Repository, arguments: &[&str]) -> Ended {
    adw(&repository.path()).args(arguments).output().unwrap().into()
}

/// How the lines end that hold these words, in their order.
fn told(said: &str, words: &[&str]) -> Vec<String> {
    let lines = said.lines().filter(|line| words.iter().any(|word| line.contains(word)));
    lines.map(|line| line.split_once("  ").unwrap_or_default().1.to_owned()).collect()
}

#[test]
fn what_failed_is_told_once() {
    let repository = repository();
    let task = ["run", "Find it", "--id", "tested", "--pipeline", "tested", "--agent", "flaky"];
    std::fs::write(repository.path().join("works"), "").unwrap();
    let ended = ask(&repository, &task);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for once in
        ["test_a (test_x.T.test_a) ... FAIL", "Traceback of the one", "Ran 1 test", "FAILED (failures=1)"]
    {
        assert_eq!(ended.stdout.matches(once).count(), 1, "{once}: {}", ended.stdout);
    }
    let reason = ended.stdout.split_once("failed: ").unwrap().1;
    assert!(reason.starts_with("1 of 1 tests failed.\n"), "{reason}");
    assert!(reason.contains("│ … as above\n") && reason.contains("on_rework names no stage"), "{reason}");
    let shown = ask(&repository, &["show", "tested"]).stdout;
    assert!(shown.contains("Traceback of the one"), "whoever didn't read along is told all of it: {shown}");

    std::fs::remove_file(repository.path().join("works")).unwrap();
    let ended =
        ask(&repository, &["run", "Find it", "--id", "tried", "--pipeline", "patient", "--agent", "flaky"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("patient      waits try 2 of 2\n"), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches("ended with code 3").count(), 2, "once for each try: {}", ended.stdout);
}

#[test]
fn what_is_told_over_a_restart_of_the_server_stands_in_its_order() {
    let repository = repository();
    let address = free_address();
    let server = Server::start_at(&repository.path(), &address);
    let task = ["run", "Find it", "--id", "one", "--agent", "lasting"];
    let mut following = adw(&repository.path()).args(task).stdout(Stdio::piped()).spawn().unwrap();
    let log = repository.path().join(".adw/logs/one/implement.1.ndjson");
    while !std::fs::read_to_string(&log).unwrap_or_default().contains("line one") {
        assert!(following.try_wait().unwrap().is_none(), "it ended");
    }
    assert_eq!(server.end("TERM"), Some(0));
    // What the agent writes meanwhile is in the log before anybody follows again.
    std::fs::write(repository.path().join("go"), "").unwrap();
    let _server = Server::start_at(&repository.path(), &address);
    let live: Ended = following.wait_with_output().unwrap().into();
    let afterwards = ask(&repository, &task);
    for ended in [live, afterwards] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let story = told(&ended.stdout, &["started", "line", "interrupted", "goes on", "completed "]);
        // Whether the agent was still at work when the server was there again is a matter of chance.
        let story: Vec<&str> = story
            .iter()
            .map(|line| line.trim_start_matches("implement").trim_start())
            .filter(|line| !line.starts_with("│ the agent that was asked"))
            .collect();
        let [started, one, interrupted, goes_on, two, completed, ..] = story[..] else {
            panic!("{}", ended.stdout)
        };
        assert_eq!(
            (started, one, goes_on, two),
            ("started", "│ line one", "goes on", "│ line two"),
            "{story:#?}"
        );
        assert!(interrupted.starts_with("interrupted") && completed.starts_with("completed"), "{story:#?}");
    }
}

#[test]
fn whoever_has_it_go_on_is_told_what_comes_after_that_and_of_the_note_beside_an_answer() {
    let repository = repository();
    let _server = Server::start(&repository.path());
    let failed = ask(&repository, &["run", "Find it", "--id", "retried", "--agent", "flaky"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    let shown = ask(&repository, &["show", "retried"]).stdout;
    for next in [
        "\nlook       adw logs retried, adw journal retried\n",
        "\nretry      adw retry retried   (by the present adw.toml)\n",
    ] {
        assert!(shown.contains(next), "{next}: {shown}");
    }
    std::fs::write(repository.path().join("works"), "").unwrap();
    let retried = ask(&repository, &["retry", "retried", "--follow"]);
    assert_eq!(retried.code, Some(0), "{retried:?}");
    assert!(
        retried.stdout.lines().next().is_some_and(|line| line.ends_with("goes on, from implement")),
        "{retried:?}"
    );
    assert!(!retried.stdout.contains("nothing is there"), "{}", retried.stdout);
    assert!(!ask(&repository, &["show", "retried"]).stdout.contains("adw retry"));

    let task = ["run", "Find it", "--id", "asked", "--pipeline", "gated", "--agent", "flaky", "--no-follow"];
    assert_eq!(ask(&repository, &task).code, Some(0));
    while !ask(&repository, &["show", "asked"]).stdout.contains("adw answer asked") {}
    let answered =
        ask(&repository, &["answer", "asked", "reject", "--note", "the name\nis wrong", "--follow"]);
    assert_eq!(answered.code, Some(1), "{answered:?}");
    let first: Vec<&str> = answered
        .stdout
        .lines()
        .take(3)
        .filter_map(|line| line.split_once("  "))
        .map(|(_, said)| said)
        .collect();
    assert_eq!(
        first,
        ["gate         answered: reject", "gate         │ the name", "gate         │ is wrong"]
    );
    let shown = ask(&repository, &["show", "asked"]).stdout;
    let told = "\nanswers\n           gate         reject (the name\n           is wrong)\n";
    assert!(shown.contains(told), "{shown}");
}

#[test]
fn who_follows_from_the_beginning_is_told_of_answers_too() {
    let repository = repository();
    let _server = Server::start(&repository.path());
    std::fs::write(repository.path().join("works"), "").unwrap();
    let task = ["run", "Find it", "--id", "asked", "--pipeline", "gated", "--agent", "flaky"];
    let following = adw(&repository.path()).args(task).stdout(Stdio::piped()).spawn().unwrap();
    while !ask(&repository, &["show", "asked"]).stdout.contains("adw answer asked") {}
    let answered = ask(&repository, &["answer", "asked", "approve", "--note", "well done"]);
    assert_eq!(answered.code, Some(0), "{answered:?}");
    let ended: Ended = following.wait_with_output().unwrap().into();
    assert!(
        ended.stdout.contains("answered: approve\n") && ended.stdout.contains("│ well done\n"),
        "{ended:?}"
    );
}
