//! Of a program that was stopped, or has ended, nothing lives on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adw_agents::exec::{self, Exit, Stream};
use adw_agents::{Owner, sweep};
use support::{Place, is_alive};

const LADDER: Duration = Duration::from_secs(8);

/// Waits for signs of life of several processes, then says that all is ready.
const ALL_UP: &str = "while [ $(ls up | wc -l) -lt $up ]; do sleep 0.02; done; echo ready";

#[tokio::test]
async fn a_tree_of_sleepers_ends_within_the_ladder() {
    let place = Place::new();
    let script = format!(
        "mkdir up; up=3; for i in 1 2 3; do sh -c 'trap \"exit\" INT; touch up/'$i'; sleep 600 & wait' & done; {ALL_UP}; wait"
    );
    let output = place.cancel_when_ready(place.shell(&script)).await;
    assert_eq!(output.exit, Exit::Cancelled);
    assert_eq!(place.living(), [""; 0]);
    assert!(output.duration < LADDER, "{:?}", output.duration);
}

#[tokio::test]
async fn a_program_may_save_its_work_when_it_is_stopped() {
    let place = Place::new();
    let script = "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done";
    let output = place.cancel_when_ready(place.shell(script)).await;
    assert_eq!(output.exit, Exit::Cancelled);
    assert_eq!(output.stdout.text(), "ready\nsaved\n");
    assert!(output.duration < LADDER, "{:?}", output.duration);
}

#[tokio::test]
async fn a_script_does_not_go_on_to_its_next_line_when_it_is_stopped() {
    for round in 0..20 {
        let place = Place::new();
        // Many to tell, so that some hear of it later than others; and `ready` comes from a child, so that the shell waits.
        let script = "for i in {1..40}; do env --default-signal=INT sleep 600 & done
            bash -c 'echo ready; exec sleep 600'
            echo after >> after";
        let output = place.cancel_when_ready(place.program("bash", &["-c", script])).await;
        assert_eq!(output.exit, Exit::Cancelled);
        assert!(!place.path().join("after").exists(), "in round {round}");
    }
}

#[tokio::test]
async fn daemons_that_ignore_every_polite_signal_are_killed() {
    let place = Place::new();
    // Two sessions of their own, both left by their parents, deaf to INT and TERM; the second has wiped its marks, and
    // is known by its parent.
    let deaf = "trap \"\" INT TERM HUP; touch up/$0; while :; do sleep 1; done";
    let script = format!(
        "mkdir up; up=3; trap '' INT TERM
         (setsid sh -c '{deaf}' daemon &)
         sh -c '{deaf}' child &
         env -i PATH=\"$PATH\" setsid sh -c '{deaf}' bare & echo $! > bare.pid
         {ALL_UP}; wait"
    );
    let output = place.cancel_when_ready(place.shell(&script)).await;
    assert_eq!(output.exit, Exit::Cancelled);
    assert_eq!(place.living(), [""; 0]);
    assert!(!is_alive(&std::fs::read_to_string(place.path().join("bare.pid")).unwrap()));
    assert!(output.duration < LADDER, "{:?}", output.duration);
}

#[tokio::test]
async fn a_stopped_process_is_ended_too() {
    let place = Place::new();
    let script = "sh -c 'kill -STOP $$; sleep 600' & \
        while ! grep -q '^State:.T' /proc/$!/status; do sleep 0.02; done; echo ready; wait";
    let output = place.cancel_when_ready(place.shell(script)).await;
    assert_eq!(output.exit, Exit::Cancelled);
    assert_eq!(place.living(), [""; 0]);
}

#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it() {
    let place = Place::new();
    // All hold its output open; the last is known by its process group alone.
    let script = "setsid sleep 600 & (setsid sh -c 'trap \"\" TERM; sleep 600' &) ; env -i sleep 600 & \
        echo $! > bare.pid; echo done";
    let output = place.run(place.shell(script)).await.unwrap();
    assert_eq!(output.exit, Exit::Code(0));
    assert_eq!(output.stdout.text(), "done\n");
    assert_eq!(place.living(), [""; 0]);
    assert!(!is_alive(&std::fs::read_to_string(place.path().join("bare.pid")).unwrap()));
    assert!(output.duration < LADDER, "{:?}", output.duration);
}

#[tokio::test]
async fn a_run_that_is_dropped_leaves_nobody() {
    let place = Place::new();
    let command = place.shell("(setsid sh -c 'trap \"\" INT TERM; echo ready; sleep 600' &); sleep 600");
    let (ready, heard) = tokio::sync::oneshot::channel();
    let mut ready = Some(ready);
    let mut on_line = move |_: Stream, line: &str| {
        if line == "ready" {
            ready.take().unwrap().send(()).unwrap();
        }
    };
    tokio::select! {
        output = exec::run(command, &place.owner, &place.cancel, &mut on_line) => panic!("{output:?}"),
        heard = heard => heard.unwrap(),
    }
    place.wait_until_empty();
}

#[tokio::test]
async fn who_is_cancelled_before_the_start_does_not_run_on() {
    let place = Place::new();
    place.cancel.cancel();
    let output = place.run(place.shell("sleep 600")).await.unwrap();
    assert_eq!(output.exit, Exit::Cancelled);
    assert_eq!(place.living(), [""; 0]);
}

/// As a server that was killed would have left it: in its own session, deaf to polite signals.
fn left_over(owner: &Owner) -> Child {
    Command::new("setsid")
        .args(["sh", "-c", "trap '' INT TERM; echo; sleep 600"])
        .envs([("ADW_RUNTIME", &owner.server), ("ADW_ID", &owner.adw_id)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_sweep_ends_what_an_earlier_server_left_of_one_workflow() {
    use std::io::Read;

    let place = Place::new();
    let other_workflow = Owner { adw_id: format!("{}-other", place.owner.adw_id), ..place.owner.clone() };
    let other_server = Owner { server: "another".to_owned(), ..place.owner.clone() };
    let mut children = [&place.owner, &other_workflow, &other_server].map(left_over);
    for child in &mut children {
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    }
    let swept = sweep(&place.owner).await;
    let alive = children.each_ref().map(|child| is_alive(&child.id().to_string()));
    for owner in [&other_workflow, &other_server] {
        sweep(owner).await;
    }
    for child in &mut children {
        child.wait().unwrap();
    }
    assert_eq!(alive, [false, true, true]);
    assert!(swept.ended >= 1);
    assert_eq!(swept.survivors, 0);
    assert_eq!(sweep(&place.owner).await.ended, 0);
}
