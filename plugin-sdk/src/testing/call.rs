//! What a stage asked of its host.

use std::collections::BTreeMap;
use std::time::Duration;

/// One thing that a stage asked of its host, in the order of asking. Bytes that are no text show as `�`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the arguments of the handles' methods, by the same names")]
pub enum Call {
    /// `cx.workspace().read(…)`
    Read { path: String },
    /// `cx.workspace().glob(…)`
    Glob { pattern: String },
    /// `cx.workspace().diff(…)`
    Diff { since: Option<String> },
    /// `cx.workspace().write(…)`
    Write { path: String, content: String },
    /// `cx.workspace().remove(…)`
    Remove { path: String },
    /// `cx.workspace().commit(…)`, and the commit if there was one.
    Commit { message: String, id: Option<String> },
    /// `cx.workspace().checkpoint(…)`
    Checkpoint { label: String },
    /// `cx.workspace().restore(…)`
    Restore { checkpoint: String },
    /// `cx.exec(…)`
    Exec {
        argv: Vec<String>,
        env: BTreeMap<String, String>,
        cwd: Option<String>,
        stdin: Option<String>,
        timeout: Option<Duration>,
    },
    /// `cx.agent().ask(…)`
    Agent {
        prompt: String,
        agent: Option<String>,
        session: Option<String>,
        writes: bool,
        schema: Option<String>,
        timeout: Option<Duration>,
    },
    /// `cx.http().request(…)`
    Http { method: String, url: String, headers: Vec<(String, String)>, body: Option<String> },
    /// `cx.human().ask(…)`
    Human { text: String, choices: Vec<String>, schema: Option<String> },
    /// `cx.clock().now()`
    Now,
    /// `cx.clock().sleep(…)`
    Sleep { duration: Duration },
    /// `cx.random().bytes(…)`
    Random { length: u32 },
    /// `cx.state().get(…)`
    StateGet { key: String },
    /// `cx.state().set(…)`
    StateSet { key: String, value: String },
    /// `cx.artifacts().put(…)`
    ArtifactPut { name: String, media_type: String },
    /// `cx.artifacts().get(…)`
    ArtifactGet { name: String },
}

impl Call {
    /// The name under which [`TestHost::failing`](super::TestHost::failing) knows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "workspace.read",
            Self::Glob { .. } => "workspace.glob",
            Self::Diff { .. } => "workspace.diff",
            Self::Write { .. } => "workspace.write",
            Self::Remove { .. } => "workspace.remove",
            Self::Commit { .. } => "workspace.commit",
            Self::Checkpoint { .. } => "workspace.checkpoint",
            Self::Restore { .. } => "workspace.restore",
            Self::Exec { .. } => "exec.run",
            Self::Agent { .. } => "agent.run",
            Self::Http { .. } => "http.send",
            Self::Human { .. } => "human.ask",
            Self::Now => "clock.now",
            Self::Sleep { .. } => "clock.sleep",
            Self::Random { .. } => "random.bytes",
            Self::StateGet { .. } => "state.get",
            Self::StateSet { .. } => "state.set",
            Self::ArtifactPut { .. } => "artifacts.put",
            Self::ArtifactGet { .. } => "artifacts.get",
        }
    }
}
