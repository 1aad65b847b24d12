//! The layer that holds calls to what adw.toml grants.

mod argv;
mod destination;
mod suggestion;

use adw_core::{Grants, WorkspaceAccess};
use async_trait::async_trait;

use crate::call::{Answer, Call, CallError};
use crate::capability::{agent, exec, http};
use crate::effects::{Effects, Stop};

pub use argv::argv_matches;
pub use destination::{Destination, NoDestination};
pub(crate) use suggestion::{command_shown, exec_lines, key};

/// Lets pass what the grants of a stage allow, and refuses everything else with the line that would allow it.
pub struct Granted<E> {
    grants: Grants,
    /// Named in the lines that a refusal suggests.
    stage: String,
    inner: E,
}

impl<E> Granted<E> {
    /// Holds the calls to `inner` to these grants.
    pub fn new(grants: Grants, stage: impl Into<String>, inner: E) -> Self {
        Self { grants, stage: stage.into(), inner }
    }
}

#[async_trait]
impl<E: Effects> Effects for Granted<E> {
    async fn admit(&self, call: &Call) -> Result<(), CallError> {
        check(&self.grants, &self.stage, call)?;
        self.inner.admit(call).await
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        self.inner.perform(n, call).await
    }
}

/// Whether these grants allow this call; a refusal suggests what to write below `[stages.<stage>]`.
///
/// What happens after a call was let through may have to be judged again, like the target of a redirect.
pub fn check(grants: &Grants, stage: &str, call: &Call) -> Result<(), CallError> {
    let allowed = match call {
        Call::Log(_)
        | Call::Human(_)
        | Call::Clock(_)
        | Call::Random(_)
        | Call::State(_)
        | Call::Artifacts(_) => true,
        Call::Workspace(_) => grants.workspace.is_some(),
        Call::WorkspaceWrite(_) => grants.workspace == Some(WorkspaceAccess::Write),
        Call::Exec(command) => exec_allowed(grants, command)?,
        Call::Agent(request) => agent_allowed(grants, request),
        Call::Http(request) => http_allowed(grants, request)?,
    };
    if allowed { Ok(()) } else { Err(CallError::Denied(suggestion::denial(grants, stage, call))) }
}

/// Whether these grants allow this command; an error where none does.
pub(crate) fn exec_allowed(grants: &Grants, command: &exec::Command) -> Result<bool, CallError> {
    if let Some((name, _)) = command.env.iter().find(|(name, _)| steers_loading(name)) {
        return Err(CallError::Denied(format!(
            "no grant lets a plugin set `{name}`: with it another program could run than the one that is granted; leave it out of `env`"
        )));
    }
    let argv = exec::argv(command);
    Ok(grants.exec.iter().flatten().any(|pattern| argv_matches(pattern, &argv)))
}

/// Variables by which the loader, a shell or git runs other code than the command names.
fn steers_loading(name: &str) -> bool {
    matches!(name, "PATH" | "ENV" | "BASH_ENV" | "IFS")
        || ["LD_", "DYLD_", "GIT_", "BASH_FUNC_"].iter().any(|prefix| name.starts_with(prefix))
}

/// Where none is named the runtime chooses, among those that are granted.
fn agent_allowed(grants: &Grants, request: &agent::Request) -> bool {
    let granted = grants.agent.as_deref().unwrap_or_default();
    match &request.agent {
        Some(name) => granted.iter().any(|grant| grant == "*" || grant == name),
        None => !granted.is_empty(),
    }
}

fn http_allowed(grants: &Grants, request: &http::Request) -> Result<bool, CallError> {
    let destination = Destination::of(&request.url)
        .map_err(|NoDestination(reason)| CallError::Invalid(format!("url `{}`: {reason}", request.url)))?;
    Ok(grants.http.iter().flatten().any(|grant| destination.is_granted(grant, &request.method)))
}
