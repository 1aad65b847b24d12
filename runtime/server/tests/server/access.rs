//! Ids of requests, CORS, hosts and origins.

use serde_json::json;

use crate::{
    bench::Bench,
    http::{ask, get},
};

const LISTED: &str = "http://localhost:5173";
const FOREIGN: &str = "https://evil.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_id_or_gets_one() {
    let bench = Bench::new().await;
    let kept = get("/nowhere").with("x-request-id", "run-7/step:2").of(&bench).await;
    assert_eq!(kept.problem(404)["trace_id"], "run-7/step:2");
    let long = "x".repeat(129);
    for odd in ["", "a b", "a\tb", "ü", long.as_str()] {
        let made = get("/health").with("x-request-id", odd).of(&bench).await;
        assert_eq!(made.header("x-request-id").len(), 36, "{odd:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_pages_may_read_every_answer_and_foreign_ones_none() {
    let bench = Bench::new().await;
    for (uri, status) in [
        ("/health", 200),
        ("/nowhere", 404),
        ("/api/v1/workflows/none", 404),
        ("/api/v1/workflows?page=0", 422),
    ] {
        let listed = get(uri).with("origin", LISTED).of(&bench).await;
        assert_eq!(listed.status, status);
        assert_eq!(listed.header("access-control-allow-origin"), LISTED, "{uri}");
        assert!(listed.header("access-control-expose-headers").contains("location"));
        let foreign = get(uri).with("origin", FOREIGN).of(&bench).await;
        assert_eq!(foreign.header("access-control-allow-origin"), "", "{uri}");
    }
    let refused =
        ask("POST", "/api/v1/workflows/create").json(&json!({})).with("origin", LISTED).of(&bench).await;
    refused.problem(422);
    assert_eq!(refused.header("access-control-allow-origin"), LISTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_ask_first() {
    let bench = Bench::new().await;
    let preflight = ask("OPTIONS", "/api/v1/workflows/create")
        .with("origin", LISTED)
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "content-type,x-request-id")
        .of(&bench)
        .await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), LISTED);
    assert_eq!(preflight.header("access-control-allow-methods"), "GET,POST,PUT,DELETE");
    assert_eq!(preflight.header("access-control-allow-headers"), "content-type,x-request-id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_changes_nothing() {
    let bench = Bench::new().await;
    let adw_id = bench.running().await;
    let path = format!("/api/v1/workflows/{adw_id}");
    for origin in [FOREIGN, "null", "http://localhost:5174"] {
        for ask in [
            ask("POST", "/api/v1/workflows/create").json(&json!({ "title": "t" })),
            ask("PUT", format!("{path}/status")).json(&json!({ "status": "failed" })),
            ask("DELETE", path.clone()),
        ] {
            let problem = ask.with("origin", origin).of(&bench).await.problem(403);
            assert_eq!(problem["code"], "forbidden_origin");
        }
    }
    assert_eq!(bench.read(&adw_id).await["status"], "running");
    let own = ask("DELETE", path).with("origin", "http://localhost:8000").of(&bench).await;
    assert_eq!(own.status, 204, "our own pages may");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_ours_is_not_answered() {
    let bench = Bench::new().await;
    for host in ["evil.example:8000", "localhost.evil.example", "10.0.0.1:8000"] {
        for uri in ["/health", "/api/v1/workflows", "/", "/docs/"] {
            let problem = get(uri).with("host", host).of(&bench).await.problem(421);
            assert_eq!(problem["code"], "unknown_host");
        }
    }
    for host in ["127.0.0.1:8000", "[::1]:8000", "adw.internal"] {
        get("/health").with("host", host).of(&bench).await.is(200);
    }
}
