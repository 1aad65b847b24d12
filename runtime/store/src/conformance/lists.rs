//! Lists: their order, their pages, what they are filtered by.

use adw_core::{Status, Task, TaskType};

use super::Place;
use super::samples::{advance, cancelled, create, new_workflow, start, task};
use crate::{Filter, Page, Pagination, Store};

fn ids(page: &Page) -> Vec<&str> {
    page.items.iter().map(|stored| stored.workflow.adw_id.as_str()).collect()
}

async fn every(store: &dyn Store, filter: &Filter) -> Vec<String> {
    let page = store.list(filter, &Pagination::Cursor { before: None, limit: 200 }).await.unwrap();
    assert!(!page.more);
    ids(&page).into_iter().map(str::to_owned).collect()
}

/// Pages join without a gap or a repeat, also when something new comes between them.
pub async fn a_list_is_newest_first_and_goes_on_from_a_cursor(place: impl Place) {
    let store = place().await;
    for n in 0..7 {
        create(&*store, &format!("w{n}")).await;
    }
    let everything = Filter::default();
    let first = store.list(&everything, &Pagination::Cursor { before: None, limit: 3 }).await.unwrap();
    assert_eq!((ids(&first), first.more, first.total), (vec!["w6", "w5", "w4"], true, None));
    create(&*store, "newcomer").await;

    let before = first.items.last().map(|stored| stored.id);
    let second = store.list(&everything, &Pagination::Cursor { before, limit: 4 }).await.unwrap();
    assert_eq!((ids(&second), second.more), (vec!["w3", "w2", "w1", "w0"], false));
    let before = second.items.last().map(|stored| stored.id);
    let third = store.list(&everything, &Pagination::Cursor { before, limit: 4 }).await.unwrap();
    assert_eq!((ids(&third), third.more), (vec![], false));
    // An item of a list is all of the workflow.
    assert_eq!(store.workflow(&first.items[0].workflow.adw_id).await.unwrap().as_ref(), first.items.first());
}

/// Also a page beyond the last.
pub async fn numbered_pages_tell_the_total(place: impl Place) {
    let store = place().await;
    for n in 0..5 {
        create(&*store, &format!("w{n}")).await;
    }
    let read = async |page, per_page| {
        store.list(&Filter::default(), &Pagination::Numbered { page, per_page }).await.unwrap()
    };
    for (page, per_page, expected, more) in [
        (1, 2, vec!["w4", "w3"], true),
        (3, 2, vec!["w0"], false),
        (1, 5, vec!["w4", "w3", "w2", "w1", "w0"], false),
        (4, 2, vec![], false),
        (u32::MAX, u32::MAX, vec![], false),
    ] {
        let found = read(page, per_page).await;
        assert_eq!(
            (ids(&found), found.more, found.total),
            (expected, more, Some(5)),
            "page {page} of {per_page}"
        );
    }
}

/// Each by itself and all together.
pub async fn filters_choose_and_combine(place: impl Place) {
    let store = place().await;
    let mut bug = task("Fix it");
    bug.task_type = TaskType::Bug;
    let elsewhere = Task { project: "elsewhere".to_owned(), ..bug.clone() };
    store.create(new_workflow("feature", task("Add it"))).await.unwrap();
    let running = store.create(new_workflow("running_bug", bug.clone())).await.unwrap();
    advance(&*store, &running, start()).await;
    let ended = store.create(new_workflow("ended_bug", bug)).await.unwrap();
    advance(&*store, &ended, vec![cancelled()]).await;
    store.create(new_workflow("elsewhere", elsewhere)).await.unwrap();

    let everything = Filter::default();
    let bugs = Filter { task_type: Some(TaskType::Bug), ..Filter::default() };
    for (filter, expected) in [
        (everything.clone(), vec!["elsewhere", "ended_bug", "running_bug", "feature"]),
        (Filter { status: Some(Status::Pending), ..everything.clone() }, vec!["elsewhere", "feature"]),
        (Filter { status: Some(Status::Running), ..everything.clone() }, vec!["running_bug"]),
        (Filter { status: Some(Status::Cancelled), ..everything.clone() }, vec!["ended_bug"]),
        (Filter { status: Some(Status::Completed), ..everything.clone() }, vec![]),
        (bugs.clone(), vec!["elsewhere", "ended_bug", "running_bug"]),
        (Filter { project: Some("elsewhere".to_owned()), ..everything.clone() }, vec!["elsewhere"]),
        (Filter { project: Some("nowhere".to_owned()), ..everything.clone() }, vec![]),
        (Filter { project: Some("demo".to_owned()), ..bugs.clone() }, vec!["ended_bug", "running_bug"]),
        (Filter { status: Some(Status::Running), text: Some("fix".to_owned()), ..bugs }, vec!["running_bug"]),
    ] {
        assert_eq!(every(&*store, &filter).await, expected, "{filter:?}");
        let pages = Pagination::Numbered { page: 1, per_page: 1 };
        assert_eq!(
            store.list(&filter, &pages).await.unwrap().total,
            Some(expected.len() as u64),
            "{filter:?}"
        );
    }
}

/// Letters of either case alike, and no character means more than itself.
pub async fn text_is_found_in_titles_and_ids(place: impl Place) {
    let store = place().await;
    for (id, title) in [
        ("one", "100% of the Work"),
        ("two", "snake_case names"),
        ("three", "snakeXcase names"),
        ("four", "Ärger mit Ümläuten"),
        ("five_Marked", r"a back\slash"),
    ] {
        store.create(new_workflow(id, task(title))).await.unwrap();
    }
    for (text, expected) in [
        ("100%", vec!["one"]),
        ("%", vec!["one"]),
        ("wORK", vec!["one"]),
        ("snake_case", vec!["two"]),
        ("names", vec!["three", "two"]),
        ("ÄRGER", vec!["four"]),
        ("ümlä", vec!["four"]),
        (r"\", vec!["five_Marked"]),
        ("five_mark", vec!["five_Marked"]),
        ("", vec!["five_Marked", "four", "three", "two", "one"]),
        ("nothing like it", vec![]),
        ("'; DROP TABLE workflows; --", vec![]),
    ] {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        assert_eq!(every(&*store, &filter).await, expected, "{text:?}");
    }
}

/// Pending and running ones, by number.
pub async fn open_workflows_are_those_that_have_not_ended(place: impl Place) {
    let store = place().await;
    let pending = create(&*store, "pending").await;
    let ended = create(&*store, "ended").await;
    advance(&*store, &ended, vec![cancelled()]).await;
    let running = advance(&*store, &create(&*store, "running").await, start()).await;
    assert_eq!(store.open_workflows().await.unwrap(), [pending, running]);
}
