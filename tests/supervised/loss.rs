//! Where nobody can know how a program ended, that is said, and nothing of it goes on.

use adw_agents::{
    exec::Exit,
    supervisor::{self, Found, LostBy, Supervised},
};
use futures_util::future::join_all;
use rustix::process::Signal;

use crate::{
    place::{LADDER, Place, SUCCESS, ended, kill},
    support::polling::{Process, file},
};

/// Runs on, with a child in a session of its own that ignores polite signals.
const FAMILY: &str = "echo run >> ledger; trap '' INT TERM PIPE
    (setsid sh -c 'trap \"\" INT TERM; echo $$ > pid.new; mv pid.new pid; while :; do sleep 0.1; done' &)
    while [ ! -e pid ]; do sleep 0.02; done; echo ready; while :; do sleep 0.1; done";

async fn lost(place: &Place) -> supervisor::Lost {
    match place.run(place.shell(FAMILY)).await.unwrap() {
        Supervised::Lost(lost) => lost,
        other @ Supervised::Ended { .. } => panic!("{other:?}"),
    }
}

/// Another try is a run like any other.
async fn the_next_try_works(place: &Place) {
    assert_eq!(supervisor::next_try(&place.run_folder()).unwrap(), 2);
    assert_eq!(supervisor::next_try(&place.run_folder()).unwrap(), 2, "it was not begun yet");
    let (output, found) = ended(place.run(place.shell("echo run >> ledger")).await);
    assert_eq!((output.exit, found), (SUCCESS, Found::Fresh));
    assert_eq!(place.read("ledger"), "run\nrun\n");
}

#[tokio::test]
async fn a_run_whose_supervisor_was_killed_is_lost_and_its_family_ended() {
    let place = Place::new();
    place.leave_after("ready", place.shell(FAMILY)).await;
    kill(place.supervised_by(1), Signal::KILL);
    place.supervised_by(1).is_gone_within(LADDER).await;
    assert!(place.living().len() >= 2, "{:?}", place.living());
    let lost_run = lost(&place).await;
    assert_eq!((lost_run.why, lost_run.left.survivors), (LostBy::DeadSupervisor, 0));
    assert!(lost_run.left.ended >= 2, "{lost_run:?}");
    assert_eq!(place.living(), [""; 0]);
    let again = lost(&place).await;
    assert_eq!((again.why, again.left.ended), (LostBy::DeadSupervisor, 0), "until there is a next try");
    the_next_try_works(&place).await;
}

#[tokio::test]
async fn who_follows_a_supervisor_that_is_killed_hears_of_it() {
    let place = Place::new();
    let mut on_line = |_, line: &str| {
        if line == "ready" {
            kill(place.supervised_by(1), Signal::KILL);
        }
    };
    let answer = place.run_in(&place.run_folder(), place.shell(FAMILY), &mut on_line).await.unwrap();
    assert!(matches!(answer, Supervised::Lost(lost) if lost.why == LostBy::DeadSupervisor), "{answer:?}");
    assert_eq!(place.living(), [""; 0]);
    the_next_try_works(&place).await;
}

#[tokio::test]
async fn a_stop_that_finds_no_supervisor_still_ends_the_family() {
    let place = Place::new();
    place.leave_after("ready", place.shell(FAMILY)).await;
    kill(place.supervised_by(1), Signal::KILL);
    place.stop.cancel();
    let (output, _) = ended(place.run(place.shell(FAMILY)).await);
    assert_eq!(output.exit, Exit::Cancelled);
    assert_eq!(place.living(), [""; 0]);
}

const DAMAGED: [&[u8]; 6] = [b"", b"{", b"[]", b"{\"version\":1}", b"\0\0\0\0\0\0\0\0", b"\xff\xfe"];

#[tokio::test]
async fn a_damaged_claim_loses_the_run_and_ends_what_lives_of_it() {
    let damaged = DAMAGED.map(async |damage| {
        let place = Place::new();
        place.leave_after("ready", place.shell(FAMILY)).await;
        let child: u32 = file(&place.file("pid")).await.trim().parse().unwrap();
        let supervised_by = place.supervised_by(1);
        std::fs::write(place.run_folder().join("1/claim"), damage).unwrap();
        let lost_run = lost(&place).await;
        assert_eq!((lost_run.why, lost_run.left.survivors), (LostBy::UnreadableClaim, 0), "{damage:?}");
        assert!(!Process(child).lives());
        supervised_by.is_gone_within(LADDER).await;
        the_next_try_works(&place).await;
    });
    join_all(damaged).await;
}

#[tokio::test]
async fn a_damaged_exit_loses_the_run() {
    for damage in DAMAGED {
        let place = Place::new();
        ended(place.run(place.shell("echo run >> ledger")).await);
        std::fs::write(place.run_folder().join("1/exit"), damage).unwrap();
        let lost_run = lost(&place).await;
        assert_eq!((lost_run.why, lost_run.left.ended), (LostBy::UnreadableExit, 0), "{damage:?}");
        the_next_try_works(&place).await;
    }
}

#[tokio::test]
async fn an_exit_whose_output_is_gone_loses_the_run() {
    let place = Place::new();
    ended(place.run(place.shell("echo run | tee -a ledger")).await);
    std::fs::remove_file(place.run_folder().join("1/stdout")).unwrap();
    assert_eq!(lost(&place).await.why, LostBy::UnreadableExit);
    the_next_try_works(&place).await;
}

#[tokio::test]
async fn what_else_is_damaged_costs_lines_and_nothing_more() {
    for damaged in ["told", "output", "started"] {
        let place = Place::new();
        ended(place.run(place.shell("echo word")).await);
        std::fs::write(place.run_folder().join("1").join(damaged), b"\xff{").unwrap();
        let (output, found) = ended(place.run(place.shell("echo word")).await);
        assert_eq!((output.exit, &*output.stdout.text(), found), (SUCCESS, "word\n", Found::Read));
    }
}
