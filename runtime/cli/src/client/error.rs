//! Why a server's answer is not the one that was asked for.

use super::{Address, Problem};

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the server at {address} can't be reached: {cause}")]
    Unreachable { address: Address, cause: String, is_gone: bool },
    #[error(transparent)]
    Refused(Box<Problem>),
    #[error("{address} doesn't answer as an adw server does: {what}")]
    Unexpected { address: Address, what: String },
    #[error("this machine can't make requests: {0}")]
    Client(String),
}

impl RequestError {
    /// The fault lies with the server or with the way to it.
    pub(crate) fn is_the_servers(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Unexpected { .. } => true,
            Self::Refused(problem) => problem.status() >= 500,
            Self::Client(_) => false,
        }
    }

    /// The server is there, and says no to this.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.status() < 500)
    }

    /// The server may be starting or stopping just now.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(problem) => problem.status() == 503,
            Self::Unexpected { .. } | Self::Client(_) => false,
        }
    }

    /// Nobody listens there, or whoever did was gone before there was an answer.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable { is_gone: true, .. })
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
            Self::Refused(problem) => problem.help().map(str::to_owned),
            Self::Client(_) => None,
        }
    }
}
