//! Changes by hand: PUT status, DELETE, retry.

use serde_json::{Value, json};

use crate::{
    bench::{ADW_TOML, Bench},
    http::{Ask, ask, get},
};

fn put(adw_id: &str, body: &Value) -> Ask {
    ask("PUT", format!("/api/v1/workflows/{adw_id}/status")).json(body)
}

fn delete(adw_id: &str) -> Ask {
    ask("DELETE", format!("/api/v1/workflows/{adw_id}"))
}

fn retry(adw_id: &str) -> Ask {
    ask("POST", format!("/api/v1/workflows/{adw_id}/retry"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_workflow_is_cancelled_once_and_for_all() {
    let bench = Bench::new().await;
    let adw_id = bench.running().await;
    let answer = delete(&adw_id).of(&bench).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(bench.read(&adw_id).await["status"], "cancelled");
    assert_eq!(delete(&adw_id).of(&bench).await.status, 204, "again");
    let problem = put(&adw_id, &json!({ "status": "running" })).of(&bench).await.problem(409);
    assert_eq!(problem["details"], json!({ "from": "cancelled", "to": "running", "legal": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_otherwise_is_not_cancelled() {
    let bench = Bench::new().await;
    for stages in [&["plan"], &["fail"]] {
        let adw_id = bench.ended(stages).await;
        let problem = delete(&adw_id).of(&bench).await.problem(409);
        assert_eq!(problem["code"], "illegal_move");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_illegal_move_is_answered_with_the_legal_ones() {
    let bench = Bench::new().await;
    let adw_id = bench.running().await;
    let problem = put(&adw_id, &json!({ "status": "pending" })).of(&bench).await.problem(409);
    insta::assert_json_snapshot!(problem, { ".trace_id" => "[id]" });
    let elsewhere = put(&adw_id, &json!({ "status": "running", "current_stage": "ship" })).of(&bench).await;
    let problem = elsewhere.problem(409);
    assert_eq!(problem["code"], "no_such_stage");
    assert_eq!(problem["details"]["stages"], json!(["plan", "hold"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_that_it_has_and_notes_on_it_are_taken() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan"]).await;
    let before = bench.read(&adw_id).await;
    let same = put(&adw_id, &json!({ "status": "completed", "current_stage": null })).of(&bench).await;
    assert_eq!(same.is(200)["version"], before["version"], "nothing happened");
    let noted =
        put(&adw_id, &json!({ "result": { "score": 3 }, "error_message": "a remark" })).of(&bench).await;
    let noted = noted.is(200);
    assert_eq!(noted["result"], json!({ "score": 3 }));
    assert_eq!(noted["error_message"], "a remark");
    assert_eq!(noted["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_is_gone_to_by_hand_by_its_name_or_its_alias() {
    let bench = Bench::new().await;
    let adw_id = bench.submit(&["hold", "implement"]).await;
    bench.until(&adw_id, |workflow| workflow.running_stage().is_some()).await;
    put(&adw_id, &json!({ "status": "running", "current_stage": "build" })).of(&bench).await.is(200);
    bench.until(&adw_id, |workflow| workflow.status.is_ended()).await;
    let stages = get(format!("/api/v1/workflows/{adw_id}/stages")).of(&bench).await.is(200);
    assert_eq!(stages["items"][0]["status"], "skipped");
    assert_eq!(stages["items"][1]["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_ended_by_hand() {
    let bench = Bench::new().await;
    for (body, status) in [
        (json!({ "status": "completed", "result": { "done": true } }), "completed"),
        (json!({ "status": "failed", "error_message": "given up" }), "failed"),
        (json!({ "status": "cancelled" }), "cancelled"),
    ] {
        let adw_id = bench.running().await;
        let task = put(&adw_id, &body).of(&bench).await.is(200);
        assert_eq!(task["status"], status);
        for member in ["result", "error_message"] {
            if !body[member].is_null() {
                assert_eq!(task[member], body[member]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_is_judged_before_anything_else() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan"]).await;
    let answer = get(format!("/api/v1/workflows/{adw_id}")).of(&bench).await;
    let (etag, version) = (answer.header("etag").to_owned(), answer.json()["version"].clone());
    assert_eq!(etag, format!("\"{version}\""));
    for stale in ["\"1\"", "\"999\"", "W/\"1\"", "\"other\""] {
        for body in [json!({ "status": "running" }), json!({ "status": 1 }), json!({ "status": "completed" })]
        {
            let problem = put(&adw_id, &body).with("if-match", stale).of(&bench).await.problem(412);
            assert_eq!(problem["details"]["actual"], version);
        }
        assert_eq!(
            delete(&adw_id).with("if-match", stale).of(&bench).await.problem(412)["code"],
            "stale_version"
        );
    }
    for fresh in [etag.as_str(), "*", &format!("\"1\", {etag}")] {
        put(&adw_id, &json!({ "status": "completed" })).with("if-match", fresh).of(&bench).await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_workflow_goes_on_when_it_is_told_to() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan", "fail"]).await;
    let failed = bench.read(&adw_id).await;
    assert_eq!((&failed["status"], &failed["current_stage"]), (&json!("failed"), &json!("fail")));
    assert!(failed["error_message"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(retry(&adw_id).of(&bench).await.is(202)["status"], "pending");
    bench.until(&adw_id, |workflow| workflow.status.is_ended()).await;
    let from_plan = retry(&adw_id).json(&json!({ "stage": "plan" })).of(&bench).await.is(202);
    assert_eq!(from_plan["stage_runs"][0]["status"], "pending");
    bench.until(&adw_id, |workflow| workflow.status.is_ended()).await;
    assert_eq!(bench.read(&adw_id).await["stage_runs"][0]["attempt"], 2);
    let unknown = retry(&adw_id).json(&json!({ "stage": "ship" })).of(&bench).await;
    assert_eq!(unknown.problem(409)["code"], "no_such_stage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_goes_by_the_present_adw_toml_or_stays_with_what_it_went_by() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan", "fail"]).await;
    assert_eq!(bench.read(&adw_id).await["reconfigured"], json!(null));
    let wrong = retry(&adw_id).json(&json!({ "configuration": "old" })).of(&bench).await.problem(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/configuration", "{wrong}");

    let reload = async |adw_toml: &str| {
        bench.says(adw_toml);
        ask("POST", "/api/v1/configuration/reload").of(&bench).await.is(200);
    };
    reload(&ADW_TOML.replace("stages.plan", "stages.draft").replace("\"plan\"", "\"draft\"")).await;
    let unfit = retry(&adw_id).of(&bench).await.problem(409);
    assert_eq!(unfit["code"], "configuration_unfit");
    let said = unfit["detail"].as_str().unwrap();
    assert!(said.contains("no stage plan") && said.contains(r#""configuration": "pinned""#), "{said}");
    assert_eq!(
        put(&adw_id, &json!({ "status": "pending" })).of(&bench).await.problem(409)["code"],
        "configuration_unfit"
    );
    let pinned = retry(&adw_id).json(&json!({ "configuration": "pinned" })).of(&bench).await.is(202);
    assert_eq!(pinned["reconfigured"], json!(null));
    bench.until(&adw_id, |workflow| workflow.status.is_ended()).await;

    reload(&ADW_TOML.replace("[stages.fail]", "[stages.fail]\ntimeout = \"9m\"")).await;
    let present = retry(&adw_id).json(&json!({ "configuration": "present" })).of(&bench).await.is(202);
    assert_eq!(present["reconfigured"]["changes"], json!(["stages.fail.timeout"]));
    assert_eq!(present["reconfigured"]["at"], present["updated_at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_failed_workflow_is_retried() {
    let bench = Bench::new().await;
    for adw_id in [bench.ended(&["plan"]).await, bench.running().await] {
        assert_eq!(retry(&adw_id).of(&bench).await.problem(409)["code"], "illegal_move");
    }
}
