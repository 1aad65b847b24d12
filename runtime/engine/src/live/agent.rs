//! agent: asking a program that writes code.

use std::time::Duration;

use adw_agents::{
    AgentEvent, AgentFailure, AgentSpec, ApplyPatch, Argv, ErrorClass, NotApplied, Tools, run_agent,
};
use adw_config::AgentProfile;
use adw_host::{
    CallError, Stop,
    capability::agent::{Answer, Failed, Request},
};
use adw_workspace::{PatchError, Workspace};
use async_trait::async_trait;

use super::{Live, exec::level, workspace::answer};
use crate::{
    agents::{CarriesDiff, Choice, Chosen, choose},
    logs::{LogLevel, LogSource},
};

impl Live {
    /// The grant names agents, and which one a call goes to is decided here: so it is judged here too.
    pub(super) fn admit_agent(&self, request: &Request) -> Result<(), CallError> {
        self.choose(request).admitted(&self.options.spec, request)
    }

    pub(super) async fn agent(&self, n: u32, request: Request) -> Result<Result<Answer, CallError>, Stop> {
        if let Some(answered) = self.answer_to(n) {
            return Ok(self.done_by_hand(n, answered).await);
        }
        // A call that is made again goes to whoever would be asked today, and that may not be granted.
        if self.options.resumed
            && let Err(error) = self.admit_agent(&request)
        {
            return Ok(Err(error));
        }
        let chosen = match self.choose(&request) {
            Choice::Agent(chosen) => chosen,
            Choice::ByHand(why) => return self.ask_by_hand(n, request, why).await,
            Choice::Unavailable(error) => return Ok(Err(error)),
        };
        let prepared = async {
            let workspace = self.workspace().await?;
            let before = self.back_to_before(n, &format!("before the agent {}", chosen.name)).await?;
            Ok::<_, CallError>((workspace, before.checkpoint))
        };
        let (workspace, before) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        self.say(LogLevel::Info, LogSource::Runtime, format!("asking the agent {}", chosen.name)).await;
        let answered = match self.ask(&chosen, request, workspace).await {
            Ok(answered) => answered,
            Err(failure) if failure.class == ErrorClass::Cancelled => return Err(Stop::Cancelled),
            Err(failure) => return Ok(Err(CallError::Agent(failed(failure)))),
        };
        let structured = match answered.structured.as_deref().map(serde_json::from_str).transpose() {
            Ok(structured) => structured,
            Err(error) => return Ok(Err(CallError::Agent(unparsable(&error)))),
        };
        let changes = match self.insist(|| workspace.changes(&before)).await {
            Ok(changes) => changes,
            Err(error) => return Ok(Err(answer(error))),
        };
        Ok(Ok(Answer {
            agent: chosen.name,
            text: answered.text,
            structured,
            session: answered.session,
            changes,
            usage: answered.usage.into_iter().collect(),
        }))
    }

    fn choose(&self, request: &Request) -> Choice {
        let served = self.options.engine.catalog.served();
        choose(&served.config, &self.options.workflow, &self.options.spec, request)
    }

    async fn ask(
        &self,
        chosen: &Chosen,
        request: Request,
        workspace: &Workspace,
    ) -> Result<adw_agents::Answer, AgentFailure> {
        let (spec, beyond, longest) = backend(&chosen.profile)?;
        let left = self.time_left(request.timeout_ms);
        let asked = adw_agents::Request {
            prompt: request.prompt,
            patch: self.options.workflow.task.diff(),
            writes: request.writes,
            schema: request.schema.map(|schema| schema.to_string()),
            session: request.session,
            timeout: Some(longest.map_or(left, |longest| longest.min(left))),
            env: self.environment(&beyond),
        };
        let (owner, patch) = (self.owner(), Patch(workspace));
        self.logged(LogSource::Agent, async |lines| {
            let mut events = |event| match event {
                AgentEvent::Log { stream, line } => lines.push(level(stream), &line),
                AgentEvent::Text { text } => lines.push(LogLevel::Info, &text),
                AgentEvent::ToolUse { name, detail } => {
                    lines.push(LogLevel::Info, &format!("{name}: {detail}"));
                }
                AgentEvent::Session { .. } | AgentEvent::Usage { .. } => {}
            };
            let tools = Tools {
                cwd: workspace.path(),
                owner: &owner,
                cancel: &self.options.stop,
                patch: &patch,
                events: &mut events,
            };
            run_agent(&spec, asked, tools).await
        })
        .await
    }
}

/// The backend of a profile, the variables that it sees beyond the usual, and the longest that it may take.
fn backend(profile: &AgentProfile) -> Result<(AgentSpec, Vec<String>, Option<Duration>), AgentFailure> {
    match profile {
        AgentProfile::Patch => Ok((AgentSpec::Patch, Vec::new(), None)),
        AgentProfile::Command { command, env, timeout } => {
            let argv = Argv::try_from(command.clone())
                .map_err(|error| AgentFailure::new(ErrorClass::MissingExecutable, error.to_string()))?;
            Ok((AgentSpec::Command(argv), env.clone(), *timeout))
        }
    }
}

fn failed(failure: AgentFailure) -> Failed {
    Failed { class: failure.class.as_str().to_owned(), message: failure.message, session: failure.session }
}

fn unparsable(error: &serde_json::Error) -> Failed {
    Failed {
        class: ErrorClass::EmptyOrUnparsableOutput.as_str().to_owned(),
        message: format!("its answer is not the JSON that was asked for: {error}"),
        session: None,
    }
}

/// Applies a diff to the worktree for the `patch` agent.
struct Patch<'a>(&'a Workspace);

#[async_trait]
impl ApplyPatch for Patch<'_> {
    async fn apply_patch(&self, diff: &str) -> Result<(), NotApplied> {
        self.0.apply_patch(diff).await.map_err(|error| match error {
            PatchError::Workspace(error) => NotApplied::Failed(error.to_string()),
            error => NotApplied::Rejected(error.to_string()),
        })
    }
}
