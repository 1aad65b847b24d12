//! Why a command came to nothing, and the exit code that says so.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use adw_config::ConfigErrors;
use adw_core::AdwId;
use serde_json::{Value, json};

use crate::client::{Address, InvalidAddress, RequestError};

/// How a command ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    WorkflowFailed = 1,
    Usage = 2,
    Unreachable = 3,
    WaitsForAPerson = 4,
    /// What a shell says of a program that Ctrl-C ended.
    Interrupted = 130,
}

impl Exit {
    /// A check of `adw doctor` failed; scripts see the same as of a workflow that did.
    pub(crate) const CHECK_FAILED: Self = Self::WorkflowFailed;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}", bare(&.0.render().to_string()))]
    Arguments(clap::Error),
    #[error("{message}")]
    Usage { message: String, help: String },
    #[error("{}", bare(&.0.to_string()))]
    Config(#[from] ConfigErrors),
    /// The server goes by the one before.
    #[error("{}", bare(.wrong))]
    Outdated { wrong: String },
    #[error("no adw.toml in {start} or in a folder above it")]
    NoConfig { start: PathBuf },
    #[error("{file} is there already")]
    ConfigExists { file: PathBuf },
    #[error("no server is named, and there is no adw.toml in {start} or in a folder above it")]
    Nowhere { start: PathBuf },
    /// Where adw.toml says that one listens, another folder's may.
    #[error("no server works on the data in {data}")]
    NoServer { data: PathBuf },
    /// The same, of what a follower would go on with.
    #[error("no server works on the data in {data}")]
    NobodyToGoOn { data: PathBuf },
    #[error("the server that did {adw_id} has ended, and another folder's has its address now, {address}")]
    AnotherServer { address: Address, adw_id: AdwId },
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("{}", bare(.0))]
    Start(String),
    #[error("a server runs for this folder already, at {url}; its data are in {data}")]
    InUse { data: PathBuf, url: String },
    #[error("a server is starting or stopping for this folder; its data are in {data}")]
    Unsettled { data: PathBuf },
    #[error("failed to listen on {address}: {source}")]
    Listen { address: std::net::SocketAddr, source: io::Error, holder: Option<String> },
    #[error("failed to {what}: {source}")]
    File { what: String, source: io::Error },
    #[error("failed to write the answer: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoServer { .. }
            | Self::NobodyToGoOn { .. }
            | Self::Unsettled { .. }
            | Self::AnotherServer { .. } => Exit::Unreachable,
            Self::Request(error) if error.is_the_servers() => Exit::Unreachable,
            failure if failure.is_closed_output() => Exit::Done,
            _ => Exit::Usage,
        }
    }

    /// Whoever read the answer has read enough, as `head` does.
    pub(crate) fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// A stable word for programs.
    fn kind(&self) -> &'static str {
        match self {
            Self::Arguments(_) | Self::Usage { .. } | Self::Address(_) | Self::ConfigExists { .. } => "usage",
            Self::Config(_) | Self::Outdated { .. } | Self::NoConfig { .. } | Self::Nowhere { .. } => {
                "configuration"
            }
            Self::NoServer { .. }
            | Self::NobodyToGoOn { .. }
            | Self::Unsettled { .. }
            | Self::AnotherServer { .. } => "unreachable",
            Self::Start(_) | Self::InUse { .. } | Self::Listen { .. } => "start",
            Self::File { .. } | Self::Output(_) => "io",
            Self::Request(error) => error.kind(),
        }
    }

    /// What to do next, where the message itself doesn't say.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Usage { help, .. } => Some(help.clone()),
            Self::Outdated { .. } => Some(
                "mend adw.toml, or hand the task over with `--served-config`: the server goes by what it said before"
                    .to_owned(),
            ),
            Self::NoConfig { .. } => {
                Some("`adw init` writes one; `--config FILE` names one elsewhere".to_owned())
            }
            Self::Nowhere { .. } => Some(
                "go to a folder that has one, or write one with `adw init`; a server elsewhere is named with `--server URL` \
                 or ADW_SERVER"
                    .to_owned(),
            ),
            Self::ConfigExists { .. } => {
                Some("`adw init --force` writes it anew; what it says now is lost".to_owned())
            }
            Self::NoServer { .. } => Some(
                "start one with `adw serve`, or name another with `--server URL` or ADW_SERVER".to_owned(),
            ),
            Self::NobodyToGoOn { .. } => Some(
                "`--follow` starts one for this task, and shows it; or start one with `adw serve`, or name another with \
                 `--server URL` or ADW_SERVER"
                    .to_owned(),
            ),
            Self::AnotherServer { adw_id, .. } => {
                Some(format!("{adw_id} is kept: start `adw serve`, which goes on with it, and follow it with adw logs {adw_id} --follow"))
            }
            Self::Unsettled { .. } => Some(
                "try again in a moment; where it stays so, look at that server's log, or name its address with `--server \
                 URL` or ADW_SERVER"
                    .to_owned(),
            ),
            Self::InUse { .. } => Some(
                "use that one: `adw run \"…\"` hands it a task, `adw ls` lists those that it has; or stop it, with Ctrl-C \
                 where it runs, and start this one then"
                    .to_owned(),
            ),
            Self::Listen { source, holder, address } if source.kind() == io::ErrorKind::AddrInUse => {
                let mut another = *address;
                another.set_port(address.port().checked_add(1).unwrap_or(8000));
                let holder = holder.as_deref().unwrap_or("another program");
                Some(format!(
                    "{holder} listens there: name another address in adw.toml, under [server], as in `listen = \"{another}\"`; or for once \
                     with `--listen 127.0.0.1:0`, which takes a free port"
                ))
            }
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("is the path right? It begins where you are".to_owned()),
                io::ErrorKind::PermissionDenied => {
                    Some("let the user that you are read or write it".to_owned())
                }
                _ => None,
            },
            Self::Request(error) => error.help(),
            _ => None,
        }
    }

    /// The failure for programs.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "kind": self.kind(), "message": self.to_string() });
        if let Some(help) = self.help() {
            error["help"] = help.into();
        }
        match self {
            Self::Config(errors) => error["errors"] = json!(errors),
            Self::Request(RequestError::Refused(problem)) => error["problem"] = problem.raw.clone(),
            _ => {}
        }
        json!({ "error": error })
    }
}

/// What others say, without their own "error:": whoever shows a failure says that it is one.
fn bare(text: &str) -> &str {
    text.strip_prefix("error: ").unwrap_or(text).trim_end()
}
