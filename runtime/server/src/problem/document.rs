//! What a client reads of a problem.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An error, as RFC 9457 has it. Every answer with a 4xx or 5xx status is one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:adw:problem:invalid",
    "title": "The request is not valid",
    "status": 422,
    "detail": "title must have 1 to 255 characters",
    "code": "invalid",
    "errors": [{"pointer": "/title", "detail": "title must have 1 to 255 characters"}],
    "trace_id": "0192f0c1-7b1e-4c1e-9d1c-2b0e5b1f7a10",
    "error": "title must have 1 to 255 characters",
    "details": [{"pointer": "/title", "detail": "title must have 1 to 255 characters"}]
}))]
pub(crate) struct ProblemDocument {
    /// The kind of problem, as a URI: `urn:adw:problem:` and the code.
    pub(crate) r#type: String,
    /// The kind of problem, for a person; the same for every problem of the kind.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What is wrong this time, and what to do.
    pub(crate) detail: String,
    /// The kind of problem, for a program; it never changes.
    pub(crate) code: String,
    /// Each member of the request that is wrong.
    pub(crate) errors: Vec<Fault>,
    /// The request's id, as in `X-Request-Id` and in the server's log.
    pub(crate) trace_id: String,
    /// The same as `detail`.
    pub(crate) error: String,
    /// More for programs: on an illegal move the legal ones; null where there is nothing more to say.
    pub(crate) details: Value,
}

/// A member of a request that is wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where: a JSON pointer into the body (empty for all of it), or `?name` for a query parameter.
    pub(crate) pointer: String,
    /// What is wrong with it, and what would do.
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}
