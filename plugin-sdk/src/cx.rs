//! A stage's view of its workflow and of its host.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::bindings::adw::stage::types;
use crate::{
    Agents, Artifacts, Clock, Command, Earlier, Error, Http, Human, Invocation, Log, Random, Reason, State,
    Task, Workspace,
};

/// A stage's view of its workflow and of its host.
///
/// What the workflow is about is here to read; what the host does is behind a handle for each capability. A
/// plugin imports a capability only when it calls it, and adw.toml grants those that reach outside.
#[derive(Debug)]
pub struct Cx {
    task: Task,
    stage: String,
    reason: Reason,
    earlier: Vec<Earlier>,
    extra: BTreeMap<String, String>,
}

impl Cx {
    /// The task that the workflow was created for.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// This stage's name in the pipeline.
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// Why this stage runs.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What a stage before this one left, if there is one of that name.
    pub fn earlier(&self, stage: &str) -> Option<&Earlier> {
        self.earlier.iter().rev().find(|earlier| earlier.stage == stage)
    }

    /// What all stages before this one left, in the pipeline's order.
    pub fn all_earlier(&self) -> &[Earlier] {
        &self.earlier
    }

    /// What the workflow has failed of: for a stage that a pipeline names in `finally`, which runs in any case. None where
    /// all has gone well.
    ///
    /// ```
    /// use adw_plugin_sdk::prelude::*;
    /// use adw_plugin_sdk::testing::TestHost;
    ///
    /// /// Tells how it went.
    /// #[stage]
    /// fn tell(cx: &Cx, _: NoConfig) -> StageResult {
    ///     Ok(Outcome::done(cx.failure().unwrap_or("all went well"), json!({})))
    /// }
    ///
    /// let run = TestHost::new().failure("stage test failed: 3 tests").run(tell, NoConfig {});
    /// assert_eq!(run.summary(), "stage test failed: 3 tests");
    /// ```
    pub fn failure(&self) -> Option<&str> {
        self.extra("failure")
    }

    /// What a host newer than this SDK says beyond the contract, by name.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra.get(name).map(String::as_str)
    }

    /// Lines for the person who watches. Needs no grant.
    pub fn log(&self) -> Log<'_> {
        Log::of(self)
    }

    /// Says how far this stage is, 0 to 100. Needs no grant.
    pub fn progress(&self, percent: u8, message: impl Display) {
        self.log().progress(percent, message);
    }

    /// The workflow's git worktree. Grant: `workspace = "read"`, or `"write"` to change it.
    pub fn workspace(&self) -> Workspace<'_> {
        Workspace::of(self)
    }

    /// A program to run in the worktree. Grant: `exec = [["program", "arg", "**"]]`.
    pub fn exec(&self, program: impl Into<String>) -> Command<'_> {
        Command::of(self, program.into())
    }

    /// The same of a command that stands in the stage's config, a [`CommandLine`](crate::CommandLine).
    pub fn command(&self, invocation: &Invocation) -> Command<'_> {
        let command = self.exec(&invocation.program).args(&invocation.arguments);
        invocation.variables.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The coding agents. Grant: `agent = ["name"]` or `["*"]`.
    pub fn agent(&self) -> Agents<'_> {
        Agents::of(self)
    }

    /// Outgoing HTTP. Grant: `[[stages.<name>.grants.http]]`.
    pub fn http(&self) -> Http<'_> {
        Http::of(self)
    }

    /// The people. Needs no grant.
    pub fn human(&self) -> Human<'_> {
        Human::of(self)
    }

    /// Time, as the journal has it. Needs no grant.
    pub fn clock(&self) -> Clock<'_> {
        Clock::of(self)
    }

    /// Randomness, as the journal has it. Needs no grant.
    pub fn random(&self) -> Random<'_> {
        Random::of(self)
    }

    /// Small values that outlive an attempt, per workflow and stage. Needs no grant.
    pub fn state(&self) -> State<'_> {
        State::of(self)
    }

    /// Named results of the workflow that a person can fetch. Needs no grant.
    pub fn artifacts(&self) -> Artifacts<'_> {
        Artifacts::of(self)
    }
}

/// The configuration is taken out first: it belongs to the stage's own type.
impl TryFrom<types::Context> for Cx {
    type Error = Error;

    fn try_from(context: types::Context) -> Result<Self, Error> {
        Ok(Self {
            task: context.task.try_into()?,
            stage: context.stage,
            reason: context.reason.into(),
            earlier: context.earlier.into_iter().map(Earlier::try_from).collect::<Result<_, _>>()?,
            extra: context.extra.into_iter().collect(),
        })
    }
}
