//! JSON bodies, read once: first the shape (an object), then every member, with all that is wrong collected.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, header},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{Fault, Kind, Problem};

/// The largest body, in bytes: a description of 1 MiB fits with every character escaped.
pub(crate) const LARGEST_BODY: usize = 4 << 20;

/// A body that must be there. `T`'s members are `Option<Value>`, so that none of them can spoil the others: what
/// they hold is judged with [`Faults`].
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A body that may be missing.
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request, state).await?;
        expect_json(&headers)?;
        Ok(Self(parse(&bytes)?))
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request, state).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        expect_json(&headers)?;
        Ok(Self(parse(&bytes)?))
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        let kind = Kind::of_status(rejection.status());
        match kind {
            Kind::BodyTooLarge => {
                Problem::new(kind, format!("a body may have {LARGEST_BODY} bytes at the most"))
            }
            kind => Problem::new(kind, "the body ended before it was complete"),
        }
    })
}

fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::UnsupportedMediaType,
        "send the body as JSON, with Content-Type: application/json",
    ))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(Kind::MalformedJson, format!("the body is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(Problem::fault("", "the body must be a JSON object"));
    }
    serde_json::from_value(value).map_err(|error| Problem::fault("", error.to_string()))
}

/// Collects what is wrong with a request, so that the client learns it all at once.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault::new(pointer, detail));
    }

    /// The good of a result; its error is kept for the answer.
    pub(crate) fn take<T, E: ToString>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// A string, where there is one: without NUL, which neither a command line nor a commit can hold.
    pub(crate) fn text(&mut self, pointer: &str, value: Option<Value>) -> Option<String> {
        match value? {
            Value::String(text) if text.contains('\0') => {
                self.add(pointer, format!("{} must not hold a NUL character", name(pointer)));
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.add(pointer, format!("{} must be a string", name(pointer)));
                None
            }
        }
    }

    /// A string that reads as a `T`, where there is one.
    pub(crate) fn parsed<T>(&mut self, pointer: &str, value: Option<Value>) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: ToString,
    {
        let text = self.text(pointer, value)?;
        self.take(pointer, text.parse())
    }

    /// The value, if nothing was wrong.
    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}

/// A member as a person would name it.
fn name(pointer: &str) -> String {
    pointer.trim_start_matches(['/', '?']).replace('/', ".")
}
