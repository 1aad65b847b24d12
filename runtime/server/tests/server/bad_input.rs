//! Whatever a client gets wrong, it is told so in a problem document, and never by a 5xx.

use serde_json::json;

use crate::{
    bench::Bench,
    http::{Ask, ask, get},
};

const CREATE: &str = "/api/v1/workflows/create";

fn create(body: &str) -> Ask {
    ask("POST", CREATE).with("content-type", "application/json").body(body)
}

fn with_title(members: &str) -> Ask {
    create(&format!(r#"{{"title":"t",{members}}}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_cannot_be_taken() {
    let bench = Bench::new().await;
    let too_long = format!(r#""description":"{}""#, "x".repeat((1 << 20) + 1));
    let too_large = format!(r#"{{"title":"{}"}}"#, "x".repeat(4 << 20));
    let deep = "[".repeat(100_000);
    let cases = [
        (400, "malformed_json", create("")),
        (400, "malformed_json", create("{")),
        (400, "malformed_json", create("title=Test")),
        (400, "malformed_json", create(r#"{"title":"t"} {}"#)),
        (400, "malformed_json", create("{\"title\":\"\u{1}\"}")),
        (400, "malformed_json", create(&deep)),
        (400, "malformed_json", create(r#"{"title":"t"}"#).body(b"{\"title\":\"\xff\"}".to_vec())),
        (413, "body_too_large", create(&too_large)),
        (415, "unsupported_media_type", create("{}").with("content-type", "text/plain")),
        (
            415,
            "unsupported_media_type",
            create("{}").with("content-type", "application/x-www-form-urlencoded"),
        ),
        (415, "unsupported_media_type", create("{}").with("content-type", "application/jsonp")),
        (415, "unsupported_media_type", ask("POST", CREATE).body("{}")),
        (422, "invalid", create("null")),
        (422, "invalid", create("[]")),
        (422, "invalid", create("\"title\"")),
        (422, "invalid", create("{}")),
        (422, "invalid", create(r#"{"title":null}"#)),
        (422, "invalid", create(r#"{"title":""}"#)),
        (422, "invalid", create(r#"{"title":["t"]}"#)),
        (422, "invalid", create(r#"{"title":"a\u0000b"}"#)),
        (422, "invalid", create(&format!(r#"{{"title":"{}"}}"#, "ü".repeat(256)))),
        (422, "invalid", with_title(&too_long)),
        (422, "invalid", with_title(r#""description":{}"#)),
        (422, "invalid", with_title(r#""type":"epic""#)),
        (422, "invalid", with_title(r#""task_type":7"#)),
        (422, "invalid", with_title(r#""stages":[]"#)),
        (422, "invalid", with_title(r#""stages":"plan""#)),
        (422, "invalid", with_title(r#""stages":{"0":"plan"}"#)),
        (422, "invalid", with_title(r#""stages":[null]"#)),
        (422, "invalid", with_title(r#""stages":["../plan"]"#)),
        (422, "invalid", with_title(r#""stages":["no-such-stage"]"#)),
        (422, "invalid", with_title(r#""stages":["plan","plan"]"#)),
        (422, "invalid", with_title(r#""pipeline":"no-such-pipeline""#)),
        (422, "invalid", with_title(r#""pipeline":1"#)),
        (422, "invalid", with_title(r#""project":"no-such-project""#)),
        (422, "invalid", with_title(r#""priority":"asap""#)),
        (422, "invalid", with_title(r#""priority":3"#)),
        (422, "invalid", with_title(r#""agent":"no-such-agent""#)),
        (422, "invalid", with_title(r#""patch":[]"#)),
        (422, "invalid", with_title(r#""adw_id":"""#)),
        (422, "invalid", with_title(r#""adw_id":"create""#)),
        (422, "invalid", with_title(r#""adw_id":"a/b""#)),
        (422, "invalid", with_title(r#""adw_id":"-a""#)),
        (422, "invalid", with_title(&format!(r#""adw_id":"{}""#, "a".repeat(101)))),
    ];
    refuse(&bench, cases).await;
    assert_eq!(get("/api/v1/workflows").of(&bench).await.is(200)["total"], 0, "nothing was taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_make_no_sense() {
    let bench = Bench::new().await;
    let adw_id = bench.running().await;
    let put = |body: &str| {
        ask("PUT", format!("/api/v1/workflows/{adw_id}/status"))
            .with("content-type", "application/json")
            .body(body)
    };
    let retry = |body: &str| {
        ask("POST", format!("/api/v1/workflows/{adw_id}/retry"))
            .with("content-type", "application/json")
            .body(body)
    };
    let cases = [
        (400, "malformed_json", put("")),
        (400, "malformed_json", put("{'status':'running'}")),
        (415, "unsupported_media_type", put("{}").with("content-type", "text/plain")),
        (422, "invalid", put("[]")),
        (422, "invalid", put("{}")),
        (422, "invalid", put(r#"{"status":null}"#)),
        (422, "invalid", put(r#"{"status":"done"}"#)),
        (422, "invalid", put(r#"{"status":""}"#)),
        (422, "invalid", put(r#"{"status":5}"#)),
        (422, "invalid", put(r#"{"current_stage":"a b"}"#)),
        (422, "invalid", put(r#"{"current_stage":[]}"#)),
        (422, "invalid", put(r#"{"error_message":{}}"#)),
        (409, "no_such_stage", put(r#"{"current_stage":"ship"}"#)),
        (409, "illegal_move", put(r#"{"status":"pending"}"#)),
        (412, "stale_version", put("{").with("if-match", "\"0\"")),
        (400, "malformed_json", retry("{")),
        (415, "unsupported_media_type", retry("{}").with("content-type", "text/plain")),
        (422, "invalid", retry("[]")),
        (422, "invalid", retry(r#"{"stage":1}"#)),
        (422, "invalid", retry(r#"{"stage":"a b"}"#)),
        (
            404,
            "workflow_not_found",
            ask("PUT", "/api/v1/workflows/nowhere/status").json(&json!({"status": "failed"})),
        ),
        (404, "workflow_not_found", ask("DELETE", "/api/v1/workflows/nowhere")),
        (404, "workflow_not_found", ask("DELETE", "/api/v1/workflows/..%2F..%2Fetc")),
        (404, "workflow_not_found", ask("POST", "/api/v1/workflows/nowhere/retry")),
    ];
    refuse(&bench, cases).await;
    assert_eq!(bench.read(&adw_id).await["status"], "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_have_no_answer() {
    let bench = Bench::new().await;
    let adw_id = bench.ended(&["plan"]).await;
    let of = |rest: &str| get(format!("/api/v1/workflows/{adw_id}/{rest}"));
    let list = |query: &str| get(format!("/api/v1/workflows?{query}"));
    let cases = [
        (422, "invalid", list("status=done")),
        (422, "invalid", list("task_type=epic")),
        (422, "invalid", list("page=0")),
        (422, "invalid", list("page=-1")),
        (422, "invalid", list("page=99999999999999999999")),
        (422, "invalid", list("per_page=101")),
        (422, "invalid", list("per_page=ten")),
        (422, "invalid", list("limit=0")),
        (422, "invalid", list("limit=201")),
        (422, "invalid", list("cursor=x")),
        (422, "invalid", list("cursor=before-0")),
        (422, "invalid", list("cursor=before--5")),
        (422, "invalid", list("cursor=before-ffffffffffffffffff")),
        (400, "bad_request", list("page=1&page=2")),
        (422, "invalid", of("events?after=-1")),
        (422, "invalid", of("events?after=x")),
        (422, "invalid", of("events?limit=201")),
        (422, "invalid", of("logs?attempt=0")),
        (422, "invalid", of("logs?stage=a%20b")),
        (422, "invalid", of("logs?cursor=plan.1")),
        (422, "invalid", of("logs?limit=1001")),
        (404, "artifact_not_found", of("artifacts/..%2F..%2Fetc%2Fpasswd")),
        (404, "not_found", of("nothing")),
        (404, "workflow_not_found", get("/api/v1/workflows/%00")),
        (405, "method_not_allowed", get("/api/v1/workflows/create")),
        (400, "bad_request", get("/api/v1/workflows/%ff")),
        (404, "not_found", get("/api/v2/workflows")),
        (404, "not_found", get("//")),
        (404, "not_found", get("/api/v1/workflows/")),
        (405, "method_not_allowed", ask("PATCH", "/api/v1/workflows")),
        (405, "method_not_allowed", ask("POST", "/health")),
        (405, "method_not_allowed", ask("BREW", "/health")),
        (400, "bad_request", get("/ws/workflows/test")),
        (422, "invalid", get("/ws/workflows/test?since=now")),
        (422, "invalid", get("/ws/workflows/test?since=1&epoch=old")),
    ];
    refuse(&bench, cases).await;
    let answer = ask("DELETE", "/api/v1/workflows").of(&bench).await;
    assert_eq!(answer.problem(405)["code"], "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_that_the_framework_found_read_like_ours() {
    let bench = Bench::new().await;
    let redacted = |problem| {
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(problem, { ".trace_id" => "[id]" });
        });
    };
    redacted(get("/nowhere").of(&bench).await.problem(404));
    redacted(ask("PATCH", "/health").of(&bench).await.problem(405));
    redacted(create("{").of(&bench).await.problem(400));
    redacted(get("/health").with("host", "evil.example").of(&bench).await.problem(421));
}

async fn refuse(bench: &Bench, cases: impl IntoIterator<Item = (u16, &'static str, Ask)>) {
    for (n, (status, code, ask)) in cases.into_iter().enumerate() {
        let answer = ask.of(bench).await;
        assert_eq!(answer.status.as_u16(), status, "case {n}: {}", answer.text());
        assert_eq!(answer.problem(status)["code"], code, "case {n}");
    }
}
