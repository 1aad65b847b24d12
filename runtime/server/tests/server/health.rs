use adw_engine::Programs;
use serde_json::json;

use crate::{
    bench::Bench,
    http::{ask, get},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_works_says_so() {
    let bench = Bench::new().await;
    assert_eq!(
        get("/health").of(&bench).await.is(200),
        json!({ "status": "healthy", "service": "adw", "version": env!("CARGO_PKG_VERSION") })
    );
    assert_eq!(get("/livez").of(&bench).await.is(200), json!({ "status": "alive" }));
    bench.running().await;
    let ready = get("/readyz").of(&bench).await.is(200);
    assert_eq!(
        (&ready["status"], &ready["running"], &ready["queued"]),
        (&json!("ready"), &json!(1), &json!(0))
    );
    let head = ask("HEAD", "/health").of(&bench).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_is_alive_but_not_ready() {
    let bench = Bench::new().await;
    bench.engine.shutdown(Programs::End).await;
    get("/health").of(&bench).await.is(200);
    get("/livez").of(&bench).await.is(200);
    let problem = get("/readyz").of(&bench).await.problem(503);
    assert_eq!(problem["code"], "not_ready");
    let reasons = problem["details"]["reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!("the server is stopping")), "{problem}");
    assert!(reasons.contains(&json!("the database did not take a write")), "{problem}");
}
