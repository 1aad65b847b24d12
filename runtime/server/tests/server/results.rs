//! What a workflow leaves to read: events, stages, logs, artifacts, the diff.

use serde_json::{Value, json};

use crate::{
    bench::Bench,
    http::{ask, get},
};

async fn read(bench: &Bench, adw_id: &str, rest: &str) -> Value {
    get(format!("/api/v1/workflows/{adw_id}/{rest}")).of(bench).await.is(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_numbered_from_one_and_read_on_from_any() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan", "implement"]).await;
    let all = read(&bench, &adw_id, "events").await;
    let items = all["items"].as_array().unwrap();
    assert_eq!(all["next_cursor"], Value::Null);
    let types: Vec<_> = items.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "task_created",
            "workflow_started",
            "stage_started",
            "stage_completed",
            "stage_started",
            "stage_completed",
            "workflow_completed"
        ]
    );
    for (n, event) in items.iter().enumerate() {
        assert_eq!(event["seq"], n + 1);
        assert!(event["at"].is_string() && event["data"].is_object());
    }
    assert_eq!(items[2]["stage"], "plan");
    assert_eq!(items[0]["stage"], Value::Null);
    assert_eq!(items[3]["data"]["attempt"], 1);
    let mut seen = Vec::new();
    let mut after = Some("0".to_owned());
    while let Some(cursor) = after {
        let page = read(&bench, &adw_id, &format!("events?after={cursor}&limit=3")).await;
        seen.extend(page["items"].as_array().unwrap().clone());
        after = page["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(&seen, items);
    assert_eq!(read(&bench, &adw_id, "events?after=7").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_read_on_from_where_a_page_ended() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["fail"]).await;
    let whole = read(&bench, &adw_id, "logs?limit=1000").await;
    let lines = whole["items"].as_array().unwrap();
    assert!(!lines.is_empty());
    for member in ["stage", "attempt", "offset", "at", "level", "source", "message"] {
        assert!(!lines[0][member].is_null(), "{member}: {}", lines[0]);
    }
    let mut seen = Vec::new();
    let mut query = "logs?limit=1".to_owned();
    loop {
        let page = read(&bench, &adw_id, &query).await;
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("logs?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(&seen, lines);
    let offset = lines.last().unwrap()["offset"].as_u64().unwrap();
    let last = read(&bench, &adw_id, &format!("logs?stage=fail&attempt=1&offset={offset}")).await;
    assert_eq!(last["items"], json!([lines.last().unwrap()]));
    assert_eq!(read(&bench, &adw_id, "logs?stage=plan").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_touched_nothing_has_an_empty_diff_and_no_artifacts() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan"]).await;
    let diff = get(format!("/api/v1/workflows/{adw_id}/diff")).of(&bench).await;
    assert_eq!((diff.status.as_u16(), diff.text().as_str()), (200, ""));
    assert_eq!(diff.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(read(&bench, &adw_id, "artifacts").await, json!({ "items": [], "next_cursor": null }));
    let none = get(format!("/api/v1/workflows/{adw_id}/artifacts/report%2Fone.html")).of(&bench).await;
    assert_eq!(none.problem(404)["code"], "artifact_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_unknown_workflow_there_is_nothing_to_read() {
    let bench = Bench::new().await;
    for rest in [
        "",
        "/events",
        "/events?after=3",
        "/logs",
        "/journal",
        "/stages",
        "/artifacts",
        "/artifacts/a",
        "/diff",
    ] {
        let problem = get(format!("/api/v1/workflows/nowhere{rest}")).of(&bench).await.problem(404);
        assert_eq!(problem["code"], "workflow_not_found", "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_an_attempt_are_read_with_requests_and_answers() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["fail"]).await;
    let whole = read(&bench, &adw_id, "journal?limit=50").await;
    let calls = whole["items"].as_array().unwrap();
    let exec = calls.iter().find(|call| call["call"] == "exec.run").unwrap();
    assert_eq!(
        (&exec["stage"], &exec["attempt"], &exec["state"]),
        (&json!("fail"), &json!(1), &json!("answered"))
    );
    assert_eq!(exec["request"]["program"], "false", "{exec}");
    assert_eq!(exec["answer"]["exit"], json!({ "code": 1 }), "{exec}");
    assert!(exec["asked_at"].as_str() <= exec["answered_at"].as_str(), "{exec}");
    let mut seen = Vec::new();
    let mut after = Some("0".to_owned());
    while let Some(cursor) = after {
        let page =
            read(&bench, &adw_id, &format!("journal?stage=fail&attempt=1&limit=1&after={cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().clone());
        after = page["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(&seen, calls);
    assert_eq!(read(&bench, &adw_id, "journal?stage=fail&attempt=2").await["items"], json!([]));

    let asking = bench.submit(&["approve"]).await;
    bench.until(&asking, |workflow| workflow.question().is_some()).await;
    let calls = read(&bench, &asking, "journal").await;
    let asked = calls["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&asked["call"], &asked["state"]), (&json!("human.ask"), &json!("waiting")), "{asked}");
    assert_eq!(asked["answer"], Value::Null, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_replayed_by_its_own_plugin_and_by_others() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["fail"]).await;
    let at = |rest: &str| ask("POST", format!("/api/v1/workflows/{adw_id}/replay{rest}"));
    for rest in ["", "?stage=fail", "?stage=fail&attempt=1"] {
        let replay = at(rest).of(&bench).await.is(200);
        assert_eq!(
            (&replay["same"], &replay["end"]["type"]),
            (&json!(true), &json!("stage_failed")),
            "{replay}"
        );
        assert_eq!((&replay["call"], &replay["ends"]), (&Value::Null, &Value::Null));
        assert_eq!(replay["plugin"], replay["recorded_by"]);
    }
    let gate = adw_plugins_bundle::builtin("gate").unwrap();
    let other = at("").with("content-type", "application/wasm").body(gate).of(&bench).await.is(200);
    assert_eq!((&other["same"], &other["plugin"]["name"]), (&json!(false), &json!("gate")), "{other}");
    assert!(other["call"]["n"].is_u64(), "{other}");

    let wrong = at("?attempt=2").of(&bench).await.problem(422);
    assert!(wrong.to_string().contains("has made no attempt 2; its newest is 1"), "{wrong}");
    let junk = at("").body("junk").of(&bench).await.problem(422);
    assert!(junk.to_string().contains("is no WebAssembly"), "{junk}");
    ask("POST", "/api/v1/workflows/nowhere/replay").of(&bench).await.problem(404);
}
