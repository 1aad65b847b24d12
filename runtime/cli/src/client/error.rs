//! Why a server's answer is not the one that was asked for.

use serde::Deserialize;
use serde_json::Value;

use super::Address;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the server at {address} can't be reached: {cause}")]
    Unreachable { address: Address, cause: String, is_absent: bool },
    #[error(transparent)]
    Refused(Box<Problem>),
    #[error("{address} doesn't answer as an adw server does: {what}")]
    Unexpected { address: Address, what: String },
    #[error("this machine can't make requests: {0}")]
    Client(String),
}

/// What a server says when it refuses (RFC 9457).
#[derive(Clone, Debug, Deserialize, thiserror::Error)]
#[error("{}", self.in_words())]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<ProblemPart>,
    /// The document itself.
    #[serde(skip)]
    pub(crate) raw: Value,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, Deserialize)]
struct ProblemPart {
    #[serde(default)]
    pointer: String,
    #[serde(default)]
    detail: String,
}

impl RequestError {
    /// The fault lies with the server or with the way to it.
    pub(crate) fn is_the_servers(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Unexpected { .. } => true,
            Self::Refused(problem) => problem.status >= 500,
            Self::Client(_) => false,
        }
    }

    /// The server may be starting or stopping just now.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(problem) => problem.status == 503,
            Self::Unexpected { .. } | Self::Client(_) => false,
        }
    }

    /// Nobody listens there.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable { is_absent: true, .. })
    }

    /// A stable word for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Unexpected { .. } => "unexpected_answer",
            Self::Refused(_) => "refused",
            Self::Client(_) => "io",
        }
    }

    /// What to do next.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => Some(
                "start it with `adw serve`, or name another with `--server URL` or ADW_SERVER".to_owned(),
            ),
            Self::Unexpected { .. } => Some("name the server with `--server URL` or ADW_SERVER".to_owned()),
            // The address of the server leads to a place below it.
            Self::Refused(problem) if problem.code == "not_found" => Some(
                "name the server alone with `--server URL` or ADW_SERVER: scheme, host and port".to_owned(),
            ),
            Self::Refused(problem) if problem.status == 404 => {
                Some("`adw ls` lists what there is".to_owned())
            }
            Self::Refused(_) | Self::Client(_) => None,
        }
    }
}

impl Problem {
    /// The problem that an answer's body describes; a body that describes none still has a status.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let raw: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut problem: Self = serde_json::from_value(raw.clone()).unwrap_or_else(|_| Self::untold());
        problem.status = status;
        problem.raw = raw;
        problem
    }

    fn untold() -> Self {
        Self {
            status: 0,
            code: String::new(),
            title: String::new(),
            detail: None,
            errors: Vec::new(),
            raw: Value::Null,
        }
    }

    fn in_words(&self) -> String {
        let what = self.detail.as_deref().unwrap_or(&self.title);
        let mut words = match what {
            "" => format!("the server refused with status {}", self.status),
            what => what.to_owned(),
        };
        for part in self.errors.iter().filter(|part| part.detail != what) {
            words.push_str("\n  ");
            if !part.pointer.is_empty() {
                words.push_str(&part.pointer);
                words.push_str(": ");
            }
            words.push_str(&part.detail);
        }
        crate::style::printable(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn a_problem_is_told_with_its_parts() {
        let body = br#"{"title":"Unprocessable","detail":"the task is not valid","errors":[
            {"pointer":"/title","detail":"is empty"},{"pointer":"","detail":"the task is not valid"}]}"#;
        assert_eq!(Problem::read(422, body).to_string(), "the task is not valid\n  /title: is empty");
        assert_eq!(Problem::read(409, br#"{"title":"Conflict"}"#).to_string(), "Conflict");
        assert_eq!(Problem::read(502, b"<html>").to_string(), "the server refused with status 502");
    }
}
