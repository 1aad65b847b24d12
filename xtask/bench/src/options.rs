//! What was asked for.

use std::{fmt, path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};

/// Measure adw: three noop stages under load, and the parts alone
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
pub(crate) struct Options {
    /// Shorter runs and a smaller history: under two minutes, and rougher figures
    #[arg(long)]
    pub(crate) quick: bool,

    /// Keep the figures as JSON too, for a later comparison
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Compare with what an earlier run kept
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,

    /// Measure only these parts
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,

    /// The server's binary
    #[arg(long, value_name = "FILE")]
    pub(crate) adw: PathBuf,

    /// A folder for databases, on the disk that is to be measured
    #[arg(long, value_name = "FOLDER")]
    pub(crate) scratch: PathBuf,
}

/// A part of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// What the disk can do
    Disk,
    /// Plugins: loading one, running one
    Plugins,
    /// The store, without a server
    Store,
    /// Writing calls down, and going over them again
    Journal,
    /// Workflows under a closed loop of clients, on a new database and on one with a history
    Workflows,
    /// From a change to the sockets that follow it
    Feed,
}

impl Options {
    /// The parts that were asked for: all of them, unless some are named.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part> {
        let all = Part::value_variants().iter().copied();
        all.filter(|part| self.only.is_empty() || self.only.contains(part))
    }

    /// How long one thing is measured.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(if self.quick { 3 } else { 10 })
    }

    /// How many finished workflows make a history.
    pub(crate) fn history(&self) -> usize {
        if self.quick { 10_000 } else { 100_000 }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disk => "the disk",
            Self::Plugins => "plugins",
            Self::Store => "the store alone",
            Self::Journal => "the journal",
            Self::Workflows => "workflows",
            Self::Feed => "the live feed",
        })
    }
}
