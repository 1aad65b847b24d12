//! Outgoing HTTP.

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::capability::{handle, milliseconds};
use crate::imports::http;
use crate::{Cx, Error, Result};

handle! {
    /// Outgoing HTTP, to the hosts and with the methods that adw.toml grants.
    Http
}

impl<'cx> Http<'cx> {
    /// A request with any method.
    pub fn request(self, method: impl Into<String>, url: impl Into<String>) -> Request<'cx> {
        let request = http::Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
        };
        Request { request, run: PhantomData }
    }

    /// A GET request.
    pub fn get(self, url: impl Into<String>) -> Request<'cx> {
        self.request("GET", url)
    }

    /// A POST request.
    pub fn post(self, url: impl Into<String>) -> Request<'cx> {
        self.request("POST", url)
    }
}

/// A request on its way out.
#[derive(Debug, Clone)]
#[must_use = "a request goes nowhere until you `send` it"]
pub struct Request<'cx> {
    request: http::Request,
    run: PhantomData<&'cx Cx>,
}

impl Request<'_> {
    /// Adds a header. The host fills in `{{secret:NAME}}` where the grant allows it, so that no secret is ever here.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = Some(body.into());
        self
    }

    /// Sets a JSON body and its content type.
    pub fn json(self, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::Invalid(format!("the body is no JSON: {error}")))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Gives up after a while.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request.timeout_ms = Some(milliseconds(timeout));
        self
    }

    /// Sends it. An answer with an error status is a [`Response`], not an error.
    pub fn send(self) -> Result<Response> {
        let response = http::send(&self.request).map_err(Error::from)?;
        Ok(Response { status: response.status, headers: response.headers, body: response.body })
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// Whether the status is 2xx.
    pub fn success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Invalid(format!("the answer's body is not what was expected: {error}")))
    }
}
