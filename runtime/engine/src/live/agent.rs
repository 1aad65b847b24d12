//! agent: asking a program that writes code.

use std::time::Duration;

use adw_agents::{
    AgentEvent, AgentFailure, AgentSpec, ApplyPatch, Argv, ErrorClass, NotApplied, Tools, UsageRules,
    run_agent,
};
use adw_config::{AgentProfile, UsagePointers};
use adw_core::UsedUp;
use adw_host::{
    CallError, Stop,
    capability::agent::{Answer, Failed, Request},
};
use adw_workspace::{PatchError, Workspace};
use async_trait::async_trait;

use super::{
    Live,
    exec::level,
    meter::{Meter, over_budget},
    program::{CallRunner, Unanswered},
    workspace::answer,
};
use crate::{
    agents::{CarriesDiff, Choice, Chosen, by_name, choose},
    calls::{Asked, Before},
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
        let mut tries = 0;
        loop {
            let came_to = self.ask_once(n, request.clone()).await;
            if let Some(answer) = self.settle(n, &mut tries, came_to).await {
                return answer;
            }
        }
    }

    /// Asks an agent; or goes on with the one that an earlier run of the attempt has asked.
    async fn ask_once(&self, n: u32, request: Request) -> Result<Answer, Unanswered> {
        let (chosen, before) = if let Some(before) = self.begun(n, "the agent that was asked").await? {
            (self.asked_before(&before), before)
        } else {
            // A call that is made again goes to whoever would be asked today, and that may not be granted.
            if self.options.resumed {
                self.within_budget().await?;
                self.admit_agent(&request)?;
            }
            match self.choose(&request) {
                Choice::Agent(chosen) => {
                    let before = self.before_asking(n, &chosen, &request).await?;
                    (chosen, before)
                }
                Choice::ByHand(why) => return Ok(self.ask_by_hand(n, request, why).await??),
                Choice::Unavailable(error) => return Err(error.into()),
            }
        };
        let timeout = before.asked.as_ref().map(|asked| Duration::from_millis(asked.timeout_ms));
        let workspace = self.workspace().await?;
        let meter = self.meter(n, &chosen.name).await?;
        let answered = self.ask(n, &chosen, request, timeout, workspace, &meter).await;
        self.count(&meter).await;
        let answered = answered.map_err(|failure| unanswered(failure, meter.used_up()))?;
        if answered.usage.is_empty() && chosen.says_usage() {
            let message =
                format!("{0} said nothing of what it has used: agents.{0}.usage names where", chosen.name);
            self.say(LogLevel::Warn, LogSource::Runtime, message).await;
        }
        let structured = answered.structured.as_deref().map(serde_json::from_str).transpose();
        let structured = structured.map_err(|error| CallError::Agent(unparsable(&error)))?;
        let changes = self.insist(|| workspace.changes(&before.checkpoint)).await.map_err(answer)?;
        Ok(Answer {
            agent: chosen.name,
            text: answered.text,
            structured,
            session: answered.session,
            changes,
            usage: answered.usage.into_iter().collect(),
        })
    }

    async fn before_asking(&self, n: u32, chosen: &Chosen, request: &Request) -> Result<Before, CallError> {
        let left = self.time_left(request.timeout_ms);
        let longest = match &chosen.profile {
            AgentProfile::Command { timeout, .. } => timeout.unwrap_or(left),
            AgentProfile::Patch => left,
        };
        let timeout_ms = u64::try_from(longest.min(left).as_millis()).unwrap_or(u64::MAX);
        let asked = Asked { agent: chosen.name.clone(), timeout_ms };
        let before =
            self.back_to_before(n, &format!("before the agent {}", chosen.name), Some(asked)).await?;
        self.say(LogLevel::Info, LogSource::Runtime, format!("asking the agent {}", chosen.name)).await;
        Ok(before)
    }

    /// The agent whose program was begun, as far as adw.toml still knows it: that program is not begun again.
    fn asked_before(&self, before: &Before) -> Chosen {
        let name = before.asked.as_ref().map_or_else(String::new, |asked| asked.agent.clone());
        match by_name(&self.options.engine.catalog.served().config, &name) {
            Choice::Agent(chosen) => chosen,
            Choice::ByHand(_) | Choice::Unavailable(_) => {
                let command = vec![name.clone()];
                Chosen {
                    name,
                    profile: AgentProfile::Command {
                        command,
                        env: Vec::new(),
                        timeout: None,
                        usage: UsagePointers::default(),
                    },
                }
            }
        }
    }

    fn choose(&self, request: &Request) -> Choice {
        let served = self.options.engine.catalog.served();
        choose(&served.config, &self.options.workflow, &self.options.spec, request)
    }

    async fn ask(
        &self,
        n: u32,
        chosen: &Chosen,
        request: Request,
        timeout: Option<Duration>,
        workspace: &Workspace,
        meter: &Meter,
    ) -> Result<adw_agents::Answer, AgentFailure> {
        let (spec, beyond) = backend(&chosen.profile)?;
        let asked = adw_agents::Request {
            prompt: request.prompt,
            patch: self.options.workflow.task.diff(),
            writes: request.writes,
            schema: request.schema.map(|schema| schema.to_string()),
            session: request.session,
            timeout,
            silence: self.silence(),
            env: self.environment(&beyond),
        };
        let (runner, patch) = (CallRunner { live: self, n, stop: meter.stop() }, Patch(workspace));
        self.logged(LogSource::Agent, async |lines| {
            let mut events = |event| match event {
                AgentEvent::Log { stream, line } => lines.push(level(stream), &line),
                AgentEvent::Text { text } => lines.push(LogLevel::Info, &text),
                AgentEvent::ToolUse { name, detail } => {
                    lines.push(LogLevel::Info, &format!("{name}: {detail}"));
                }
                AgentEvent::Usage { name, value } => meter.hear(&name, &value),
                AgentEvent::Session { .. } => {}
            };
            let tools = Tools {
                cwd: workspace.path(),
                runner: &runner,
                cancel: self.options.stop.token(),
                patch: &patch,
                events: &mut events,
            };
            run_agent(&spec, asked, tools).await
        })
        .await
    }
}

/// The backend of a profile, and the variables that it sees beyond the usual.
fn backend(profile: &AgentProfile) -> Result<(AgentSpec, Vec<String>), AgentFailure> {
    match profile {
        AgentProfile::Patch => Ok((AgentSpec::Patch, Vec::new())),
        AgentProfile::Command { command, env, usage, .. } => {
            let argv = Argv::try_from(command.clone())
                .map_err(|error| AgentFailure::new(ErrorClass::MissingExecutable, error.to_string()))?;
            Ok((AgentSpec::Command { argv, usage: rules(usage) }, env.clone()))
        }
    }
}

/// Where it looks for what the agent says that it has used.
fn rules(usage: &UsagePointers) -> UsageRules {
    let UsagePointers { cost_usd, input_tokens, output_tokens } = usage;
    let pointers = [("cost_usd", cost_usd), ("input_tokens", input_tokens), ("output_tokens", output_tokens)];
    UsageRules::new(pointers.into_iter().filter_map(|(name, pointer)| Some((name, pointer.clone()?))))
}

/// Why there is no answer. One that was stopped because it had used up the budget is nobody's to begin again.
fn unanswered(failure: AgentFailure, used_up: Option<UsedUp>) -> Unanswered {
    match (failure.class, used_up) {
        (ErrorClass::Cancelled | ErrorClass::Interrupted, Some(used_up)) => over_budget(used_up).into(),
        (ErrorClass::Cancelled, None) => Stop::Cancelled.into(),
        (ErrorClass::Interrupted, None) => Unanswered::Interrupted(failure.message),
        _ => CallError::Agent(failed(failure)).into(),
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
