//! Requests that are HTTP, and that ask for what can't be.

use serde_json::json;

use crate::{
    bystanders::{Bystanders, repository},
    page::{Page, assert_page, of_problem},
    wire::{Request, ask, request},
};

const CREATE: &str = "/api/v1/workflows/create";

type Case = (&'static str, Request);

fn create(body: impl Into<Vec<u8>>) -> Request {
    request("POST", CREATE).json(body)
}

/// A task that is right but for these members.
fn with(members: &str) -> Request {
    create(format!(r#"{{"title":"t",{members}}}"#))
}

fn put(body: &str) -> Request {
    request("PUT", "/api/v1/workflows/held/status").json(body)
}

fn get(rest: &str) -> Request {
    request("GET", &format!("/api/v1/workflows{rest}"))
}

async fn refused(cases: impl IntoIterator<Item = Case>) -> Page {
    let repository = repository(&[]);
    let bystanders = Bystanders::start(&repository).await;
    let mut page = Page::default();
    for (name, request) in cases {
        let answer = ask(bystanders.api(), name, &request.said());
        let tells_methods = answer.head.contains("allow: ");
        assert_eq!(tells_methods, answer.status == 405, "{name}: {}", answer.head);
        page.add(name, &request.in_words(), &of_problem(&answer.problem(name)));
    }
    bystanders.are_unharmed().await;
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_json() {
    let cases = [
        ("nothing", create("")),
        ("half an object", create("{")),
        ("a form", create("title=Test")),
        ("two objects", create(r#"{"title":"t"} {}"#)),
        ("single quotes", create("{'title':'t'}")),
        ("a comma too many", create(r#"{"title":"t",}"#)),
        ("a line break in a string", create("{\"title\":\"a\nb\"}")),
        ("half a surrogate pair", create(r#"{"title":"\ud800"}"#)),
        ("another encoding", create(b"{\"title\":\"f\xfcr mich\"}")),
        ("UTF-16", create("{\"title\":\"t\"}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
        ("brackets without end", create("[".repeat(100_000))),
        ("a number without a place", with(r#""x":1e999"#)),
        ("no number", with(r#""x":NaN"#)),
        ("a list", create("[]")),
        ("a text", create("\"title\"")),
        ("null", create("null")),
        ("five megabytes", create(format!(r#"{{"title":"{}"}}"#, "x".repeat(5 << 20)))),
        (
            "a form's type",
            request("POST", CREATE).with("Content-Type", "application/x-www-form-urlencoded").body("title=t"),
        ),
        ("plain text", request("POST", CREATE).with("Content-Type", "text/plain").body("{}")),
        ("no type", request("POST", CREATE).body("{}")),
        ("compressed", create(b"\x1f\x8b\x08").with("Content-Encoding", "gzip")),
    ];
    assert_page!("rest_bodies", refused(cases).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_cannot_be_taken() {
    let many = vec!["7"; 100_000].join(",");
    let cases = [
        ("no title", create("{}")),
        ("no title but null", create(r#"{"title":null}"#)),
        ("an empty title", create(r#"{"title":""}"#)),
        ("a number for a title", create(r#"{"title":7}"#)),
        ("a list for a title", create(r#"{"title":["t"]}"#)),
        ("a title of 256 characters", create(format!(r#"{{"title":"{}"}}"#, "ü".repeat(256)))),
        ("a title with a NUL", create(r#"{"title":"a\u0000b"}"#)),
        (
            "a description of a megabyte and a byte",
            with(&format!(r#""description":"{}""#, "x".repeat((1 << 20) + 1))),
        ),
        ("an object for a description", with(r#""description":{}"#)),
        ("a type that isn't there", with(r#""type":"epic""#)),
        ("a number for a type", with(r#""task_type":7"#)),
        ("no stages", with(r#""stages":[]"#)),
        ("one stage without its brackets", with(r#""stages":"plan""#)),
        ("stages as an object", with(r#""stages":{"0":"plan"}"#)),
        ("no name for a stage", with(r#""stages":["plan",null]"#)),
        ("a list in the list of stages", with(r#""stages":[["plan"]]"#)),
        ("a path for a stage", with(r#""stages":["../plan"]"#)),
        ("a stage that isn't there", with(r#""stages":["plan","deploy"]"#)),
        ("a stage twice", with(r#""stages":["plan","plan"]"#)),
        ("a stage twice, once by its old name", with(r#""stages":["implement","build"]"#)),
        ("a hundred thousand stages that are none", with(&format!(r#""stages":[{many}]"#))),
        ("a pipeline that isn't there", with(r#""pipeline":"nightly""#)),
        ("a number for a pipeline", with(r#""pipeline":1"#)),
        ("a project that isn't there", with(r#""project":"other""#)),
        ("a name without end", with(&format!(r#""project":"{}""#, "\\u0007".repeat(100_000)))),
        ("a priority that isn't there", with(r#""priority":"asap""#)),
        ("a number for a priority", with(r#""priority":3"#)),
        ("an agent that isn't there", with(r#""agent":"robot""#)),
        ("a list for a patch", with(r#""patch":[]"#)),
        ("a patch with a NUL", with(r#""patch":"--- a\u0000""#)),
        (
            "members that were meant otherwise",
            with(r#""agnet":"patch","pipline":"default","status":"pending""#),
        ),
        ("an empty id", with(r#""adw_id":"""#)),
        ("an id that is a route", with(r#""adw_id":"create""#)),
        ("an id that leads out", with(r#""adw_id":"../../etc""#)),
        ("an id that looks like an option", with(r#""adw_id":"-rf""#)),
        ("an id with a space", with(r#""adw_id":"a b""#)),
        ("an id with a letter from elsewhere", with(r#""adw_id":"ü""#)),
        ("an id of 101 letters", with(&format!(r#""adw_id":"{}""#, "a".repeat(101)))),
        ("an id that is another task's", with(r#""adw_id":"held""#)),
        (
            "everything at once",
            create(
                r#"{"title":"","description":1,"type":"epic","adw_id":"../x","priority":"now","stages":["a b",null]}"#,
            ),
        ),
    ];
    assert_page!("rest_tasks", refused(cases).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_make_no_sense() {
    let deep = format!(r#"{{"result":{}{}}}"#, "[".repeat(70), "]".repeat(70));
    let retry = |of: &str, body: &str| request("POST", &format!("/api/v1/workflows/{of}/retry")).json(body);
    let of_ended = |body: &str| request("PUT", "/api/v1/workflows/ended/status").json(body);
    let stale = |tag: &str| put(r#"{"error_message":"x"}"#).with("If-Match", tag);
    let cases = [
        ("nothing", put("")),
        ("nothing to set", put("{}")),
        ("nothing but null", put(r#"{"status":null}"#)),
        ("nothing that is known", put(r#"{"state":"failed"}"#)),
        ("a status that isn't there", put(r#"{"status":"done"}"#)),
        ("a number for a status", put(r#"{"status":5}"#)),
        ("back to the beginning", put(r#"{"status":"pending"}"#)),
        ("a stage that the workflow hasn't", put(r#"{"current_stage":"ship"}"#)),
        ("a stage with a space", put(r#"{"current_stage":"a b"}"#)),
        ("a list for a stage", put(r#"{"current_stage":[]}"#)),
        ("an object for a message", put(r#"{"error_message":{}}"#)),
        ("a result that is nested without measure", put(&deep)),
        ("an older version", stale("\"1\"")),
        ("a version in words", stale("latest")),
        ("a weak tag", stale("W/\"3\"")),
        ("half a tag", stale("\"3")),
        ("no tag", stale("")),
        ("a stale version before a body that is none", put("{").with("If-Match", "\"1\"")),
        ("an ended workflow is to run", of_ended(r#"{"status":"running"}"#)),
        ("an ended workflow is to fail", of_ended(r#"{"status":"failed"}"#)),
        ("an ended workflow is to be cancelled", of_ended(r#"{"status":"cancelled"}"#)),
        ("an ended workflow is to be at another stage", of_ended(r#"{"current_stage":"plan"}"#)),
        ("what has ended is cancelled", request("DELETE", "/api/v1/workflows/ended")),
        ("what is gone is cancelled", request("DELETE", "/api/v1/workflows/nowhere")),
        (
            "cancelled at an older version",
            request("DELETE", "/api/v1/workflows/held").with("If-Match", "\"1\""),
        ),
        ("what runs is retried", retry("held", "{}")),
        ("what has succeeded is retried", retry("ended", "")),
        ("what isn't there is retried", retry("nowhere", "{}")),
        ("retried from a number", retry("held", r#"{"stage":1}"#)),
        ("retried from a path", retry("held", r#"{"stage":"../x"}"#)),
        ("retried by an adw.toml that isn't there", retry("held", r#"{"configuration":"old"}"#)),
        ("retried by a number", retry("held", r#"{"configuration":1}"#)),
        ("retried with a list", retry("held", "[]")),
        ("retried with half a body", retry("held", "{")),
    ];
    assert_page!("rest_changes", refused(cases).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_have_no_answer() {
    let cases = [
        ("a status that isn't there", get("?status=done")),
        ("a type that isn't there", get("?task_type=epic")),
        ("page 0", get("?page=0")),
        ("a page before the first", get("?page=-1")),
        ("a page beyond all numbers", get("?page=99999999999999999999")),
        ("too many on a page", get("?per_page=101")),
        ("a number in words", get("?limit=ten")),
        ("none at all", get("?limit=0")),
        ("a cursor of another's making", get("?cursor=x")),
        ("a cursor before the first", get("?cursor=before-0")),
        ("a parameter twice", get("?page=1&page=2")),
        ("several at once", get("?status=done&limit=0&cursor=x")),
        ("bytes that are no text", get("?status=%ff")),
        ("events before the first", get("/ended/events?after=-1")),
        ("more events than are given at once", get("/ended/events?limit=201")),
        ("an attempt before the first", get("/ended/logs?attempt=0")),
        ("lines of a stage with a space", get("/ended/logs?stage=a%20b")),
        ("lines from a cursor of another's making", get("/ended/logs?cursor=plan.1")),
        ("more lines than are given at once", get("/ended/logs?limit=1001")),
        ("an artifact that isn't there", get("/ended/artifacts/report")),
        ("an artifact that leads out", get("/ended/artifacts/..%2F..%2Fetc%2Fpasswd")),
        ("an artifact in bytes that are no text", get("/ended/artifacts/%ff")),
        ("a part that isn't there", get("/ended/nothing")),
        ("a workflow that isn't there", get("/nowhere")),
        ("an id that leads out", get("/..%2F..%2Fetc%2Fpasswd")),
        ("an id of dots", get("/%2e%2e")),
        ("an id with a NUL", get("/%00")),
        ("an id without end", get(&format!("/{}", "a".repeat(10_000)))),
        ("an id in bytes that are no text", get("/%ff")),
        ("a route that takes tasks", get("/create")),
        ("a method that isn't taken", request("PATCH", "/api/v1/workflows")),
        ("a method that nobody knows", request("BREW", "/health")),
        ("another version", request("GET", "/api/v2/workflows")),
        ("nowhere", request("GET", "//")),
        ("a socket without its headers", request("GET", "/ws/workflows/held")),
        ("another's host", request("GET", "/health").host("Host: evil.example\r\n")),
        ("no host", request("GET", "/health").host("")),
        ("two hosts", request("GET", "/health").host("Host: localhost\r\nHost: localhost\r\n")),
        ("another's address in full", request("GET", "http://evil.example/health")),
        ("another's page", create(r#"{"title":"t"}"#).with("Origin", "https://evil.example")),
        ("a page from nowhere", create(r#"{"title":"t"}"#).with("Origin", "null")),
    ];
    assert_page!("rest_questions", refused(cases).await);
}

/// A client that is refused once may never ask again: what can be understood is taken.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_and_can_be_taken_is() {
    let repository = repository(&[]);
    let bystanders = Bystanders::start(&repository).await;
    let api = bystanders.api();
    let empty = r#""type":"","task_type":"","priority":"","pipeline":"","project":"","agent":"""#;
    let odd = [
        ("a byte order mark", create("\u{feff}{\"title\":\"t\"}"), "title", json!("t")),
        ("a member twice", create(r#"{"title":"a","title":"b"}"#), "title", json!("b")),
        (
            "a title of several lines",
            create(r#"{"title":"a\nb\t\u001b[31m\u202e"}"#),
            "title",
            json!("a\nb\t\u{1b}[31m\u{202e}"),
        ),
        ("a title of a space", create(r#"{"title":" "}"#), "title", json!(" ")),
        ("names that are empty", with(empty), "type", json!("feature")),
        ("one type that is empty", with(r#""task_type":"","type":"bug""#), "type", json!("bug")),
        (
            "a member that nobody knows",
            with(r#""metadata":{"deep":[[[[1e300]]]]}"#),
            "project",
            json!("demo"),
        ),
        (
            "a charset",
            request("POST", CREATE)
                .with("Content-Type", "application/JSON; charset=utf-8")
                .body(r#"{"title":"t"}"#),
            "priority",
            json!("medium"),
        ),
    ];
    for (name, request, member, wanted) in odd {
        let answer = ask(api, name, &request.said());
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 201, "{name}: {text}");
        let task: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(task[member], wanted, "{name}");
        api.ends_as(task["adw_id"].as_str().unwrap(), "completed").await;
    }
    bystanders.are_as_they_were().await;
}
