//! The resolved document that a workflow is pinned to at its creation: stages, plugins by hash, grants, limits and
//! policies. Later changes of adw.toml don't touch a workflow that is under way; a retry may take them up.

use std::{fmt::Write, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Budget, Grants, Limits, StageName};

/// What a workflow goes through, resolved. Stored once under its [`PipelineHash`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its name in `[pipelines.*]`; none where the client listed the stages itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The repository that it works on.
    pub project: ProjectPin,
    /// In the order in which they run; at least one.
    pub stages: Vec<StageSpec>,
    /// What runs after them in any case, before the end is declared; never after a cancel. No name twice in both lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finally: Vec<StageSpec>,
    /// What a workflow may spend on it.
    #[serde(default, skip_serializing_if = "Budget::is_none")]
    pub budget: Budget,
}

/// A `[projects.*]` table, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectPin {
    /// Its name in adw.toml.
    pub name: String,
    /// Absolute.
    pub repo: PathBuf,
    /// The branch or commit that work begins from; none for what the repository has checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// A stage, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageSpec {
    /// Its name in adw.toml.
    pub name: StageName,
    /// What does its work.
    pub plugin: PluginPin,
    /// `[stages.<name>.config]`, an object.
    pub config: serde_json::Value,
    /// What the plugin may do.
    pub grants: Grants,
    /// What the plugin may use up.
    pub limits: Limits,
    /// The longest that one attempt may take, its calls included; in milliseconds.
    pub timeout_ms: u64,
    /// How long a program that it runs, an agent's or a command, may write nothing; in milliseconds. None for as long as it
    /// likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_ms: Option<u64>,
    /// What happens after a failure that another try may mend.
    pub retry: RetryPolicy,
    /// The earlier stage that gets the work back when this one finds it wanting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_rework: Option<StageName>,
    /// How often it may send the work back.
    pub max_rework: u32,
    /// The agent that this stage asks when the task names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What becomes of its questions that nobody answers; none where they wait for as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<QuestionPolicy>,
}

/// What becomes of a stage's questions that nobody answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionPolicy {
    /// How long there is to answer, in milliseconds.
    pub timeout_ms: u64,
    /// The answer that is taken then.
    pub default: serde_json::Value,
}

/// A plugin, by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginPin {
    /// As it calls itself.
    pub name: String,
    /// As it says.
    pub version: semver::Version,
    /// Of its bytes, in hex.
    pub sha256: String,
}

/// When a failed attempt is made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Tries in all, the first included; at least 1.
    pub attempts: u32,
    /// How long to wait before the next.
    pub backoff: Backoff,
    /// The classes of failure that are tried again.
    pub on: Vec<String>,
}

impl Default for RetryPolicy {
    /// Three tries, two seconds to a minute apart, where a service was out of reach.
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Backoff { first_ms: 2_000, longest_ms: 60_000 },
            on: ["unavailable", "network", "rate_limit"].map(str::to_owned).to_vec(),
        }
    }
}

/// Waits that double from the first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Before the second try, in milliseconds.
    pub first_ms: u64,
    /// Before any later one at the most, in milliseconds.
    pub longest_ms: u64,
}

impl Backoff {
    /// The wait after `failures` failed tries (from 1): doubled each time, capped, and then shortened by up to a
    /// half, as `chance` says, so that those who failed together don't come back together.
    pub fn wait_ms(self, failures: u32, chance: u32) -> u64 {
        let doublings = failures.saturating_sub(1).min(63);
        let full = self.first_ms.saturating_mul(1 << doublings).min(self.longest_ms);
        let share = u128::from(full / 2) * u128::from(chance) / u128::from(u32::MAX);
        full - u64::try_from(share).unwrap_or(full)
    }
}

/// The sha256 of a [`Pipeline`]'s JSON, in hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PipelineHash(pub String);

impl Pipeline {
    /// Every stage, in the order in which they run.
    pub fn all_stages(&self) -> impl Iterator<Item = &StageSpec> {
        self.stages.iter().chain(&self.finally)
    }

    /// The names of its stages, in order, without those that run in any case.
    pub fn stage_names(&self) -> Vec<StageName> {
        names(&self.stages)
    }

    /// The names of those that run in any case, in order.
    pub fn finally_names(&self) -> Vec<StageName> {
        names(&self.finally)
    }

    /// The stage of this name.
    pub fn stage(&self, name: &StageName) -> Option<&StageSpec> {
        self.all_stages().find(|stage| stage.name == *name)
    }
}

/// A pipeline as it is stored: its text, the same for equal pipelines, and the hash of that.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub pipeline: Arc<Pipeline>,
    /// What it is stored under.
    pub hash: PipelineHash,
    /// Struct fields in their order, objects sorted.
    pub text: Arc<str>,
}

impl Document {
    /// The pipeline, written down.
    pub fn of(pipeline: Pipeline) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(&pipeline)?;
        let hash = Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        });
        Ok(Self { pipeline: Arc::new(pipeline), hash: PipelineHash(hash), text: text.into() })
    }
}

fn names(stages: &[StageSpec]) -> Vec<StageName> {
    stages.iter().map(|stage| stage.name.clone()).collect()
}
