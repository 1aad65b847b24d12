//! Creating workflows and reading them.

use adw_core::{Event, TaskType};

use super::Place;
use super::samples::{self, DOCUMENT, adw_id, create, new_workflow, task};
use crate::{RowId, StoreError};

/// It is there with its task, and its history has its first event.
pub async fn a_created_workflow_is_read_back(place: impl Place) {
    let store = place().await;
    let new = new_workflow("one", task("Add a thing"));
    let stored = store.create(new.clone()).await.unwrap();
    assert_eq!(stored.workflow, new.workflow);
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(stored));
    assert_eq!(store.events(&adw_id("one"), 0, 10).await.unwrap(), [new.first]);
}

/// Asking for what was never written is no error.
pub async fn what_is_not_there_is_none(place: impl Place) {
    let store = place().await;
    assert_eq!(store.workflow(&adw_id("none")).await.unwrap(), None);
    assert_eq!(store.events(&adw_id("none"), 0, 10).await.unwrap(), []);
    assert_eq!(store.events(&adw_id("none"), 7, 10).await.unwrap(), []);
    assert_eq!(store.open_workflows().await.unwrap(), []);
    let unknown = adw_core::PipelineHash("0".repeat(64));
    assert_eq!(store.pipeline(&unknown).await.unwrap(), None);
    assert_eq!(store.journal(&samples::attempt(RowId(7), 1)).await.unwrap(), []);
    assert_eq!(store.value(RowId(7), &samples::stage("plan"), "key").await.unwrap(), None);
    assert_eq!(store.artifacts(RowId(7)).await.unwrap(), []);
}

/// The first keeps the id, its task and its history.
pub async fn a_taken_id_is_refused_and_stays_as_it_was(place: impl Place) {
    let store = place().await;
    let first = create(&*store, "one").await;
    let second = store.create(new_workflow("one", task("Another thing"))).await;
    assert!(matches!(&second, Err(StoreError::Taken(id)) if *id == "one"), "{second:?}");
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(first));
    assert_eq!(store.events(&adw_id("one"), 0, 10).await.unwrap().len(), 1);
}

/// All others are told, and the one that won is what is stored.
pub async fn of_many_creations_of_one_id_one_wins(place: impl Place) {
    let store = place().await;
    let creations: Vec<_> = (0..16)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.create(new_workflow("one", task(&format!("Task {n}")))).await })
        })
        .collect();
    let mut won = Vec::new();
    for creation in creations {
        match creation.await.unwrap() {
            Ok(stored) => won.push(stored),
            Err(StoreError::Taken(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), won.pop());
    assert_eq!(store.events(&adw_id("one"), 0, 10).await.unwrap().len(), 1);
}

/// A later workflow has a higher number, and every number is positive.
pub async fn rows_are_numbered_in_their_order(place: impl Place) {
    let store = place().await;
    let mut last = RowId(0);
    for id in ["z", "a", "m"] {
        let stored = create(&*store, id).await;
        assert!(stored.id > last, "{:?} after {last:?}", stored.id);
        last = stored.id;
    }
}

/// Many workflows may be pinned to the same one.
pub async fn a_document_is_kept_under_its_hash(place: impl Place) {
    let store = place().await;
    create(&*store, "one").await;
    create(&*store, "two").await;
    let other = samples::new_workflow_on("three", task("On another one"), r#"{"stages":["test"]}"#);
    store.create(other.clone()).await.unwrap();
    let hash = new_workflow("one", task("one")).document_hash().clone();
    assert_eq!(store.pipeline(&hash).await.unwrap().as_deref(), Some(DOCUMENT));
    assert_eq!(store.pipeline(other.document_hash()).await.unwrap().as_deref(), Some(&*other.document));
    let mut documents = store.documents().await.unwrap();
    documents.sort();
    assert_eq!(documents, [DOCUMENT, &*other.document], "each once");
}

/// Quotes, control characters, the character zero and every plane of Unicode.
pub async fn texts_come_back_to_the_letter(place: impl Place) {
    let store = place().await;
    let odd = "a\"b'c\\d\n\r\t\u{0}e\u{1f}\u{7f}\u{2028} ÄÖß 漢字 👩‍🚀 e\u{301} \u{10ffff} %_ ?1 $1 :x {} NULL";
    let mut odd_task = task(odd);
    odd_task.description = Some(odd.to_owned());
    odd_task.project = odd.to_owned();
    odd_task.patch = Some(odd.to_owned());
    let stored = store.create(new_workflow("odd", odd_task)).await.unwrap();
    let stored = samples::advance(&*store, &stored, samples::start()).await;
    let stored = samples::advance(&*store, &stored, vec![samples::done("plan", odd)]).await;
    assert_eq!(store.workflow(&adw_id("odd")).await.unwrap(), Some(stored));

    let mut empty = task("");
    empty.description = Some(String::new());
    let stored = store.create(new_workflow("empty", empty)).await.unwrap();
    assert_eq!(store.workflow(&adw_id("empty")).await.unwrap(), Some(stored));
}

/// A description of 1 MiB, beside others that are written at the same time.
pub async fn a_long_description_comes_back_whole(place: impl Place) {
    let store = place().await;
    let mut long = task("A long story");
    long.task_type = TaskType::Bug;
    long.description = Some("\"line\" with ä\n".repeat(1024 * 1024 / 15));
    let new = new_workflow("long", long);
    let (stored, ..) = tokio::join!(store.create(new), create(&*store, "short"), create(&*store, "tiny"));
    let stored = stored.unwrap();
    let stored = samples::advance(&*store, &stored, samples::start()).await;
    assert_eq!(store.workflow(&adw_id("long")).await.unwrap(), Some(stored));
}

/// In results, which hold whatever a plugin or a person says.
pub async fn numbers_come_back_to_the_last_digit(place: impl Place) {
    let store = place().await;
    let stored = create(&*store, "one").await;
    let numbers = serde_json::json!({
        "floats": [0.1, 1e-7, f64::MIN_POSITIVE, f64::MAX, f64::EPSILON, 0.1 + 0.2, -0.0],
        "integers": [i64::MIN, i64::MAX, u64::MAX, 0],
        "unround": (1..200).map(|n| 1.0 / f64::from(n)).collect::<Vec<_>>(),
    });
    let stored = samples::advance(&*store, &stored, vec![samples::noted(numbers.clone())]).await;
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(stored));
    let events = store.events(&adw_id("one"), 1, 1).await.unwrap();
    assert!(
        matches!(&events[0].event, Event::WorkflowAnnotated { result: Some(result), .. } if *result == numbers)
    );
}
