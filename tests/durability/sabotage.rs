//! Servers that are broken on purpose: who checks must see it, and must see nothing where they are not.

use adw_engine::{FailurePoint, Sabotage};

use crate::{
    support::chance::Chance,
    trial::{Ending, Fault, Kind, Round, Trial, Verdict},
};

/// Creation and start are a commit each; this is the first stage's end.
const FIRST_STAGE_ENDS: Ending = Ending::At(FailurePoint::BeforeCommit, 3);

/// What is found where one task is handed over to a server that does this.
async fn verdict(sabotage: Option<Sabotage>, kind: Kind, ending: Ending) -> Verdict {
    let mut trial = Trial::begin(Chance::new());
    trial.round(Round::of_one(kind, ending).by(sabotage)).await;
    trial.settle(None).await
}

/// This fault is seen with the sabotage, and none without.
async fn is_seen(sabotage: Sabotage, kind: Kind, ending: Ending, expected: impl Fn(&Fault) -> bool) {
    assert_eq!(verdict(None, kind, ending).await.faults, []);
    let faults = verdict(Some(sabotage), kind, ending).await.faults;
    let seen = faults.iter().find(|fault| expected(fault));
    let seen = seen.unwrap_or_else(|| panic!("{} is not seen: {faults:#?}", sabotage.name()));
    anstream::println!("{}: {seen:?}", sabotage.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_told_before_they_are_written_are_seen() {
    let expected = |fault: &Fault| matches!(fault, Fault::ToldAndNotKept { .. });
    is_seen(Sabotage::EmitBeforePersisting, Kind::Plain, FIRST_STAGE_ENDS, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_written_is_seen() {
    let expected = |fault: &Fault| matches!(fault, Fault::RunRepeated { .. });
    is_seen(Sabotage::DropAnswer, Kind::Agent, FIRST_STAGE_ENDS, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_used_again_is_seen() {
    let expected = |fault: &Fault| matches!(fault, Fault::SeqReused { .. });
    is_seen(Sabotage::ReuseSeq, Kind::Plain, Ending::Done, expected).await;
}
