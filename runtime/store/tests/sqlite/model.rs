//! Random writes, some of them stale, several at a time, held against a model.

use std::collections::BTreeMap;
use std::sync::Arc;

use adw_core::fold;
use adw_store::conformance::samples::{adw_id, append, new_workflow, noted, task};
use adw_store::{Append, NewWorkflow, Store, StoreError, Stored};
use proptest::prelude::*;

use crate::Place;

/// Something that is asked for at the same time as the others of its round.
#[derive(Clone, Debug)]
enum Ask {
    Create {
        workflow: u8,
    },
    /// Decided on the state so many appends ago; 0 is the current one.
    Append {
        workflow: u8,
        behind: usize,
        events: usize,
    },
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        1 => (0..4_u8).prop_map(|workflow| Ask::Create { workflow }),
        3 => (0..4_u8, prop_oneof![3 => Just(0), 1 => 1..3_usize], 1..4_usize)
            .prop_map(|(workflow, behind, events)| Ask::Append { workflow, behind, events }),
    ]
}

fn rounds() -> impl Strategy<Value = Vec<Vec<Ask>>> {
    prop::collection::vec(prop::collection::vec(ask(), 1..8), 1..12)
}

/// Every state that a workflow had, the newest last.
type Model = BTreeMap<u8, Vec<Stored>>;

/// What is asked for, decided on the model before anything of the round took place.
enum Request {
    Create(NewWorkflow),
    Append(Append),
}

fn request(model: &Model, ask: &Ask, mark: &str) -> Option<Request> {
    match *ask {
        Ask::Create { workflow } => Some(Request::Create(new_workflow(&format!("w{workflow}"), task(mark)))),
        Ask::Append { workflow, behind, events } => {
            let state = model.get(&workflow)?.iter().rev().nth(behind)?;
            let events = (0..events).map(|n| noted(format!("{mark} {n}").into())).collect();
            Some(Request::Append(append(state, events)))
        }
    }
}

async fn carry_out(store: &dyn Store, request: Request) -> Result<Stored, StoreError> {
    match request {
        Request::Create(new) => store.create(new).await,
        Request::Append(append) => {
            let after = Stored { id: append.id, workflow: append.workflow.clone() };
            store.append(append).await.map(|()| after)
        }
    }
}

async fn run(rounds: Vec<Vec<Ask>>) {
    let place = Place::new();
    let store = place.open().await;
    let mut model = Model::new();
    for (number, round) in rounds.iter().enumerate() {
        let asked: Vec<_> = round
            .iter()
            .enumerate()
            .filter_map(|(n, ask)| {
                let request = request(&model, ask, &format!("{number} {n}"))?;
                let store = Arc::clone(&store);
                Some((ask, tokio::spawn(async move { carry_out(&*store, request).await })))
            })
            .collect();
        let mut won: BTreeMap<u8, Stored> = BTreeMap::new();
        for (ask, answer) in asked {
            let answer = answer.await.unwrap();
            let (workflow, may_win) = match *ask {
                Ask::Create { workflow } => (workflow, !model.contains_key(&workflow)),
                Ask::Append { workflow, behind, .. } => (workflow, behind == 0),
            };
            match answer {
                Ok(stored) => {
                    assert!(may_win, "{ask:?} in round {number}");
                    assert!(won.insert(workflow, stored).is_none(), "two won in round {number}");
                }
                Err(StoreError::Taken(_) | StoreError::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        expect_winners(&model, round, &won);
        for (workflow, stored) in won {
            model.entry(workflow).or_default().push(stored);
        }
        agree(&*store, &model).await;
    }
    store.close().await;
    agree(&*place.open().await, &model).await;
}

/// Where something could be written, something was.
fn expect_winners(model: &Model, round: &[Ask], won: &BTreeMap<u8, Stored>) {
    for ask in round {
        let possible = match *ask {
            Ask::Create { workflow } => (!model.contains_key(&workflow)).then_some(workflow),
            Ask::Append { workflow, behind, .. } => {
                (model.contains_key(&workflow) && behind == 0).then_some(workflow)
            }
        };
        assert!(possible.is_none_or(|workflow| won.contains_key(&workflow)), "nobody won {ask:?}");
    }
}

async fn agree(store: &dyn Store, model: &Model) {
    for workflow in 0..4 {
        let id = adw_id(&format!("w{workflow}"));
        let expected = model.get(&workflow).and_then(|states| states.last());
        assert_eq!(store.workflow(&id).await.unwrap().as_ref(), expected);
        let events = store.events(&id, 0, u32::MAX).await.unwrap();
        assert!(events.iter().map(|event| event.seq).eq(1..=events.len() as u64));
        assert_eq!(fold(&events).unwrap().as_ref(), expected.map(|stored| &stored.workflow));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_at_once_the_store_holds_what_it_answered(rounds in rounds()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(rounds));
    }
}
