//! One attempt at a stage: what goes in, what comes out, and why it may not.

use std::sync::Arc;

use adw_core::Limits;
use wasmtime::{Trap, WasmBacktrace};

use crate::bindings::StagePre;
use crate::effects::{Effects, Stop};
use crate::engine;
use crate::guest::Guest;
use crate::limiter::OutOfMemory;
use crate::load::{self, LoadError};
use crate::plugin::PluginName;
use crate::stage::{Context, Description, Failure, Outcome};
use crate::text;

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

/// Why an attempt ended without a word from its stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The guest did what ends it.
    #[error("plugin {plugin} trapped: {cause}{}", at(frames))]
    Trapped {
        /// The plugin.
        plugin: PluginName,
        /// What it did.
        cause: String,
        /// The functions that it was in, the innermost first.
        frames: Vec<String>,
    },
    /// The guest panicked and said so.
    #[error("plugin {plugin} panicked at {file}:{line}: {message}")]
    Panicked {
        /// The plugin.
        plugin: PluginName,
        /// What it said.
        message: String,
        /// Where: empty if it didn't say.
        file: String,
        /// Where in the file.
        line: u32,
    },
    /// The guest used up its CPU time.
    #[error("plugin {plugin} used its {} of CPU; limits.cpu raises it", seconds(*cpu_ms))]
    OutOfFuel {
        /// The plugin.
        plugin: PluginName,
        /// What it had.
        cpu_ms: u64,
    },
    /// The guest wanted more memory than it may have.
    #[error("plugin {plugin} used its {}; limits.memory raises it", mebibytes(*memory_bytes))]
    OutOfMemory {
        /// The plugin.
        plugin: PluginName,
        /// What it may have.
        memory_bytes: u64,
    },
    /// The stage's output is too long.
    #[error(
        "plugin {plugin} gave {bytes} bytes of data and may give {bound}: keep what is large as an artifact"
    )]
    OutputTooLarge {
        /// The plugin.
        plugin: PluginName,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        bound: usize,
    },
    /// The stage's output is not what the contract says.
    #[error("plugin {plugin} gave data that is no JSON: {reason}")]
    BadOutput {
        /// The plugin.
        plugin: PluginName,
        /// What is wrong.
        reason: String,
    },
    /// A call ended the attempt.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

impl RunError {
    /// What the error that a guest ended with means.
    pub(crate) fn of(error: wasmtime::Error, plugin: PluginName, limits: Limits, guest: &Guest) -> Self {
        let error = match error.downcast::<Stop>() {
            Ok(stop) => return Self::Stopped(stop),
            Err(error) => error,
        };
        let trap = error.downcast_ref::<Trap>().copied();
        match (error.downcast_ref::<OutOfMemory>(), trap) {
            (Some(OutOfMemory::Bound(memory_bytes)), _) => {
                return Self::OutOfMemory { plugin, memory_bytes: *memory_bytes };
            }
            (_, Some(Trap::OutOfFuel)) => return Self::OutOfFuel { plugin, cpu_ms: limits.cpu_ms },
            (_, Some(Trap::UnreachableCodeReached)) => {
                if let Some(panic) = guest.logs.panic().cloned() {
                    return Self::Panicked {
                        plugin,
                        message: panic.message,
                        file: panic.file,
                        line: panic.line,
                    };
                }
            }
            _ => {}
        }
        let cause = match trap {
            Some(Trap::StackOverflow) => "its call stack is exhausted: too deep a recursion".to_owned(),
            Some(trap) => trap.to_string().replacen("wasm trap: ", "", 1),
            None => error.root_cause().to_string(),
        };
        Self::Trapped { plugin, cause, frames: frames(&error) }
    }
}

/// What `describe` may use: it has nothing to do but answer.
pub(crate) const DESCRIBING: Limits = Limits { memory_bytes: 128 << 20, cpu_ms: 2_000 };

/// Asks a plugin what it is.
pub(crate) async fn describe(
    stage: &StagePre<Guest>,
    plugin: &PluginName,
    guest: Guest,
) -> Result<Description, LoadError> {
    let mut store = engine::store(stage.engine(), guest, engine::fuel(DESCRIBING.cpu_ms))
        .map_err(|error| failed(plugin, &error))?;
    let described = match stage.instantiate_async(&mut store).await {
        Ok(instance) => instance.call_describe(&mut store).await,
        Err(error) if error.is::<Trap>() || error.is::<OutOfMemory>() || error.is::<Stop>() => Err(error),
        Err(error) => return Err(load::misfit(&error)),
    };
    described.map_err(|error| RunError::of(error, plugin.clone(), DESCRIBING, store.data()))?.try_into()
}

/// Runs a guest to its end. What it asks goes out through the guest's data.
pub(crate) async fn stage(
    stage: &StagePre<Guest>,
    plugin: &PluginName,
    guest: Guest,
    context: Context,
    limits: Limits,
) -> Ran {
    let fuel = engine::fuel(limits.cpu_ms);
    let mut store = match engine::store(stage.engine(), guest, fuel) {
        Ok(store) => store,
        Err(error) => return Ran { result: Err(failed(plugin, &error)), usage: Usage::default() },
    };
    let ended = async {
        let instance = stage.instantiate_async(&mut store).await?;
        instance.call_run(&mut store, &context.into()).await
    };
    let ended = ended.await;
    let fuel = fuel.saturating_sub(store.get_fuel().unwrap_or_default());
    let guest = store.data();
    let result = match ended {
        Ok(Ok(outcome)) => Outcome::from_guest(outcome, plugin).map(Ok),
        Ok(Err(failure)) => Ok(Err(failure.into())),
        Err(error) => Err(RunError::of(error, plugin.clone(), limits, guest)),
    };
    let usage =
        Usage { fuel, cpu_ms: engine::cpu_ms(fuel), peak_memory: guest.memory.peak(), calls: guest.calls() };
    Ran { result, usage }
}

/// The host itself could not go on.
pub(crate) fn failed(plugin: &PluginName, error: &dyn std::fmt::Display) -> RunError {
    RunError::Stopped(Stop::Failed(format!("plugin {plugin} could not be run: {error}")))
}

/// The names of the functions that a guest was in, as wasmtime prints them: `<module>!<function>`, demangled.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    const SHOWN: usize = 8;
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let printed = backtrace.to_string();
    let functions =
        printed.lines().filter_map(|line| line.split_once('!')).map(|(_, function)| function.trim());
    functions.take(SHOWN).map(|function| text::cut(&text::printable(function), 200)).collect()
}

fn at(frames: &[String]) -> String {
    if frames.is_empty() { String::new() } else { format!(" (in {})", frames.join(" < ")) }
}

fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1_000) { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}

fn mebibytes(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}
