//! Requests without a network, and what is answered.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bench::Bench;

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A request that is being put together.
pub(crate) struct Ask {
    method: &'static str,
    uri: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

pub(crate) fn ask(method: &'static str, uri: impl Into<String>) -> Ask {
    Ask { method, uri: uri.into(), headers: vec![("host", "localhost:8000".to_owned())], body: Vec::new() }
}

pub(crate) fn get(uri: impl Into<String>) -> Ask {
    ask("GET", uri)
}

impl Ask {
    /// In the place of a header of the same name.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(there, _)| *there != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.with("content-type", "application/json").body(body.to_string())
    }

    pub(crate) async fn of(self, bench: &Bench) -> Answer {
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let response = adw_server::router(bench.engine.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, after it was looked at that the status is this.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem document, after it was looked at that it is a whole one.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        let problem = self.is(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail", "code", "trace_id", "error"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
        }
        assert!(problem.as_object().unwrap().contains_key("details"));
        for fault in problem["errors"].as_array().unwrap() {
            assert!(fault["pointer"].is_string() && fault["detail"].is_string(), "{fault}");
        }
        assert_eq!(problem["trace_id"], self.header("x-request-id"));
        problem
    }
}

impl Bench {
    /// Hands over a task that goes through these stages, and gives its id.
    pub(crate) async fn submit(&self, stages: &[&str]) -> String {
        let body = json!({ "title": "A task", "stages": stages });
        let created = ask("POST", "/api/v1/workflows/create").json(&body).of(self).await.is(201);
        created["adw_id"].as_str().unwrap().to_owned()
    }

    /// Hands over a task, and waits for its end.
    pub(crate) async fn ended(&self, stages: &[&str]) -> String {
        let adw_id = self.submit(stages).await;
        self.until(&adw_id, |workflow| workflow.status.is_ended()).await;
        adw_id
    }

    /// A workflow at work, which goes on until it is ended.
    pub(crate) async fn running(&self) -> String {
        let adw_id = self.submit(&["plan", "hold"]).await;
        self.until(&adw_id, |workflow| workflow.running_stage().is_some_and(|stage| stage.name == "hold"))
            .await;
        adw_id
    }

    /// The workflow as REST has it.
    pub(crate) async fn read(&self, adw_id: &str) -> Value {
        get(format!("/api/v1/workflows/{adw_id}")).of(self).await.is(200)
    }
}
