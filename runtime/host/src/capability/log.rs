//! `log`: lines for the person who watches.

use serde::{Deserialize, Serialize};

use crate::bindings::adw::stage::log as bindings;
use crate::call;
use crate::guest::{Guest, Refused};
use crate::plugin::PluginName;
use crate::text;

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A line.
    Write {
        /// How much it matters.
        level: Level,
        /// Its text, free of terminal escapes and of bounded length.
        message: String,
    },
    /// How far the stage is.
    Progress {
        /// 0 to 100.
        percent: u8,
        /// What it is at.
        message: String,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Write { .. } => "log.write",
            Self::Progress { .. } => "log.progress",
        }
    }
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// For who watches.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// A line may be this long; of a longer one the beginning is kept, with a mark.
const LINE: usize = 8 << 10;
/// And all lines of an attempt this, each counted with what it takes to keep it.
const ALL_LINES: usize = 1 << 20;
const PER_LINE: usize = 64;
/// The name of the file that a panic comes from.
const FILE: usize = 256;

/// What an attempt has logged so far.
#[derive(Debug)]
pub(crate) struct Logs {
    plugin: PluginName,
    bytes: usize,
    panic: Option<Panic>,
}

/// A guest's panic, as its hook reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

impl Logs {
    pub(crate) fn of(plugin: PluginName) -> Self {
        Self { plugin, bytes: 0, panic: None }
    }

    /// The panic that was the last thing the guest reported as an error.
    pub(crate) fn panic(&self) -> Option<&Panic> {
        self.panic.as_ref()
    }

    /// The line as it may be kept; none once there is no room for more.
    fn admit(&mut self, line: &str) -> Option<String> {
        if self.bytes >= ALL_LINES {
            return None;
        }
        let line = text::cut(&text::printable(line), LINE);
        self.bytes += line.len() + PER_LINE;
        if self.bytes < ALL_LINES {
            return Some(line);
        }
        Some(format!(
            "[plugin {} has logged its {} MiB; the rest of this attempt is left out: log less, or keep what is long as an artifact]",
            self.plugin,
            ALL_LINES >> 20
        ))
    }

    fn note(&mut self, level: Level, line: &str) {
        if level == Level::Error {
            self.panic = Panic::parse(line);
        }
    }
}

impl Panic {
    /// `panicked at <file>:<line>:<column>: <message>`, or the message on the next line as std writes it.
    fn parse(line: &str) -> Option<Self> {
        let said = line.strip_prefix("panicked")?;
        let Some((location, message)) = said
            .strip_prefix(" at ")
            .and_then(|said| said.split_once(":\n").or_else(|| said.split_once(": ")))
        else {
            let message = shown(said.trim_start_matches([':', ' ']), LINE);
            return Some(Self { message, file: String::new(), line: 0 });
        };
        let mut parts = location.rsplitn(3, ':');
        let (_column, line, file) = (parts.next(), parts.next(), parts.next());
        Some(Self {
            message: shown(message, LINE),
            file: shown(file.unwrap_or(location), FILE),
            line: line.and_then(|line| line.parse().ok()).unwrap_or_default(),
        })
    }
}

fn shown(said: &str, most: usize) -> String {
    text::cut(&text::printable(said), most)
}

impl bindings::Host for Guest {
    async fn write(&mut self, level: bindings::Level, message: String) -> wasmtime::Result<()> {
        let level = level.into();
        self.logs.note(level, &message);
        match self.logs.admit(&message) {
            Some(message) => self.log(Call::Write { level, message }).await,
            None => Ok(()),
        }
    }

    async fn progress(&mut self, percent: u8, message: String) -> wasmtime::Result<()> {
        match self.logs.admit(&message) {
            Some(message) => self.log(Call::Progress { percent: percent.min(100), message }).await,
            None => Ok(()),
        }
    }
}

impl Guest {
    /// Logging has no answer that a guest could act on, so a refused line is a lost line.
    async fn log(&mut self, call: Call) -> wasmtime::Result<()> {
        let taken = self.ask(call::Call::Log(call), |reply| matches!(reply, call::Reply::Log).then_some(()));
        match taken.await {
            Ok(()) => Ok(()),
            Err(Refused::Answer(error)) => {
                tracing::warn!(%error, "a plugin's log line was refused");
                Ok(())
            }
            Err(Refused::End(end)) => Err(end),
        }
    }
}

impl From<bindings::Level> for Level {
    fn from(level: bindings::Level) -> Self {
        match level {
            bindings::Level::Debug => Self::Debug,
            bindings::Level::Info => Self::Info,
            bindings::Level::Warn => Self::Warn,
            bindings::Level::Error => Self::Error,
        }
    }
}
