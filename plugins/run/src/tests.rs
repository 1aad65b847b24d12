//! The stage against the scripted host.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use super::*;
use adw_plugin_sdk::TaskKind;
use adw_plugin_sdk::testing::{Call, ExecReply, exits, killed, timed_out};

fn host() -> TestHost {
    TestHost::new().stage("notify").task(TaskKind::Bug, "Fix the sum", "")
}

fn command(line: &str) -> Config {
    Config { command: Some(CommandLine::Line(line.to_owned())), ..Config::default() }
}

/// The variables of each program that was run.
fn environments(calls: &[Call]) -> Vec<BTreeMap<String, String>> {
    let environment = |call: &Call| match call {
        Call::Exec { env, .. } => Some(env.clone()),
        _ => None,
    };
    calls.iter().filter_map(environment).collect()
}

#[test]
fn a_command_that_exits_with_0_is_done_whatever_it_says() {
    let reply = exits(0).stdout("sent\n").stderr("a warning\n");
    let run = host()
        .exec(["./notify.sh", "--to", "me and you"], reply)
        .run(run, command("./notify.sh --to 'me and you'"));
    assert_eq!(run.summary(), "`./notify.sh --to 'me and you'` exited with 0");
    let commands = vec!["./notify.sh --to 'me and you'".to_owned()];
    assert_eq!(*run.data(), Report { commands, output: "sent".to_owned() });
}

#[test]
fn another_exit_code_is_a_failure_with_the_end_of_what_was_said() {
    let noise = "noise\n".repeat(1_000);
    let reply = exits(3).stdout(format!("{noise}half done\n")).stderr("no route to the mail server\n");
    let run = host().exec(["./notify.sh"], reply).run(run, command("./notify.sh"));
    let Failure::Fatal(message) = run.failure() else { panic!("{:?}", run.result) };
    assert!(message.starts_with(
        "`./notify.sh` ended with exit code 3\n\nThe end of its standard output:\n… (cut)\nnoise\n"
    ));
    assert!(
        message.ends_with("half done\n\nThe end of its standard error:\nno route to the mail server"),
        "{message}"
    );
    assert!(message.len() < 4_500, "{}", message.len());
}

#[test]
fn what_ends_it_from_outside_may_be_tried_again() {
    let cases: [(ExecReply, &str); 3] =
        [(timed_out(), "timeout"), (killed(9), "interrupted"), (killed(15), "interrupted")];
    for (reply, expected) in cases {
        let run = host().exec(["make"], reply).run(run, command("make"));
        assert!(
            matches!(run.failure(), Failure::Retryable { class, .. } if class == expected),
            "{:?}",
            run.result
        );
    }
    let run = host().exec(["make"], killed(11)).run(run, command("make"));
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("signal 11")));
}

#[test]
fn the_command_is_told_what_it_is_run_for() {
    let variables = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let well = host().exec(["./notify.sh"], exits(0)).run(run, command("TO=me ./notify.sh"));
    let about = [("ADW_STAGE", "notify"), ("ADW_TITLE", "Fix the sum"), ("TO", "me")];
    assert_eq!(environments(&well.calls), [variables(&about)]);

    let failed = host().failure("stage test failed: 3 tests").exec(["./notify.sh"], exits(0));
    let failed = failed.run(run, command("./notify.sh"));
    let about = [
        ("ADW_FAILURE", "stage test failed: 3 tests"),
        ("ADW_STAGE", "notify"),
        ("ADW_TITLE", "Fix the sum"),
    ];
    assert_eq!(environments(&failed.calls), [variables(&about)]);
}

#[test]
fn of_a_failure_a_variable_has_as_much_as_it_takes() {
    let failure = format!("a\0b{}", "ö".repeat(100_000));
    let run = host().failure(failure).exec(["true"], exits(0)).run(run, command("true"));
    let told = environments(&run.calls)[0]["ADW_FAILURE"].clone();
    assert!(told.starts_with("a\u{fffd}b") && told.ends_with("ö…") && told.len() < 17_000, "{}", told.len());
}

#[test]
fn commands_are_run_one_after_the_other_until_one_fails() {
    let config = json!({ "command": "make build", "commands": [["make", "deploy"], "make clean"] });
    let done = host()
        .exec(["make", "build"], exits(0))
        .exec(["make", "deploy"], exits(0).stdout("deployed"))
        .exec(["make", "clean"], exits(0))
        .run_json(run, &config);
    assert_eq!(done.data()["commands"], json!(["make build", "make deploy", "make clean"]));
    assert_eq!(done.data()["output"], json!(""), "of the last one");

    let failed =
        host().exec(["make", "build"], exits(0)).exec(["make", "deploy"], exits(1)).run_json(run, &config);
    assert!(
        matches!(failed.failure(), Failure::Fatal(message) if message == "`make deploy` ended with exit code 1")
    );
    assert_eq!(failed.programs(), ["make build", "make deploy"]);
}

#[test]
fn nothing_runs_where_a_command_is_none_or_there_is_none() {
    let config = json!({ "commands": ["make build", "make deploy && make clean"] });
    let refused = host().run_json(run, &config);
    assert!(matches!(refused.failure(), Failure::Fatal(message) if message.contains("no shell")));
    assert_eq!(refused.programs(), Vec::<String>::new());

    let none = host().run(run, Config::default());
    assert!(matches!(none.failure(), Failure::Fatal(message) if message.contains("[stages.notify.config]")));
}

#[test]
fn a_denial_is_fatal_with_the_line_that_would_allow_it() {
    let denied = Error::Denied("add `exec = [[\"make\"]]` to [stages.notify.grants]".to_owned());
    let run = host().exec(["make"], denied).run(run, command("make"));
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("[stages.notify.grants]")));
}
