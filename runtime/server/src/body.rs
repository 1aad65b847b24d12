//! JSON bodies, read once: first the shape (an object), then every member, with all that is wrong collected.

mod members;

use std::time::Duration;

use adw_core::quoted;
use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::problem::{Fault, Kind, Problem};

/// The largest body, in bytes: a description of 1 MiB fits with every character escaped.
const LARGEST: usize = 4 << 20;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A body that must be there. `T`'s members are `Option<Value>`, so that none of them can spoil the others: what
/// they hold is judged with [`Faults`].
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A body that may be missing.
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request, LARGEST).await?;
        expect_json(&headers)?;
        Ok(Self(parse(&bytes)?))
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request, LARGEST).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        expect_json(&headers)?;
        Ok(Self(parse(&bytes)?))
    }
}

/// The bytes of a body that may have so many.
pub(crate) async fn read(request: Request, largest: usize) -> Result<Vec<u8>, Problem> {
    let body = request.into_body();
    if body.size_hint().lower() > most_read(largest) as u64 {
        return Err(too_large(largest));
    }
    timeout(PATIENCE, collect(body, largest)).await.unwrap_or_else(|_| {
        let detail = format!("the body didn't come within {PATIENCE:?}: send it at once, and all of it");
        Err(Problem::new(Kind::RequestTimeout, detail))
    })
}

async fn collect(body: Body, largest: usize) -> Result<Vec<u8>, Problem> {
    let (mut kept, mut read) = (Vec::new(), 0);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_broken_off| {
            let detail = "the body ended before it was complete: send as many bytes as Content-Length says, \
                          or whole chunks with an empty one at the end";
            Problem::new(Kind::BadRequest, detail)
        })?;
        read += chunk.len();
        if read <= largest {
            kept.extend_from_slice(&chunk);
        } else if read <= most_read(largest) {
            kept = Vec::new();
        } else {
            break;
        }
    }
    if read > largest { Err(too_large(largest)) } else { Ok(kept) }
}

/// How much of a body that is too large is read all the same: a client that is cut off while it sends never hears why.
const fn most_read(largest: usize) -> usize {
    if largest <= LARGEST { 8 * largest } else { largest }
}

fn too_large(largest: usize) -> Problem {
    let mib = largest >> 20;
    let detail = format!("a body may have {mib} MiB ({largest} bytes) at the most: hand over less at once");
    Problem::new(Kind::BodyTooLarge, detail)
}

fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoding = text(header::CONTENT_ENCODING).trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let detail = "the body has a Content-Encoding, and none is undone here: send the JSON itself";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let essence =
        text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::UnsupportedMediaType,
        "send the body as JSON, with Content-Type: application/json",
    ))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = |what: String| Problem::new(Kind::MalformedJson, what);
    let foreign = |at: usize| {
        malformed(format!(
            "the body is not text in UTF-8: look at its byte {}, and send it in that encoding",
            at + 1
        ))
    };
    let text = str::from_utf8(bytes).map_err(|error| foreign(error.valid_up_to()))?;
    // What UTF-16 is full of, and no JSON holds.
    if let Some(at) = text.find('\0') {
        return Err(foreign(at));
    }
    // Some programs begin every text with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(malformed("the body is empty: send a JSON object; /docs shows which".to_owned()));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let what = if error.is_eof() {
            format!("it ends too soon, at line {} column {}", error.line(), error.column())
        } else {
            error.to_string()
        };
        malformed(format!("the body is not JSON: {what}; /docs shows what is sent here"))
    })?;
    let Some(members) = value.as_object() else {
        return Err(Problem::fault("", format!("the body must be a JSON object, not {}", kind(&value))));
    };
    let mut slips = Faults::default();
    members::add_slips::<T>(members, &mut slips);
    slips.into_result(Some(()))?;
    serde_json::from_value(value).map_err(|error| Problem::fault("", error.to_string()))
}

/// A value in a person's words.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// How many faults are told: nobody reads more, and a body of 4 MiB can hold millions.
const MOST_FAULTS: usize = 20;

/// Collects what is wrong with a request, so that the client learns it all at once.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    told: Vec<Fault>,
    untold: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.told.len() < MOST_FAULTS {
            self.told.push(Fault::new(pointer, detail));
        } else {
            self.untold += 1;
        }
    }

    /// The good of a result; its error is kept for the answer.
    pub(crate) fn take<T, E: ToString>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// A string, where there is one: without NUL, which neither a command line nor a commit can hold.
    pub(crate) fn text(&mut self, pointer: &str, value: Option<Value>) -> Option<String> {
        match value? {
            Value::String(text) if text.contains('\0') => {
                self.add(pointer, format!("{} must not hold a NUL character: take it out", name(pointer)));
                None
            }
            Value::String(text) => Some(text),
            other => {
                self.add(pointer, format!("{} must be a string, not {}", name(pointer), kind(&other)));
                None
            }
        }
    }

    /// A name or another word, where there is one: an empty one counts as absent.
    pub(crate) fn word(&mut self, pointer: &str, value: Option<Value>) -> Option<String> {
        self.text(pointer, value).filter(|word| !word.is_empty())
    }

    /// A word that is none of those that there are.
    pub(crate) fn add_choice(&mut self, pointer: &str, word: &str, choices: &[&str]) {
        let (name, choices) = (name(pointer), choices.join(", "));
        self.add(pointer, format!("{name} must be one of {choices}, not {}", quoted(word)));
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
    pub(crate) fn into_result<T>(mut self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.told.is_empty() => return Ok(value),
            _ => {}
        }
        if self.untold > 0 {
            self.told.push(Fault::new("", format!("and {} more that are wrong", self.untold)));
        }
        Err(Problem::invalid(self.told))
    }
}

/// A member as a person would name it.
fn name(pointer: &str) -> String {
    pointer.trim_start_matches(['/', '?']).replace('/', ".")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::convert::Infallible;

    use axum::{body::Bytes, http::StatusCode};
    use futures_util::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let problem = read(Request::new(never), LARGEST).await.unwrap_err();
        assert_eq!(problem.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn of_a_body_that_is_too_large_only_a_part_is_read() {
        let chunk = Bytes::from(vec![b'x'; 1 << 20]);
        let endless = Body::from_stream(stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone())));
        let problem = read(Request::new(endless), LARGEST).await.unwrap_err();
        assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
