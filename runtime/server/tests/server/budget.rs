//! What a workflow may spend, and what comes of a budget that is used up.

use adw_core::Status;
use serde_json::{Value, json};

use crate::{
    bench::{ADW_TOML, Bench},
    http::ask,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_shows_what_it_may_spend_and_one_that_has_spent_it_is_not_tried_again() {
    let bench = Bench::new().await;
    let unbounded = bench.running().await;
    let budget = bench.read(&unbounded).await["budget"].clone();
    assert_eq!(budget["limit"], json!({ "cost_usd": null, "tokens": null, "wall_ms": null }));
    assert!(budget["spent"]["wall_since"].is_string(), "{budget}");

    bench.says(&format!("{ADW_TOML}\n[budget]\ncost_usd = 2.5\ntokens = 1_000\nwall = \"300ms\"\n"));
    ask("POST", "/api/v1/configuration/reload").of(&bench).await.is(200);
    let adw_id = bench.submit(&["hold"]).await;
    bench.until(&adw_id, |workflow| workflow.status == Status::Failed).await;
    let failed = bench.read(&adw_id).await;
    let Value::Object(budget) = &failed["budget"] else { panic!("{failed}") };
    assert_eq!(budget["limit"], json!({ "cost_usd": 2.5, "tokens": 1_000, "wall_ms": 300 }));
    let spent = &budget["spent"];
    assert!(spent["wall_ms"].as_u64() >= Some(300), "{spent}");
    assert_eq!(
        (&spent["cost_usd"], &spent["tokens"], &spent["wall_since"]),
        (&json!(0.0), &json!(0), &Value::Null)
    );

    let refused = ask("POST", format!("/api/v1/workflows/{adw_id}/retry")).of(&bench).await.problem(409);
    assert_eq!(refused["code"], "over_budget");
    assert_eq!(refused["detail"], failed["error_message"]);
    let refused =
        ask("PUT", format!("/api/v1/workflows/{adw_id}/status")).json(&json!({ "status": "pending" }));
    assert_eq!(refused.of(&bench).await.problem(409)["code"], "over_budget");
    assert_eq!(bench.read(&adw_id).await["version"], failed["version"], "nothing has changed");
}
