//! What a person is told of a plugin that came to no good end: which plugin it was, what it did, and what helps against
//! it, down to the key of adw.toml. Every such sentence is made here.

use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};

use crate::effects::Stop;
use crate::engine::{BYTES_A_CALL, WASM_STACK};
use crate::granted::key;
use crate::guest::Guest;
use crate::limiter::{OutOfMemory, TABLE_ELEMENTS};
use crate::plugin::PluginName;
use crate::text;

/// Why an attempt ended without a word from its stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin {plugin} {}", cause.told(Some(stage)))]
pub struct RunError {
    /// The plugin.
    pub plugin: PluginName,
    /// The stage that it ran as.
    pub stage: String,
    /// What it did.
    pub cause: Cause,
}

/// What ends a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It did what a machine can't.
    Trapped {
        /// What that was.
        trap: String,
        /// The functions that it was in, the innermost first.
        frames: Vec<String>,
    },
    /// It panicked and said so.
    Panicked {
        /// What it said.
        message: String,
        /// Where: empty if it didn't say.
        file: String,
        /// Where in the file.
        line: u32,
    },
    /// It used up its CPU time.
    OutOfFuel {
        /// What it had.
        cpu_ms: u64,
    },
    /// It wanted more memory than it may have.
    OutOfMemory {
        /// What it may have.
        memory_bytes: u64,
    },
    /// It wanted more table elements than there may be.
    OutOfTables,
    /// It called itself too often.
    OutOfStack {
        /// The functions that it was in, the innermost first.
        frames: Vec<String>,
    },
    /// It passed more over its border at once than any interface takes.
    TooMuchAtOnce,
    /// Its stage took longer than it may.
    TookTooLong(Duration),
    /// Its output is too long.
    OutputTooLarge {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        bound: usize,
    },
    /// Its output is not what the contract says.
    BadOutput {
        /// What is wrong.
        reason: String,
    },
    /// A call ended it.
    Stopped(Stop),
}

impl Cause {
    /// What the error that a guest ended with means.
    pub(crate) fn of(error: wasmtime::Error, cpu_ms: u64, guest: &Guest) -> Self {
        let error = match error.downcast::<Stop>() {
            Ok(stop) => return Self::Stopped(stop),
            Err(error) => error,
        };
        match (error.downcast_ref::<OutOfMemory>(), error.downcast_ref::<Trap>()) {
            (Some(OutOfMemory::Bound(memory_bytes)), _) => Self::OutOfMemory { memory_bytes: *memory_bytes },
            (Some(OutOfMemory::Table), _) => Self::OutOfTables,
            (None, Some(Trap::OutOfFuel)) => Self::OutOfFuel { cpu_ms },
            (None, Some(Trap::StackOverflow)) => Self::OutOfStack { frames: frames(&error) },
            (None, Some(Trap::UnreachableCodeReached)) if guest.logs.panic().is_some() => {
                let panic = guest.logs.panic().cloned().unwrap_or_default();
                Self::Panicked { message: panic.message, file: panic.file, line: panic.line }
            }
            (None, Some(trap)) => {
                let trap = trap.to_string().replacen("wasm trap: ", "", 1);
                Self::Trapped { trap, frames: frames(&error) }
            }
            (None, None) => {
                let root = error.root_cause().to_string();
                // wasmtime has no type for this that others can name.
                if root.starts_with("too much data is being copied between the host and the guest") {
                    return Self::TooMuchAtOnce;
                }
                Self::Trapped { trap: root, frames: frames(&error) }
            }
        }
    }

    /// What follows a plugin's name. While it describes itself it runs as no stage.
    pub(crate) fn told(&self, stage: Option<&str>) -> String {
        let when = if stage.is_none() { " while it described itself" } else { "" };
        format!("{}{when}; {}", self.what(), self.remedy(stage))
    }

    fn what(&self) -> String {
        match self {
            Self::Trapped { trap, frames } => format!("trapped: {trap}{}", within(frames)),
            Self::Panicked { message, file, .. } if file.is_empty() => format!("panicked: {message}"),
            Self::Panicked { message, file, line } => format!("panicked at {file}:{line}: {message}"),
            Self::OutOfFuel { cpu_ms } => format!("used its {} of CPU", seconds(*cpu_ms)),
            Self::OutOfMemory { memory_bytes } => format!("used its {}", mebibytes(*memory_bytes)),
            Self::OutOfTables => format!("wanted more than its {TABLE_ELEMENTS} table elements"),
            Self::OutOfStack { frames } => {
                format!("used its {} of call stack{}", mebibytes(WASM_STACK as u64), within(frames))
            }
            Self::TooMuchAtOnce => {
                format!("handed over more than {} at once", mebibytes(BYTES_A_CALL as u64))
            }
            Self::TookTooLong(after) => {
                format!("took longer than {}", seconds(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)))
            }
            Self::OutputTooLarge { bytes, bound } => {
                format!("returned {bytes} bytes of data and may return {}", mebibytes(*bound as u64))
            }
            Self::BadOutput { reason } => format!("returned data that {reason}"),
            Self::Stopped(Stop::Exceeded { what, .. }) => what.clone(),
            Self::Stopped(stop) => format!("could not go on: {stop}"),
        }
    }

    fn remedy(&self, stage: Option<&str>) -> String {
        const OWN_FAULT: &str = "the fault is the plugin's own: mend it, or use another version of it";
        match (self, stage) {
            (Self::OutOfFuel { .. }, Some(stage)) => format!("stages.{}.limits.cpu raises it", key(stage)),
            (Self::OutOfMemory { .. }, Some(stage)) => {
                format!("stages.{}.limits.memory raises it", key(stage))
            }
            (Self::TookTooLong(_), Some(stage)) => format!("stages.{}.timeout raises that", key(stage)),
            (Self::OutOfFuel { .. } | Self::OutOfMemory { .. } | Self::TookTooLong(_), None) => {
                "no setting raises that: it has nothing to do there but answer".to_owned()
            }
            (Self::OutOfTables, _) => "no setting raises that: build it with smaller tables".to_owned(),
            (Self::OutOfStack { .. }, _) => "no setting raises that: make its recursion less deep".to_owned(),
            (Self::TooMuchAtOnce | Self::OutputTooLarge { .. }, _) => {
                "no setting raises that: keep what is large as artifacts".to_owned()
            }
            (Self::Stopped(Stop::Exceeded { remedy, .. }), _) => (*remedy).to_owned(),
            (Self::Stopped(_), _) => "try again with `adw retry`".to_owned(),
            (Self::Trapped { .. } | Self::Panicked { .. } | Self::BadOutput { .. }, _) => {
                OWN_FAULT.to_owned()
            }
        }
    }
}

impl PluginName {
    /// The plugin's own words, with who says them.
    pub fn says(&self, words: &str) -> String {
        format!("plugin {self}: {words}")
    }
}

/// The names of the functions that a guest was in, as wasmtime prints them: `<module>!<function>`, demangled.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    const SHOWN: usize = 4;
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let printed = backtrace.to_string();
    let functions =
        printed.lines().filter_map(|line| line.split_once('!')).map(|(_, function)| function.trim());
    let mut frames: Vec<String> =
        functions.map(|function| text::cut(&text::printable(without_hash(function)), 200)).collect();
    // A recursion says everything with its first step.
    frames.dedup();
    frames.truncate(SHOWN);
    frames
}

/// Rust's own mark that tells one `recurse` from another: `::h` and sixteen digits.
fn without_hash(function: &str) -> &str {
    match function.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => name,
        _ => function,
    }
}

fn within(frames: &[String]) -> String {
    if frames.is_empty() { String::new() } else { format!(" (in {})", frames.join(" < ")) }
}

fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1_000) { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}

fn mebibytes(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}
