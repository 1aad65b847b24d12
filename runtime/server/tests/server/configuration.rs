//! `/api/v1/configuration`, and what a board is told of it.

use serde_json::json;

use crate::{
    bench::{ADW_TOML, Bench},
    http::{ask, get},
    live::Live,
};

const RELOAD: &str = "/api/v1/configuration/reload";

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_told_and_read_anew() {
    let bench = Bench::new().await;
    let first = get("/api/v1/configuration").of(&bench).await.is(200);
    assert_eq!((&first["refused"], &first["at_next_start"]), (&json!(null), &json!([])), "{first}");
    bench.says(&format!("{ADW_TOML}# another\n"));
    let second = ask("POST", RELOAD).of(&bench).await.is(200);
    assert_ne!(second["sha256"], first["sha256"]);
    assert_eq!(get("/api/v1/configuration").of(&bench).await.is(200), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stage_would_fail_of_is_told_with_what_is_gone_by() {
    let bench = Bench::new().await;
    assert_eq!(get("/api/v1/configuration").of(&bench).await.is(200)["warnings"], json!([]));
    bench.says(&ADW_TOML.replace("command = \"false\"", "command = \"true\""));
    let told = ask("POST", RELOAD).of(&bench).await.is(200);
    let warning = told["warnings"][0].as_str().unwrap();
    for said in [
        "the stage `fail` would fail: running `true` is not granted\n",
        "/adw.toml:",
        "[stages.fail.grants]",
        "exec = [[\"false\"], [\"true\"]]",
    ] {
        assert!(warning.contains(said), "{said}: {told}");
    }
    assert_eq!(get("/api/v1/configuration").of(&bench).await.is(200), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_wrong_is_a_problem_and_stays_known() {
    let bench = Bench::new().await;
    let first = get("/api/v1/configuration").of(&bench).await.is(200);
    bench.says("[stages.plan]\nplugin = \"builtin:nop\"\n");
    let problem = ask("POST", RELOAD).of(&bench).await.problem(422);
    assert_eq!(problem["code"], "configuration_refused");
    let error = problem["details"]["errors"][0].as_str().unwrap();
    assert!(error.contains("builtin:nop") && error.contains("adw.toml:2:"), "{problem}");
    let told = get("/api/v1/configuration").of(&bench).await.is(200);
    assert_eq!((&told["sha256"], &told["since"]), (&first["sha256"], &first["since"]));
    assert_eq!(told["refused"]["errors"], problem["details"]["errors"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_gone_is_told_to_whoever_asks_and_to_nobody_else() {
    let bench = Bench::new().await;
    let first = get("/api/v1/configuration").of(&bench).await.is(200);
    let told = bench.engine.configuration();
    bench.loses_adw_toml();
    let gone = get("/api/v1/configuration").of(&bench).await.is(200);
    let error = gone["refused"]["errors"][0].as_str().unwrap_or_default();
    assert!(error.contains("failed to read the configuration"), "{gone}");
    assert_eq!((&gone["sha256"], &gone["since"]), (&first["sha256"], &first["since"]));
    assert!(!told.has_changed().unwrap(), "it may be on its way");
    bench.says(ADW_TOML);
    assert_eq!(get("/api/v1/configuration").of(&bench).await.is(200), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_is_told_what_became_of_it() {
    let live = Live::new().await;
    let mut socket = live.connect_to_topics().await;
    socket.message().await;
    socket.say(r#"{"type":"subscribe","topic":"board"}"#).await;
    socket.until(|message| message["type"] == "snapshot" && message["data"]["complete"] == true).await;
    for (adw_toml, event, status) in
        [("stages = 1\n", "configuration_refused", 422), (ADW_TOML, "configuration_reloaded", 200)]
    {
        live.bench.says(adw_toml);
        ask("POST", RELOAD).of(&live.bench).await.is(status);
        let told = socket.message().await;
        assert_eq!((&told["type"], &told["topic"]), (&json!(event), &json!("board")), "{told}");
        assert_eq!(told["data"], get("/api/v1/configuration").of(&live.bench).await.is(200));
        assert_eq!(told.get("seq"), None, "it is no event of a workflow");
    }
}
