//! The `git` program, run so that it can neither ask, nor hang, nor be led astray by its surroundings.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

use crate::error::WorkspaceError;

/// The oldest git that has all that is used here: `rev-parse --path-format` came with it.
pub(crate) const REQUIRED: &str = "2.31";

/// Checking out a large tree on a slow disk is the slowest thing asked of it.
const TIMEOUT: Duration = Duration::from_mins(5);
const OUTPUT_LIMIT: usize = 64 * 1024 * 1024;
const STDERR_LIMIT: usize = 64 * 1024;

/// Configuration that holds for our own calls: no hook, no daemon, no clean-up in the background, no signing, no
/// writing into the person's configuration, and output that doesn't depend on their taste.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.sparseCheckout=false",
    "core.safecrlf=false",
    "core.quotePath=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "submodule.recurse=false",
    "worktree.useRelativePaths=false",
    "i18n.commitEncoding=UTF-8",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "advice.addEmbeddedRepo=false",
];

/// Variables of git's that say where it and its configuration are, not what it works on.
const KEPT: &[&str] = &[
    "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
];

/// What a git command left behind.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// One git command: built up, then run once.
#[derive(Debug)]
pub(crate) struct Git {
    args: Vec<OsString>,
    env: Vec<(&'static str, OsString)>,
    settings: Vec<&'static str>,
    cwd: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
}

impl Git {
    pub(crate) fn new<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Self {
        Self {
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            env: Vec::new(),
            settings: Vec::new(),
            cwd: None,
            stdin: None,
        }
    }

    /// Works on this repository, whatever lies around the working directory.
    pub(crate) fn git_dir(self, path: &Path) -> Self {
        self.env("GIT_DIR", path)
    }

    /// Works on this folder's files.
    pub(crate) fn work_tree(self, path: &Path) -> Self {
        self.env("GIT_WORK_TREE", path).cwd(path)
    }

    pub(crate) fn index(self, path: &Path) -> Self {
        self.env("GIT_INDEX_FILE", path)
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name, value.as_ref().to_owned()));
        self
    }

    pub(crate) fn setting(mut self, setting: &'static str) -> Self {
        self.settings.push(setting);
        self
    }

    pub(crate) fn cwd(mut self, path: &Path) -> Self {
        self.cwd = Some(path.to_owned());
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it; a failure of git is an error.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, WorkspaceError> {
        let command = self.name();
        let output = self.output().await?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(command, &output)) }
    }

    /// Runs it and gives its output as text, without the line break at its end.
    pub(crate) async fn text(self) -> Result<String, WorkspaceError> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    }

    /// Runs it and leaves the judgement of its exit to the caller.
    pub(crate) async fn output(self) -> Result<Output, WorkspaceError> {
        check_version().await?;
        self.spawn_and_wait().await
    }

    fn name(&self) -> String {
        self.args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default()
    }

    async fn spawn_and_wait(self) -> Result<Output, WorkspaceError> {
        let name = self.name();
        let mut child = self.command().spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => WorkspaceError::GitMissing,
            _ => WorkspaceError::Io { what: "starting git", path: PathBuf::from("git"), source: error },
        })?;
        let talk = converse(&mut child, self.stdin, &name);
        let answer = tokio::time::timeout(TIMEOUT, talk).await;
        match answer {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) => {
                end(&mut child).await;
                Err(error)
            }
            Err(_elapsed) => {
                end(&mut child).await;
                Err(WorkspaceError::GitTimeout { command: name, seconds: TIMEOUT.as_secs() })
            }
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            // GIT_DIR and its kin would turn our calls to whatever the server was started from.
            if name.as_encoded_bytes().starts_with(b"GIT_") && !KEPT.iter().any(|kept| name == *kept) {
                command.env_remove(name);
            }
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "true")
            .env("GIT_PAGER", "cat")
            .env("GIT_EDITOR", "true")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE");
        for setting in SETTINGS.iter().chain(&self.settings) {
            command.arg("-c").arg(setting);
        }
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C for the server must not break git off halfway through its work.
            .process_group(0);
        command
    }
}

/// A path as git prints it or keeps it in a file: bytes, of which the system asks no more.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// The error for a git command that failed.
pub(crate) fn failed(command: String, output: &Output) -> WorkspaceError {
    WorkspaceError::Git {
        command,
        status: output.status.to_string(),
        stderr: output.stderr.trim().to_owned(),
    }
}

async fn converse(child: &mut Child, input: Option<Vec<u8>>, name: &str) -> Result<Output, WorkspaceError> {
    let io = |source| WorkspaceError::Io { what: "talking to git", path: PathBuf::from("git"), source };
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async move {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // git may end without reading all; its exit says what that means.
            let _unread = stdin.write_all(&input).await;
        }
        Ok::<_, WorkspaceError>(())
    };
    let read_stdout = async {
        let bytes = read_up_to(stdout, OUTPUT_LIMIT).await.map_err(io)?;
        bytes.ok_or_else(|| WorkspaceError::GitOutputTooLarge {
            command: name.to_owned(),
            limit: OUTPUT_LIMIT,
        })
    };
    let read_stderr = async { read_start(stderr).await.map_err(io) };
    let ((), stdout, stderr) = tokio::try_join!(write, read_stdout, read_stderr)?;
    let status = child.wait().await.map_err(io)?;
    Ok(Output { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

/// All of a stream, or none where it is longer than the limit.
async fn read_up_to(
    stream: Option<impl AsyncRead + Unpin>,
    limit: usize,
) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(limit as u64 + 1).read_to_end(&mut bytes).await?;
    }
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// The start of a stream; the rest is read and dropped, so that the writer isn't held up.
async fn read_start(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(STDERR_LIMIT as u64).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// Ends git and the filters that it may have started.
async fn end(child: &mut Child) {
    if let Some(group) =
        child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
    {
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _reaped = child.wait().await;
}

async fn check_version() -> Result<(), WorkspaceError> {
    static CHECKED: OnceCell<()> = OnceCell::const_new();
    CHECKED.get_or_try_init(|| async { git_version().await.map(drop) }).await.copied()
}

/// What the `git` program on PATH says it is, as in `git version 2.47.3`; an error where it is none that will do.
pub async fn git_version() -> Result<String, WorkspaceError> {
    let output = Git::new(["version"]).spawn_and_wait().await?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if is_recent(&said) { Ok(said) } else { Err(WorkspaceError::GitTooOld { found: said }) }
}

/// Reads `git version 2.47.3 (…)`.
fn is_recent(said: &str) -> bool {
    let parse = |version: &str| {
        let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    let found = said.strip_prefix("git version ").and_then(|rest| parse(rest.split(' ').next()?));
    found >= parse(REQUIRED) && found.is_some()
}

#[cfg(test)]
mod tests {
    use super::is_recent;

    #[test]
    fn a_git_is_recent_from_the_required_version_on() {
        for good in [
            "git version 2.31.0",
            "git version 2.47.3",
            "git version 3.0.1.windows.2",
            "git version 2.39.5 (Apple Git-154)",
        ] {
            assert!(is_recent(good), "{good}");
        }
        for bad in ["git version 2.30.9", "git version 1.99", "git version", "", "hub version 9.9"] {
            assert!(!is_recent(bad), "{bad}");
        }
    }
}
