//! One attempt at a stage: what goes in, what comes out, and why it may not.

use std::sync::Arc;

use adw_core::Limits;

use crate::bindings::{Stage, StagePre};
use crate::effects::{Effects, Stop};
use crate::engine;
use crate::guest::Guest;
use crate::load::{self, LoadError};
use crate::plugin::PluginName;
use crate::stage::{Context, Description, Failure, Outcome};
use crate::trouble::{Cause, RunError};

/// An attempt to be made.
pub struct Run {
    /// What the stage is given.
    pub context: Context,
    /// How much of the machine it may use.
    pub limits: Limits,
    /// Who answers its calls.
    pub effects: Arc<dyn Effects>,
}

/// An attempt that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What the stage said, or why it said nothing.
    pub result: Result<Result<Outcome, Failure>, RunError>,
    /// What it used.
    pub usage: Usage,
}

/// What an attempt used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Instructions of the guest, roughly.
    pub fuel: u64,
    /// The CPU time that this fuel stands for.
    pub cpu_ms: u64,
    /// The most memory that it had.
    pub peak_memory: u64,
    /// How many calls it made, log lines included.
    pub calls: u32,
}

/// What `describe` may use: it has nothing to do but answer.
pub(crate) const DESCRIBING: Limits = Limits { memory_bytes: 128 << 20, cpu_ms: 500 };

/// Asks a plugin what it is.
pub(crate) async fn describe(stage: &StagePre<Guest>, guest: Guest) -> Result<Description, LoadError> {
    let mut store = engine::store(stage.engine(), guest, engine::fuel(DESCRIBING.cpu_ms))
        .map_err(|error| LoadError::Undescribed(failed(error)))?;
    let undescribed =
        |error, guest: &Guest| LoadError::Undescribed(Cause::of(error, DESCRIBING.cpu_ms, guest));
    let instance = match stage.instance_pre().instantiate_async(&mut store).await {
        Ok(instance) => instance,
        Err(error) => return Err(undescribed(error, store.data())),
    };
    let exports = Stage::new(&mut store, &instance).map_err(|error| load::misfit(&error))?;
    match exports.call_describe(&mut store).await {
        Ok(description) => description.try_into(),
        Err(error) => Err(undescribed(error, store.data())),
    }
}

/// Runs a guest to its end. What it asks goes out through the guest's data.
pub(crate) async fn stage(
    stage: &StagePre<Guest>,
    plugin: &PluginName,
    guest: Guest,
    context: Context,
    limits: Limits,
) -> Ran {
    let name = context.stage.clone();
    let (result, usage) = attempt(stage, guest, context, limits).await;
    let result = result.map_err(|cause| RunError { plugin: plugin.clone(), stage: name, cause });
    Ran { result, usage }
}

async fn attempt(
    stage: &StagePre<Guest>,
    guest: Guest,
    context: Context,
    limits: Limits,
) -> (Result<Result<Outcome, Failure>, Cause>, Usage) {
    let fuel = engine::fuel(limits.cpu_ms);
    let mut store = match engine::store(stage.engine(), guest, fuel) {
        Ok(store) => store,
        Err(error) => return (Err(failed(error)), Usage::default()),
    };
    let ended = async {
        let instance = stage.instantiate_async(&mut store).await?;
        instance.call_run(&mut store, &context.into()).await
    };
    let ended = ended.await;
    let fuel = fuel.saturating_sub(store.get_fuel().unwrap_or_default());
    let guest = store.data();
    let result = match ended {
        Ok(Ok(outcome)) => Outcome::try_from(outcome).map(Ok),
        Ok(Err(failure)) => Ok(Err(failure.into())),
        Err(error) => Err(Cause::of(error, limits.cpu_ms, guest)),
    };
    let usage =
        Usage { fuel, cpu_ms: engine::cpu_ms(fuel), peak_memory: guest.memory.peak(), calls: guest.calls() };
    (result, usage)
}

/// The host itself could not go on.
pub(crate) fn failed(error: impl std::fmt::Display) -> Cause {
    Cause::Stopped(Stop::Failed(format!("it could not be run: {error}")))
}
