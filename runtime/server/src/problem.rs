//! The one error type at the edge: whatever goes wrong, the client gets a problem document (RFC 9457) with a stable
//! code, and the old client's `error` and `details` beside it.

mod document;
mod kind;
mod refused;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

pub(crate) use document::{Fault, ProblemDocument};
pub(crate) use kind::Kind;

/// What a problem document is sent as.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered as the client wished.
///
/// What the client reads is in `detail`; what only the log may hold is in `cause`.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    faults: Vec<Fault>,
    details: Option<Value>,
    cause: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), faults: Vec::new(), details: None, cause: None }
    }

    /// Members of the request that are wrong, all of them at once.
    pub(crate) fn invalid(faults: Vec<Fault>) -> Self {
        let detail = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { faults, ..Self::new(Kind::Invalid, detail) }
    }

    /// One member of the request that is wrong.
    pub(crate) fn fault(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::new(pointer, detail)])
    }

    /// A fault of the server: the client learns that there was one, the log learns which.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let detail = "something went wrong in the server; its log tells more under this trace_id";
        Self { cause: Some(cause.into()), ..Self::new(Kind::Internal, detail) }
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    pub(crate) fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// What the framework answered by itself, as a problem.
    fn of_framework(status: StatusCode) -> Self {
        let kind = Kind::of_status(status);
        let detail = match kind {
            Kind::NotFound => "there is nothing at this address: /docs has those that there are",
            Kind::MethodNotAllowed => {
                "this address doesn't take that method: the Allow header has those that it takes"
            }
            kind => kind.title(),
        };
        Self::new(kind, detail)
    }

    /// The document's text.
    pub(crate) fn written(&self, trace_id: &str) -> Vec<u8> {
        // Its members are strings, numbers and JSON values: writing it can't fail.
        serde_json::to_vec(&self.document(trace_id)).unwrap_or_default()
    }

    fn document(&self, trace_id: &str) -> ProblemDocument {
        let details = match (&self.details, self.faults.is_empty()) {
            (Some(details), _) => details.clone(),
            (None, true) => Value::Null,
            (None, false) => serde_json::json!(self.faults),
        };
        ProblemDocument {
            r#type: format!("urn:adw:problem:{}", self.kind.code()),
            title: self.kind.title().to_owned(),
            status: self.status().as_u16(),
            detail: self.detail.clone(),
            code: self.kind.code().to_owned(),
            errors: self.faults.clone(),
            trace_id: trace_id.to_owned(),
            error: self.detail.clone(),
            details,
        }
    }
}

impl IntoResponse for Problem {
    /// Only the status: [`complete`] writes the body, since it alone knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the problem document of an answer that is an error, whoever made it; headers such as `Allow` stay.
pub(crate) fn complete(response: Response, trace_id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().unwrap_or_else(|| Problem::of_framework(parts.status));
    if let Some(cause) = &problem.cause {
        tracing::error!(code = problem.kind.code(), ?cause, "a request failed");
    }
    let body = problem.written(trace_id);
    describe(&mut parts.headers, problem.status());
    Response::from_parts(parts, body.into())
}

fn describe(headers: &mut HeaderMap, status: StatusCode) {
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        StatusCode::UPGRADE_REQUIRED => {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        _ => {}
    }
}
