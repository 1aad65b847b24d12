use serde_json::{Value, json};

use crate::{
    bench::Bench,
    http::{ask, get},
};

fn ids(page: &Value, member: &str) -> Vec<String> {
    page[member].as_array().unwrap().iter().map(|task| task["adw_id"].as_str().unwrap().to_owned()).collect()
}

async fn filled(tasks: &[Value]) -> Bench {
    let bench = Bench::new().await;
    for task in tasks {
        let adw_id =
            ask("POST", "/api/v1/workflows/create").json(task).of(&bench).await.is(201)["adw_id"].clone();
        bench.until(adw_id.as_str().unwrap(), |workflow| workflow.status.is_ended()).await;
    }
    bench
}

fn numbered(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({ "title": format!("Task {n}"), "adw_id": format!("t{n}"), "stages": ["plan"] }))
        .collect()
}

async fn read(bench: &Bench, query: &str) -> Value {
    get(format!("/api/v1/workflows{query}")).of(bench).await.is(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn old_clients_get_numbered_pages_newest_first() {
    let bench = filled(&numbered(5)).await;
    let page = read(&bench, "").await;
    assert_eq!(ids(&page, "tasks"), ["t4", "t3", "t2", "t1", "t0"]);
    assert_eq!(page["items"], page["tasks"]);
    assert_eq!((&page["total"], &page["page"], &page["per_page"]), (&json!(5), &json!(1), &json!(20)));
    assert_eq!(page["next_cursor"], Value::Null);
    let second = read(&bench, "?page=2&per_page=2").await;
    assert_eq!(ids(&second, "tasks"), ["t2", "t1"]);
    assert_eq!((&second["total"], &second["page"], &second["per_page"]), (&json!(5), &json!(2), &json!(2)));
    let beyond = read(&bench, "?page=9").await;
    assert_eq!((ids(&beyond, "tasks").len(), &beyond["total"]), (0, &json!(5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_goes_through_all_of_them_once() {
    let bench = filled(&numbered(5)).await;
    let mut page = read(&bench, "?limit=2").await;
    let mut seen = ids(&page, "items");
    // What is added meanwhile shifts nothing.
    bench.ended(&["plan"]).await;
    while let Some(cursor) = page["next_cursor"].as_str() {
        page = read(&bench, &format!("?limit=2&cursor={cursor}")).await;
        let members: Vec<_> = page.as_object().unwrap().keys().collect();
        assert_eq!(members, ["items", "next_cursor"]);
        seen.extend(ids(&page, "items"));
    }
    assert_eq!(seen, ["t4", "t3", "t2", "t1", "t0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered() {
    let bench = filled(&[
        json!({ "title": "Sum is wrong", "adw_id": "one", "type": "bug", "stages": ["plan"] }),
        json!({ "title": "Broken build", "adw_id": "two", "type": "bug", "stages": ["fail"] }),
        json!({ "title": "Add a SUM", "adw_id": "three", "type": "enhancement", "stages": ["plan"] }),
    ])
    .await;
    for (query, wanted) in [
        ("?status=completed", &["three", "one"][..]),
        ("?status=failed", &["two"]),
        ("?status=running", &[]),
        ("?status=", &["three", "two", "one"]),
        ("?task_type=bug", &["two", "one"]),
        ("?type=bug&status=completed", &["one"]),
        ("?task_type=feature", &["three"]),
        ("?task_type=enhancement", &["three"]),
        ("?project=demo", &["three", "two", "one"]),
        ("?project=other", &[]),
        ("?text=sum", &["three", "one"]),
        ("?text=two", &["two"]),
        ("?text=%25", &[]),
        ("?unknown=parameter", &["three", "two", "one"]),
    ] {
        let page = read(&bench, query).await;
        assert_eq!(ids(&page, "tasks"), wanted, "{query}");
        assert_eq!(page["total"], wanted.len(), "{query}");
    }
}
