//! The outermost layer: every request gets an id, every error becomes a problem document, every panic an error.

use std::{any::Any, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::problem::{self, Problem};

/// The header that carries a request's id, in both directions.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const LONGEST_ID: usize = 128;

/// How much of a path the log may hold.
const LOGGED_PATH: usize = 200;

/// Gives the request its id and completes what is answered.
pub(crate) async fn edge(request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let trace_id = id.to_str().unwrap_or_default().to_owned();
    // `?` escapes whatever could forge a line or steer a terminal.
    let path: String = request.uri().path().chars().take(LOGGED_PATH).collect();
    let span = tracing::info_span!("request", method = ?request.method(), ?path, trace_id);
    async move {
        let began = Instant::now();
        let mut response = next.run(request).await;
        if response.status().is_client_error() || response.status().is_server_error() {
            response = problem::complete(response, &trace_id);
        }
        response.headers_mut().insert(REQUEST_ID, id);
        tracing::debug!(status = response.status().as_u16(), elapsed = ?began.elapsed(), "answered");
        response
    }
    .instrument(span)
    .await
}

/// The client's id where it is a plain word, else a new one: it goes into headers and logs.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte))
    };
    headers.get(REQUEST_ID).filter(plain).cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&Uuid::new_v4().to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    })
}

/// A handler panicked: the client gets a problem, the log the message.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    Problem::internal(format!("a handler panicked: {message}")).into_response()
}
