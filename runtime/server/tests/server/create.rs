use adw_engine::Programs;
use serde_json::{Value, json};

use crate::{
    bench::Bench,
    http::{Ask, ask},
};

fn create(body: &Value) -> Ask {
    ask("POST", "/api/v1/workflows/create").json(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_answered_with_everything_that_a_client_reads() {
    let bench = Bench::new().await;
    let body = json!({
        "title": "Test", "description": "Test task", "type": "feature", "stages": ["plan", "implement"],
    });
    let answer = create(&body).of(&bench).await;
    let task = answer.is(201);
    let adw_id = task["adw_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/workflows/{adw_id}"));
    assert_eq!(answer.header("etag"), "\"1\"");
    assert!(adw_id.starts_with("adw_feature_"), "{adw_id}");
    insta::assert_json_snapshot!(task, {
        ".adw_id" => "[adw_id]", ".branch" => "[branch]", ".epoch" => "[epoch]",
        ".created_at" => "[time]", ".updated_at" => "[time]",
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_afterwards_is_what_was_answered() {
    let bench = Bench::new().await;
    let created =
        create(&json!({ "title": "Read me", "adw_id": "mine", "type": "bug", "priority": "urgent" }))
            .of(&bench)
            .await
            .is(201);
    bench.until("mine", |workflow| workflow.status.is_ended()).await;
    let read = bench.read("mine").await;
    for same in [
        "id",
        "adw_id",
        "title",
        "description",
        "task_type",
        "type",
        "stages",
        "epoch",
        "branch",
        "priority",
        "created_at",
    ] {
        assert_eq!(read[same], created[same], "{same}");
    }
    assert_eq!(read["status"], "completed");
    assert_eq!(read["progress"], 100);
    assert_eq!(read["stages"], json!(["plan", "implement", "ship"]));
    assert_eq!(read["pipeline"], "default");
    assert!(read["completed_at"].is_string());
}

/// The old client gives up on the API for good after one refusal.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_can_be_taken_is() {
    let bench = Bench::new().await;
    let long = "x".repeat(1 << 20);
    let title = "ü".repeat(255);
    let cases = [
        (json!({ "title": "t" }), "task_type", json!("feature")),
        (json!({ "title": "t", "type": null, "task_type": null }), "task_type", json!("feature")),
        (json!({ "title": "t", "task_type": "enhancement" }), "task_type", json!("enhancement")),
        (json!({ "title": "t", "task_type": "enhancement" }), "type", json!("feature")),
        (json!({ "title": "t", "task_type": "refactor" }), "type", json!("chore")),
        (json!({ "title": "t", "type": "documentation" }), "type", json!("chore")),
        (json!({ "title": "t", "type": "Bug" }), "type", json!("bug")),
        (json!({ "title": "t", "type": "chore", "task_type": "patch" }), "type", json!("patch")),
        (json!({ "title": "t", "stages": ["build", "pr"] }), "stages", json!(["implement", "ship"])),
        (json!({ "title": "t", "stages": ["deploy"] }), "stages", json!(["ship"])),
        (json!({ "title": "t", "stages": null, "pipeline": null }), "pipeline", json!("default")),
        (json!({ "title": "t", "stages": ["plan"], "pipeline": "no such" }), "stages", json!(["plan"])),
        (json!({ "title": "t", "description": null }), "description", Value::Null),
        (json!({ "title": "t", "description": "" }), "description", json!("")),
        (json!({ "title": "t", "description": long }), "description", json!(long)),
        (json!({ "title": title }), "title", json!(title)),
        (
            json!({ "title": "t", "priority": null, "project": null, "patch": null, "agent": null, "adw_id": null }),
            "priority",
            json!("medium"),
        ),
        (json!({ "title": "t", "priority": "High" }), "priority", json!("high")),
        (
            json!({ "title": "t", "metadata": { "browser": 1 }, "status": "pending" }),
            "project",
            json!("demo"),
        ),
        (json!({ "title": "t", "adw_id": "_a-B9" }), "adw_id", json!("_a-B9")),
    ];
    for (body, member, wanted) in cases {
        let task = create(&body).of(&bench).await.is(201);
        assert_eq!(task[member], wanted, "{member} of {:.200}", body.to_string());
    }
    let charset = create(&json!({ "title": "t" })).with("content-type", "Application/JSON; charset=utf-8");
    charset.of(&bench).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_task_under_its_id_is_taken_once_and_another_is_not() {
    let bench = Bench::new().await;
    let body = json!({ "title": "Once", "adw_id": "once", "stages": ["plan"] });
    let first = create(&body).of(&bench).await.is(201);
    let again = create(&body).of(&bench).await.is(201);
    assert_eq!(again["id"], first["id"]);
    let other = create(&json!({ "title": "Another", "adw_id": "once", "stages": ["plan"] })).of(&bench).await;
    assert_eq!(other.problem(409)["code"], "adw_id_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_told_at_once() {
    let bench = Bench::new().await;
    let body = json!({
        "title": "", "description": 1, "type": "epic", "adw_id": "../x", "priority": "now", "stages": ["a b", null, 3],
    });
    let problem = create(&body).of(&bench).await.problem(422);
    insta::assert_json_snapshot!(problem, { ".trace_id" => "[id]" });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_says_so() {
    let bench = Bench::new().await;
    bench.engine.shutdown(Programs::End).await;
    let answer = create(&json!({ "title": "Too late" })).of(&bench).await;
    assert_eq!(answer.problem(503)["code"], "stopping");
    assert_eq!(answer.header("retry-after"), "2");
}
