//! What a server finds when it is started: runs that it goes on with, and runs that nobody waits for.

use std::collections::BTreeMap;

use adw_agents::{
    exec::Exit,
    supervisor::{self, Found, State, end, forget, next_try, survey},
    sweep_all, sweep_all_but,
};
use rustix::process::Signal;

use crate::{
    place::{LADDER, Place, SUCCESS, ended, kill, supervised_by},
    support::polling::Process,
};

const WAITS: &str = "echo $$ > $ADW_NAME.pid; echo ready; while [ ! -e go ]; do sleep 0.02; done";

/// Leaves a program running under a name.
async fn leave(place: &Place, name: &str) -> Process {
    let mut command = place.shell(WAITS);
    command.env = command.env.with("ADW_NAME", name);
    place.leave_in(&place.calls().join("workflow").join(name), "ready", command).await;
    Process(place.read(&format!("{name}.pid")).trim().parse().unwrap())
}

fn states(place: &Place) -> BTreeMap<String, (State, u32)> {
    let name =
        |found: &supervisor::FoundRun| found.folder.file_name().unwrap().to_string_lossy().into_owned();
    let found = survey(&place.calls()).unwrap();
    found.iter().map(|found| (name(found), (found.state, found.tries))).collect()
}

#[tokio::test]
async fn a_survey_says_of_each_run_where_it_stands() {
    let place = Place::new();
    assert_eq!(survey(&place.calls()).unwrap(), [], "there is no folder");
    let folder = |name: &str| place.calls().join("workflow").join(name);
    leave(&place, "alive").await;
    leave(&place, "lost").await;
    let killed = supervised_by(&folder("lost").join("1"));
    kill(killed, Signal::KILL);
    killed.is_gone_within(LADDER).await;
    ended(place.run_in(&folder("ended"), place.shell("exit 3"), &mut |_, _| ()).await);
    next_try(&folder("unclaimed")).unwrap();
    leave(&place, "again").await;
    kill(supervised_by(&folder("again").join("1")), Signal::KILL);
    assert_eq!(next_try(&folder("again")).unwrap(), 2);
    let expected = [
        ("again", (State::Unclaimed, 2)),
        ("alive", (State::Alive, 1)),
        ("ended", (State::Ended, 1)),
        ("lost", (State::Lost, 1)),
        ("unclaimed", (State::Unclaimed, 1)),
    ];
    assert_eq!(states(&place), expected.map(|(name, state)| (name.to_owned(), state)).into());
    forget(&folder("ended")).unwrap();
    forget(&folder("ended")).unwrap();
    assert!(!states(&place).contains_key("ended"));
    sweep_all(&place.owner.server).await;
}

#[tokio::test]
async fn a_sweep_leaves_alone_what_is_to_go_on() {
    let place = Place::new();
    let (kept, other) = (leave(&place, "kept").await, leave(&place, "other").await);
    let found = survey(&place.calls()).unwrap();
    let marks: Vec<_> = found
        .into_iter()
        .filter(|found| found.may_live() && found.folder.ends_with("kept"))
        .map(|found| found.mark)
        .collect();
    let swept = sweep_all_but(&place.owner.server, &marks).await;
    assert!(swept.ended >= 1 && swept.survivors == 0, "{swept:?}");
    assert_eq!((kept.lives(), other.lives()), (true, false));
    std::fs::write(place.file("go"), "").unwrap();
    let (output, found) =
        ended(place.run_in(&place.calls().join("workflow/kept"), place.shell(WAITS), &mut |_, _| ()).await);
    assert_eq!((output.exit, found == Found::Fresh), (SUCCESS, false));
    assert_eq!(sweep_all_but(&place.owner.server, &marks).await.ended, 0);
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_can_be_ended() {
    let place = Place::new();
    let folder = place.calls().join("workflow").join("unwanted");
    assert_eq!(end(&folder).await.unwrap().ended, 0, "there is none");
    let program = leave(&place, "unwanted").await;
    let swept = end(&folder).await.unwrap();
    assert!(swept.ended >= 1 && swept.survivors == 0, "{swept:?}");
    assert!(!program.lives());
    assert_eq!(end(&folder).await.unwrap().ended, 0);
    let (output, found) = ended(place.run_in(&folder, place.shell(WAITS), &mut |_, _| ()).await);
    assert_eq!((output.exit, found), (Exit::Cancelled, Found::Read));

    let lost = place.calls().join("workflow").join("lost");
    let program = leave(&place, "lost").await;
    kill(supervised_by(&lost.join("1")), Signal::KILL);
    assert!(end(&lost).await.unwrap().ended >= 1);
    assert!(!program.lives());
}
