//! Holding a workflow, and letting it go on.

use serde_json::{Value, json};

use crate::{
    bench::Bench,
    http::{Ask, ask, get},
    live::Live,
};

fn pause(adw_id: &str) -> Ask {
    ask("POST", format!("/api/v1/workflows/{adw_id}/pause"))
}

fn resume(adw_id: &str) -> Ask {
    ask("POST", format!("/api/v1/workflows/{adw_id}/resume"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_says_since_when_and_why_and_what_it_waits_on_besides() {
    let bench = Bench::new().await;
    let adw_id = bench.submit(&["approve"]).await;
    bench.until(&adw_id, |workflow| workflow.question().is_some()).await;
    let question = bench.read(&adw_id).await["waiting"].clone();
    let paused = pause(&adw_id).json(&json!({ "reason": "after the release" })).of(&bench).await.is(202);
    assert_eq!(paused["status"], "running", "it stands where it stood");
    let waiting = &paused["waiting"];
    assert_eq!(
        json!([waiting["kind"], waiting["stage"], waiting["message"], waiting["then"]]),
        json!(["paused", "approve", "after the release", question])
    );
    assert_eq!(waiting["since"], paused["updated_at"]);
    assert_eq!(bench.read(&adw_id).await["waiting"], *waiting);
    let listed = get("/api/v1/workflows?status=running").of(&bench).await.is(200);
    assert_eq!(listed["items"][0]["waiting"], *waiting);

    let answer = ask("POST", format!("/api/v1/workflows/{adw_id}/answer"));
    let answered = answer.json(&json!({ "answer": "approve" })).of(&bench).await.is(202);
    assert_eq!(json!([answered["waiting"]["kind"], answered["waiting"]["then"]]), json!(["paused", null]));
    assert_eq!(resume(&adw_id).of(&bench).await.is(202)["waiting"], Value::Null);
    bench.until(&adw_id, |workflow| workflow.status.is_ended()).await;
    assert_eq!(bench.read(&adw_id).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_so_already_is_fine_and_what_has_ended_is_refused() {
    let bench = Bench::new().await;
    let adw_id = bench.running().await;
    let version = async || bench.read(&adw_id).await["version"].clone();
    let before = version().await;
    resume(&adw_id).of(&bench).await.is(202);
    assert_eq!(version().await, before, "it was not paused");
    pause(&adw_id).of(&bench).await.is(202);
    let paused = version().await;
    pause(&adw_id).json(&json!({ "reason": "again" })).of(&bench).await.is(202);
    assert_eq!(version().await, paused, "it was paused already");
    let stale = pause(&adw_id).with("if-match", "\"1\"").of(&bench).await;
    assert_eq!(stale.problem(412)["code"], "stale_version");

    let ended = bench.ended(&["plan"]).await;
    for ask in [pause(&ended), resume(&ended)] {
        let problem = ask.of(&bench).await.problem(409);
        assert_eq!((&problem["code"], &problem["details"]["legal"]), (&json!("illegal_move"), &json!([])));
        assert_eq!(
            problem["detail"],
            "a workflow that is completed can be neither paused nor resumed: nothing of it goes on by itself"
        );
    }
    for ask in [pause("adw_none"), resume("adw_none")] {
        ask.of(&bench).await.problem(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_is_none_is_told() {
    let bench = Bench::new().await;
    let adw_id = bench.running().await;
    for reason in [json!(7), json!("r".repeat(16_385)), json!("a\0b")] {
        let problem = pause(&adw_id).json(&json!({ "reason": reason })).of(&bench).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], "/reason");
    }
    assert_eq!(bench.read(&adw_id).await["waiting"], Value::Null);
    let silent = pause(&adw_id).json(&json!({ "reason": " " })).of(&bench).await.is(202);
    assert_eq!(silent["waiting"]["message"], "nothing of it goes on until it is resumed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_hears_of_it_and_a_board_shows_it() {
    let live = Live::new().await;
    let adw_id = live.bench.running().await;
    let mut board = live.connect_to_topics().await;
    board.say(r#"{"type":"subscribe","topic":"board"}"#).await;
    board.until(|message| message["data"]["complete"] == true).await;
    let mut socket = live.connect(&format!("{adw_id}?since=0")).await;
    pause(&adw_id).json(&json!({ "reason": "for a look" })).of(&live.bench).await.is(202);
    resume(&adw_id).of(&live.bench).await.is(202);

    let told = socket.until(|message| message["event"] == "workflow_resumed").await;
    let of = |event: &str| told.iter().find(|message| message["event"] == event).unwrap()["data"].clone();
    let (paused, resumed) = (of("workflow_paused"), of("workflow_resumed"));
    assert_eq!(
        json!([paused["reason"], paused["status"], paused["waiting"]["kind"], resumed["waiting"]]),
        json!(["for a look", "running", "paused", null])
    );
    assert_eq!(of("stage_interrupted")["cause"], "the workflow was paused");
    let rows = board.until(|message| message["event"] == "workflow_resumed").await;
    let row = rows.iter().find(|message| message["event"] == "workflow_paused").unwrap();
    let waiting = &row["data"]["waiting"];
    assert_eq!(
        json!([waiting["kind"], waiting["stage"], waiting["message"]]),
        json!(["paused", "hold", "for a look"])
    );
}
