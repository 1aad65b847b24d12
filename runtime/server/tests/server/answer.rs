//! Answers to what workflows ask.

use adw_core::{Command, SetStatus};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    bench::Bench,
    http::{Ask, ask},
};

fn answer(adw_id: &str, body: &Value) -> Ask {
    ask("POST", format!("/api/v1/workflows/{adw_id}/answer")).json(body)
}

/// A workflow that waits for an answer.
async fn asking(bench: &Bench) -> String {
    let adw_id = bench.submit(&["approve"]).await;
    bench.until(&adw_id, |workflow| workflow.question().is_some()).await;
    adw_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_goes_on_with_an_answer_and_takes_no_second_one() {
    let bench = Bench::new().await;
    let adw_id = asking(&bench).await;
    let asked = bench.read(&adw_id).await;
    insta::assert_json_snapshot!(asked["waiting"], @r#"
    {
      "attempt": 1,
      "call": 1,
      "choices": [
        "approve",
        "rework",
        "reject"
      ],
      "kind": "question",
      "message": "Is the work on \"A task\" good?",
      "stage": "approve"
    }
    "#);
    let taken = answer(&adw_id, &json!({ "answer": "approve", "note": "fine" })).of(&bench).await.is(202);
    assert_eq!(taken["waiting"], Value::Null);
    let problem = answer(&adw_id, &json!({ "answer": "approve" })).of(&bench).await.problem(409);
    assert_eq!(problem["code"], "nothing_asked");
    insta::assert_snapshot!(problem["detail"].as_str().unwrap(), @r#"
    this workflow waits for no answer: what it asked was answered already, or it has gone on without
    "#);
    bench.until(&adw_id, |workflow| workflow.status.is_ended()).await;
    assert_eq!(bench.read(&adw_id).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_says_what_would() {
    let bench = Bench::new().await;
    let adw_id = asking(&bench).await;
    let cases = [
        json!({}),
        json!({ "answer": null }),
        json!({ "answer": "maybe" }),
        json!({ "answer": { "approve": true } }),
        json!({ "answer": "approve", "note": 7 }),
        json!({ "answer": "approve", "note": "n".repeat(16_385) }),
        json!({ "answer": "a".repeat(300_000) }),
    ];
    let mut said = Vec::new();
    for case in cases {
        let problem = answer(&adw_id, &case).of(&bench).await.problem(422);
        said.push(format!("{}: {}", problem["errors"][0]["pointer"], problem["errors"][0]["detail"]));
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    "/answer": "answer is missing: give what the workflow's `waiting` asks for"
    "/answer": "the answer must be one of \"approve\", \"rework\", \"reject\""
    "/answer": "the answer must be one of \"approve\", \"rework\", \"reject\""
    "/answer": "the answer must be one of \"approve\", \"rework\", \"reject\""
    "/note": "note must be a string, not a number"
    "/note": "a note may have 16384 bytes at the most"
    "/answer": "an answer may have 262144 bytes of JSON at the most"
    "#);
    assert_eq!(bench.read(&adw_id).await["waiting"]["kind"], "question", "it waits on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_the_version_that_was_seen() {
    let bench = Bench::new().await;
    let adw_id = asking(&bench).await;
    let version = bench.read(&adw_id).await["version"].as_u64().unwrap();
    let approve = json!({ "answer": "approve" });
    let stale = answer(&adw_id, &approve).with("if-match", format!("\"{}\"", version - 1)).of(&bench).await;
    assert_eq!(stale.problem(412)["code"], "stale_version");
    answer(&adw_id, &approve).with("if-match", format!("\"{version}\"")).of(&bench).await.is(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_the_version_that_was_seen_when_it_is_taken_too() {
    let bench = Bench::new().await;
    let adw_id = asking(&bench).await;
    let version = bench.read(&adw_id).await["version"].as_u64().unwrap();
    // The version is right when the head is read; the workflow changes before the body has come.
    let (engine, id) = (bench.engine.clone(), adw_id.parse().unwrap());
    let body = futures_util::stream::once(async move {
        let annotate = SetStatus { result: Some(json!("seen")), ..SetStatus::default() };
        engine.command(&id, Command::SetStatus(annotate), None).await.unwrap();
        Ok::<_, std::io::Error>(json!({ "answer": "approve" }).to_string())
    });
    let request = Request::post(format!("/api/v1/workflows/{adw_id}/answer"))
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .header("if-match", format!("\"{version}\""))
        .body(Body::from_stream(body))
        .unwrap();
    let answered = adw_server::router(bench.engine.clone()).oneshot(request).await.unwrap();
    assert_eq!(answered.status(), 412);
    assert_eq!(bench.read(&adw_id).await["waiting"]["kind"], "question", "it waits on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_nothing_takes_no_answer() {
    let bench = Bench::new().await;
    let ended = bench.ended(&["plan"]).await;
    let running = bench.running().await;
    for adw_id in [ended, running] {
        let problem = answer(&adw_id, &json!({ "answer": "yes" })).of(&bench).await.problem(409);
        assert_eq!(problem["code"], "nothing_asked");
    }
    answer("adw_none", &json!({ "answer": "yes" })).of(&bench).await.problem(404);
}
