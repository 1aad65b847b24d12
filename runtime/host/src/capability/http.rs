//! `http`: outgoing requests.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

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
