//! What can't be started is told in the same words, with a supervisor and without.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use adw_agents::{
    Environment,
    exec::{self, ExecError},
    supervisor::{self, Supervised, Supervisor},
};

use crate::place::Place;

fn script(place: &Place, name: &str, content: &str, mode: u32) {
    std::fs::write(place.file(name), content).unwrap();
    std::fs::set_permissions(place.file(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What can't be run, each for a reason of its own.
fn impossible(place: &Place) -> Vec<exec::Command> {
    script(place, "plain", "#!/bin/sh\n", 0o644);
    script(place, "no-interpreter", "#!/no/such/interpreter\n", 0o755);
    script(place, "no-program", "just words\n", 0o755);
    let mut elsewhere = place.shell("true");
    elsewhere.cwd = place.file("gone");
    let mut missing = place.program("no-such-agent", &[]);
    missing.env = Environment::empty().with("PATH", "/usr/bin:/bin");
    let mut odd_name = place.shell("true");
    odd_name.env = odd_name.env.with("A=B", "c");
    let mut odd_value = place.shell("true");
    odd_value.env = odd_value.env.with("A", "b\0c");
    vec![
        missing,
        place.program("./no-such-agent", &[]),
        place.program("./plain", &[]),
        place.program("./no-interpreter", &[]),
        place.program("./no-program", &[]),
        elsewhere,
        place.program("true", &[&"x".repeat(3 << 20)]),
        place.program("true", &["a\0b"]),
        odd_name,
        odd_value,
        place.program("", &[]),
    ]
}

#[tokio::test]
async fn each_reason_not_to_run_is_the_same_both_ways_and_stays_so() {
    let place = Place::new();
    for (index, command) in impossible(&place).into_iter().enumerate() {
        let direct = exec::run(command.clone(), &place.owner, &place.stop, &mut |_, _| ()).await.unwrap_err();
        let folder = place.calls().join(format!("errors/call-{index}"));
        for _ in 0..2 {
            let supervised = place.run_in(&folder, command.clone(), &mut |_, _| ()).await.unwrap_err();
            assert_eq!(supervised.to_string(), direct.to_string());
            assert_eq!(std::mem::discriminant(&supervised), std::mem::discriminant(&direct));
        }
    }
}

async fn unsupervised(place: &Place, supervisor: Supervisor) -> String {
    let folder = place.run_folder();
    let command = place.shell("echo run >> ledger");
    let answer =
        supervisor::run(&supervisor, &folder, command, &place.owner, &place.stop, &mut |_, _| ()).await;
    match answer {
        Err(error @ ExecError::Unsupervised { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_supervisor_that_is_none_is_told_and_another_one_may_begin() {
    let place = Place::new();
    for program in ["/no/such/adw", "/bin/true", "/bin/cat", "/bin/false"] {
        let said = unsupervised(&place, Supervisor::new(program, [""; 0])).await;
        assert!(said.contains(program) && said.contains("didn't take it on"), "{said}");
    }
    assert_eq!(place.read("ledger"), "");
    let answer = place.run(place.shell("echo run >> ledger")).await.unwrap();
    assert!(matches!(answer, Supervised::Ended { .. }), "{answer:?}");
    assert_eq!(place.read("ledger"), "run\n");
}

#[test]
fn half_an_order_of_a_server_that_died_over_it_is_not_begun() {
    let place = Place::new();
    let of = place.run_folder().join("1");
    std::fs::create_dir_all(&of).unwrap();
    for half in ["", "{\"version\":1,\"program\":\"tou", "words\n"] {
        let mut supervisor = Command::new(env!("CARGO_BIN_EXE_adw"))
            .arg("supervise")
            .arg(&of)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        supervisor.stdin.take().unwrap().write_all(half.as_bytes()).unwrap();
        let output = supervisor.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!output.status.success() && said.contains("unable"), "{half:?}: {said}");
        assert_eq!(std::fs::read_dir(&of).unwrap().count(), 0, "{half:?}");
    }
}
