//! `http`: outgoing requests.

use serde::{Deserialize, Serialize};

use super::bounds::{self, KIB, MIB};
use crate::bindings::adw::stage::http as bindings;
use crate::bytes::Bytes;
use crate::call::{self, CallError};
use crate::guest::{Guest, Refused};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// Where to.
    pub url: String,
    /// `{{secret:NAME}}` in a value is filled in on the way out.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// In the order in which they came.
    pub headers: Vec<(String, String)>,
    /// What came back.
    pub body: Bytes,
}

const METHOD: usize = 32;
const URL: usize = 8 * KIB;
const HEADERS: usize = 100;
const HEADERS_LENGTH: usize = 64 * KIB;
const BODY: usize = 8 * MIB;

impl bindings::Host for Guest {
    async fn send(&mut self, request: bindings::Request) -> Result<bindings::Response, Refused> {
        let request = checked(request)?;
        let response = self
            .ask(call::Call::Http(request), |reply| match reply {
                call::Reply::Http(response) => Some(response),
                _ => None,
            })
            .await?;
        let Response { status, headers, body } = response;
        Ok(bindings::Response { status, headers, body: body.0 })
    }
}

fn checked(request: bindings::Request) -> Result<Request, CallError> {
    let bindings::Request { mut method, url, headers, body, timeout_ms } = request;
    bounds::name("the method", &method, METHOD)?;
    method.make_ascii_uppercase();
    bounds::name("the url", &url, URL)?;
    bounds::pairs("headers", &headers, HEADERS, HEADERS_LENGTH)?;
    if headers
        .iter()
        .any(|(name, value)| name.is_empty() || format!("{name}{value}").contains(['\r', '\n', '\0']))
    {
        return Err(CallError::Invalid("a header has no name, or holds a line break".to_owned()));
    }
    bounds::at_most("the body's length", body.as_ref().map_or(0, Vec::len), BODY)?;
    Ok(Request { method, url, headers, body: body.map(Bytes), timeout_ms })
}
