//! A run belongs to nobody: whoever comes later goes on where the last one stopped.

use std::time::Duration;

use adw_agents::{
    exec::{Command, Exit, Stream},
    supervisor::{Found, tell_again},
};

use crate::place::{Place, SUCCESS, ended, told};

/// Tells three lines and half of one, and goes on once the file `go` is there.
const IN_TWO_HALVES: &str = "echo run >> ledger; seq 1 3; echo oops >&2; printf 'half'; \
    while [ ! -e go ]; do sleep 0.02; done; echo ' and half'; seq 4 6; exit 7";

#[tokio::test]
async fn who_comes_after_one_that_is_gone_hears_the_rest_and_runs_nothing_again() {
    let place = Place::new();
    let first = place.leave_after("3", place.shell(IN_TWO_HALVES)).await;
    assert_eq!(told(&first, Stream::Stdout), ["1", "2", "3"]);
    std::fs::write(place.file("go"), "").unwrap();
    let (output, found, second) = place.hear(place.shell(IN_TWO_HALVES)).await;
    assert_eq!((output.exit, found), (Exit::Code(7), Found::Adopted));
    assert_eq!(told(&second, Stream::Stdout), ["half and half", "4", "5", "6"]);
    let both = [told(&first, Stream::Stderr), told(&second, Stream::Stderr)].concat();
    assert_eq!(both, ["oops"]);
    assert_eq!(output.stdout.text(), "1\n2\n3\nhalf and half\n4\n5\n6\n", "all of it, not the rest alone");
    assert_eq!(place.read("ledger"), "run\n");
}

#[tokio::test]
async fn what_others_were_told_can_be_heard_again_and_nothing_else() {
    let place = Place::new();
    let again = || {
        let mut lines = Vec::new();
        tell_again(&place.run_folder(), &mut |stream, line| lines.push((stream, line.to_owned()))).unwrap();
        lines
    };
    assert_eq!(again(), [], "before it has begun");
    let first = place.leave_after("3", place.shell(IN_TWO_HALVES)).await;
    assert_eq!(again(), first, "half a line was not told");
    std::fs::write(place.file("go"), "").unwrap();
    place.ends_unseen(1).await;
    assert_eq!(again(), first, "what came since was told to nobody");
    let (_, _, second) = place.hear(place.shell(IN_TWO_HALVES)).await;
    let both = [first, second].concat();
    for stream in [Stream::Stdout, Stream::Stderr] {
        assert_eq!(told(&again(), stream), told(&both, stream));
    }
}

#[tokio::test]
async fn a_program_that_falls_silent_while_nobody_watches_is_stopped() {
    let place = Place::new();
    let script = "trap 'echo stopped >> ledger; exit 0' INT; echo ready; while :; do sleep 0.05; done";
    let silent = || Command { silence: Some(Duration::from_secs(2)), ..place.shell(script) };
    place.leave_after("ready", silent()).await;
    place.ends_unseen(1).await;
    assert_eq!(place.read("ledger"), "stopped\n");
    let (output, found, _) = place.hear(silent()).await;
    assert_eq!((output.exit, found), (Exit::Silent, Found::Read));
    assert_eq!(output.stdout.text(), "ready\n");
}

#[tokio::test]
async fn many_who_go_one_after_the_other_hear_every_line_once() {
    let place = Place::new();
    let script = "echo run >> ledger; i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo $i; sleep 0.005; done";
    let mut heard = Vec::new();
    for last in ["20", "60", "61", "150"] {
        heard.extend(place.leave_after(last, place.shell(script)).await);
    }
    let (output, found, rest) = place.hear(place.shell(script)).await;
    assert_eq!((output.exit, found), (SUCCESS, Found::Adopted));
    heard.extend(rest);
    let all: Vec<String> = (1..=200).map(|number| number.to_string()).collect();
    assert_eq!(told(&heard, Stream::Stdout), all);
    assert_eq!(place.read("ledger"), "run\n");
}

#[tokio::test]
async fn what_ended_while_nobody_watched_is_read_and_not_run_again() {
    let place = Place::new();
    place.leave_after("3", place.shell(IN_TWO_HALVES)).await;
    std::fs::write(place.file("go"), "").unwrap();
    place.ends_unseen(1).await;
    let (output, found, lines) = place.hear(place.shell(IN_TWO_HALVES)).await;
    assert_eq!((output.exit, found), (Exit::Code(7), Found::Read));
    assert_eq!(told(&lines, Stream::Stdout), ["half and half", "4", "5", "6"]);
    assert_eq!(place.read("ledger"), "run\n");
}

#[tokio::test]
async fn an_adopted_program_is_stopped_like_one_s_own() {
    let place = Place::new();
    let script = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done";
    place.leave_after("ready", place.shell(script)).await;
    place.stop.cancel();
    let (output, found, _) = place.hear(place.shell(script)).await;
    assert_eq!((output.exit, found), (Exit::Cancelled, Found::Adopted));
    assert_eq!(output.stdout.text(), "ready\n");
    assert_eq!(place.living(), [""; 0]);
}

#[tokio::test]
async fn two_who_begin_at_the_same_moment_run_it_once() {
    for round in 0..10 {
        let place = Place::new();
        let command = || place.shell("echo run >> ledger; echo done; exit 5");
        let (one, other) = tokio::join!(place.run(command()), place.run(command()));
        let ((one, one_found), (other, other_found)) = (ended(one), ended(other));
        assert_eq!(place.read("ledger"), "run\n", "round {round}");
        assert_eq!((one.exit, &one.stdout), (Exit::Code(5), &other.stdout));
        let fresh = [one_found, other_found].into_iter().filter(|found| *found == Found::Fresh).count();
        assert_eq!(fresh, 1, "round {round}: {one_found:?}, {other_found:?}");
    }
}
