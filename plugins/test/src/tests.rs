//! The stage against the scripted host.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use super::*;
use adw_plugin_sdk::testing::{Call, ExecReply, exits, killed, timed_out};

const PASSED: &str = "running 2 tests\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n";
const FAILED: &str = "running 2 tests\ntest tests::adds ... FAILED\n\nfailures:\n\n---- tests::adds stdout ----\n\
                      thread panicked: 3 is not 4\n\nfailures:\n    tests::adds\n\n\
                      test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured\n";
const CARGO: [&str; 3] = ["cargo", "test", "--no-fail-fast"];

fn host() -> TestHost {
    TestHost::new().stage("test").file("Cargo.toml", "")
}

fn command(line: &str) -> Config {
    Config { command: Some(CommandLine::Line(line.to_owned())), ..Config::default() }
}

#[test]
fn tests_that_pass_are_counted() {
    let run = host().exec(CARGO, exits(0).stdout(PASSED)).run(test, Config::default());
    assert_eq!(run.summary(), "2 tests passed");
    let commands = vec!["cargo test --no-fail-fast".to_owned()];
    assert_eq!(*run.data(), Report { commands, passed: 2, failed: 0, failures: Vec::new() });
}

#[test]
fn a_failure_is_rework_with_the_names_and_the_end_of_the_output() {
    let reply = exits(101).stdout(FAILED).stderr("error: test failed, to rerun pass `--lib`\n");
    let run = host().exec(CARGO, reply).run(test, Config::default());
    let Failure::Rework(feedback) = run.failure() else { panic!("{:?}", run.result) };
    insta::assert_snapshot!(feedback);
}

#[test]
fn a_failure_that_the_exit_code_hides_is_a_failure() {
    let run = host().exec(["make", "test"], exits(0).stdout(FAILED)).run(test, command("make test"));
    assert!(matches!(run.failure(), Failure::Rework(feedback) if feedback.contains("tests::adds")));
}

#[test]
fn what_does_not_compile_is_rework_with_the_compilers_words() {
    let reply = exits(101).stderr("error[E0425]: cannot find value `x`\n --> src/lib.rs:1:5\n");
    let run = host().exec(CARGO, reply).run(test, Config::default());
    let Failure::Rework(feedback) = run.failure() else { panic!("{:?}", run.result) };
    assert!(feedback.starts_with("The tests could not be run to their end.\n"), "{feedback}");
    assert!(feedback.contains("`cargo test --no-fail-fast` ended with exit code 101"), "{feedback}");
    assert!(feedback.contains("error[E0425]"), "{feedback}");
}

#[test]
fn an_exit_code_alone_is_no_pass() {
    let run = host().exec(["make", "check"], exits(0).stdout("all good")).run(test, command("make check"));
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("`make check`")
        && message.ends_with("\n\n[stages.test.config]\ntrust_exit_code = true")));

    let trusting = Config { trust_exit_code: true, ..command("make check") };
    let run = host().exec(["make", "check"], exits(0).stdout("all good")).run(test, trusting.clone());
    assert_eq!(run.summary(), "`make check` exited with 0; its output isn't understood");
    let run = host().exec(["make", "check"], exits(2).stdout("all bad")).run(test, trusting);
    assert!(matches!(run.failure(), Failure::Rework(_)));
}

#[test]
fn no_test_is_skipped_with_the_reason() {
    let run = TestHost::new().file("README.md", "").run(test, Config::default());
    assert!(run.skipped().starts_with("no test was found"), "{}", run.skipped());

    let none = PASSED.replace("2 passed", "0 passed");
    let run = host().exec(CARGO, exits(0).stdout(none)).run(test, Config::default());
    assert_eq!(run.skipped(), "no test ran: `cargo test --no-fail-fast` found none");

    let python = ["python3", "-m", "unittest"];
    let reply = exits(5).stderr("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n");
    let run = TestHost::new().exec(python, reply).run(test, command("python3 -m unittest"));
    assert_eq!(run.skipped(), "no test ran: `python3 -m unittest` found none");
}

#[test]
fn what_ends_a_run_from_outside_is_no_fault_of_the_work() {
    let cases: [(ExecReply, &str); 3] =
        [(timed_out().stdout(FAILED), "timeout"), (killed(9), "interrupted"), (killed(15), "interrupted")];
    for (reply, expected) in cases {
        let run = host().exec(CARGO, reply).run(test, Config::default());
        assert!(
            matches!(run.failure(), Failure::Retryable { class, .. } if class == expected),
            "{:?}",
            run.result
        );
    }
    let run = host().exec(CARGO, killed(11)).run(test, Config::default());
    assert!(matches!(run.failure(), Failure::Rework(feedback) if feedback.contains("signal 11")));
}

#[test]
fn a_denial_is_fatal_with_the_line_that_would_allow_it() {
    let denied =
        Error::Denied("add `exec = [[\"cargo\", \"test\", \"**\"]]` to [stages.test.grants]".to_owned());
    let run = host().exec(CARGO, denied).run(test, Config::default());
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("[stages.test.grants]")));
    let missing = Error::NotFound("there is no program `cargo`".to_owned());
    let run = host().exec(CARGO, missing).run(test, Config::default());
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("no program `cargo`")));
}

#[test]
fn a_runner_that_is_not_installed_is_no_fault_of_the_work() {
    let reply = || exits(1).stderr("/usr/bin/python3: No module named pytest\n");
    let pytest = ["python3", "-m", "pytest"];
    let run = TestHost::new().file("pytest.ini", "").exec(pytest, reply()).run(test, Config::default());
    assert!(
        matches!(run.failure(), Failure::Fatal(message) if message.contains("Python has no module pytest"))
    );
    // A module that the code under test lacks is.
    let run = host().exec(["python3", "-m", "app"], exits(1).stderr("No module named 'requests'\n"));
    assert!(matches!(run.run(test, command("python3 -m app")).failure(), Failure::Rework(_)));
}

const UNITTEST: [&str; 5] = ["python3", "-m", "unittest", "discover", "-v"];
const PYTEST: [&str; 3] = ["python3", "-m", "pytest"];

/// What unittest says where it sees no test.
fn none() -> ExecReply {
    exits(5).stderr("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n")
}

#[test]
fn plain_functions_and_classes_are_pytests() {
    for text in ["from calc import add\n\ndef test_add():\n    assert add(2, 3) == 5\n", "class TestAdd:\n"] {
        let host = TestHost::new().file("test_calc.py", text).file("test_b.py", "import unittest\n");
        let reply =
            exits(1).stdout("FAILED test_calc.py::test_add - assert 1 == 5\n1 failed, 1 passed in 0.1s\n");
        let run = host.exec(PYTEST, reply).run(test, Config::default());
        assert!(
            matches!(run.failure(), Failure::Rework(feedback) if feedback.contains("test_calc.py::test_add"))
        );
    }
}

#[test]
fn where_a_runner_found_none_of_the_tests_that_are_there_another_one_is_tried() {
    let host = || TestHost::new().file("test_calc.py", "from cases import Case\nclass TestAdd(Case): ...\n");
    let run = host()
        .exec(UNITTEST, none())
        .exec(PYTEST, exits(0).stdout("===== 2 passed in 0.01s =====\n"))
        .run(test, Config::default());
    assert_eq!(run.summary(), "2 tests passed");
    assert_eq!(run.data().commands.len(), 2);

    let failed = exits(1).stdout("FAILED test_calc.py::test_add\n===== 1 failed in 0.01s =====\n");
    let run = host().exec(UNITTEST, none()).exec(PYTEST, failed).run(test, Config::default());
    assert!(matches!(run.failure(), Failure::Rework(_)), "{:?}", run.result);

    // One that has run some leaves nothing to try.
    let ran = exits(0).stderr("Ran 1 test in 0.1s\n\nOK\n");
    let run = host()
        .file("tests/test_b.py", "import unittest")
        .exec(UNITTEST, none())
        .exec([&UNITTEST[..], &["-s", "tests"]].concat(), ran)
        .run(test, Config::default());
    assert_eq!(run.summary(), "1 test passed");
}

#[test]
fn that_no_test_ran_although_there_are_some_is_told() {
    let host =
        || TestHost::new().stage("check").file("test_calc.py", "import unittest\n").exec(UNITTEST, none());
    let found_none = exits(5).stdout("===== no tests ran in 0.00s =====\n");
    let run = host().exec(PYTEST, found_none).run(test, Config::default());
    assert_eq!(
        run.skipped(),
        "no test ran, although there is test_calc.py: `python3 -m unittest discover -v` and `python3 -m pytest` found \
         none; name what runs it as `command` in [stages.check.config]"
    );
    // What can't be tried takes nothing away from what was.
    let replies: [ExecReply; 3] = [
        exits(1).stderr("/usr/bin/python3: No module named pytest\n"),
        Error::Denied("add `exec = …`".to_owned()).into(),
        Error::NotFound("there is no program `python3`".to_owned()).into(),
    ];
    for reply in replies {
        let run = host().exec(PYTEST, reply).run(test, Config::default());
        assert!(
            run.skipped().starts_with(
                "no test ran, although there is test_calc.py: `python3 -m unittest discover -v` found none;"
            ),
            "{}",
            run.skipped()
        );
    }
    let gone = Error::Unavailable("the disk is full".to_owned());
    let run = host().exec(PYTEST, gone).run(test, Config::default());
    assert!(matches!(run.failure(), Failure::Retryable { .. }), "{:?}", run.result);
}

#[test]
fn all_runners_that_fit_run_and_all_that_fail_are_told() {
    let python = ["python3", "-m", "unittest", "discover", "-v"];
    let host = || host().file("test_a.py", "import unittest");
    let run = host()
        .exec(CARGO, exits(101).stdout(FAILED))
        .exec(
            python,
            exits(1).stderr("FAIL: test_b (test_a.A.test_b)\n\nRan 1 test in 0.1s\n\nFAILED (failures=1)\n"),
        )
        .run(test, Config::default());
    let Failure::Rework(feedback) = run.failure() else { panic!("{:?}", run.result) };
    assert!(feedback.starts_with("2 of 3 tests failed.\n"), "{feedback}");
    assert!(feedback.contains("- tests::adds\n") && feedback.contains("- test_a.A.test_b\n"), "{feedback}");

    // One that has no test doesn't stop the others.
    let run = host()
        .exec(CARGO, exits(0).stdout(PASSED))
        .exec(python, exits(0).stderr("Ran 0 tests in 0.1s\n\nOK\n"))
        .exec(PYTEST, exits(1).stderr("/usr/bin/python3: No module named pytest\n"))
        .run(test, Config::default());
    assert_eq!((run.data().passed, run.data().commands.len()), (2, 2));
}

#[test]
fn configured_commands_are_run_in_the_place_of_those_found() {
    let config = json!({ "command": "FAST=1 cargo test -p 'a b'", "commands": [["make", "check"]] });
    let run = host()
        .exec(["cargo", "test", "-p", "a b"], exits(0).stdout(PASSED))
        .exec(["make", "check"], exits(0).stdout(PASSED))
        .run_json(test, &config);
    assert_eq!(run.data()["commands"], json!(["FAST=1 cargo test -p 'a b'", "make check"]));
    let environment = run.calls.iter().find_map(|call| match call {
        Call::Exec { env, .. } => Some(env.clone()),
        _ => None,
    });
    assert_eq!(environment.unwrap().get("FAST").map(String::as_str), Some("1"));
}

#[test]
fn a_command_that_needs_a_shell_is_refused_before_anything_runs() {
    let run = host().run(test, command("cargo test && npm test"));
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("no shell")));
    assert_eq!(run.programs(), Vec::<String>::new());
}

#[test]
fn long_output_is_cut_to_its_end() {
    let noise = "noise\n".repeat(10_000);
    let reply = exits(101).stdout(format!("{noise}{FAILED}")).stderr(format!("{noise}error: the end"));
    let run = host().exec(CARGO, reply).run(test, Config::default());
    let Failure::Rework(feedback) = run.failure() else { panic!("{:?}", run.result) };
    assert!(feedback.len() < 20_000, "{}", feedback.len());
    assert!(feedback.contains("3 is not 4") && feedback.trim_end().ends_with("error: the end"));
}
