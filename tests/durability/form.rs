//! How long a run takes.

use std::time::Duration;

/// As ADW_DURABILITY says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Among all other tests, which take the machine's time too.
    Brief,
    /// By itself, in a minute or two.
    Short,
    /// By itself, in a quarter of an hour or so.
    Long,
}

impl Form {
    pub fn asked_for() -> Self {
        match std::env::var("ADW_DURABILITY").as_deref() {
            Err(_) => Self::Brief,
            Ok("short") => Self::Short,
            Ok("long") => Self::Long,
            Ok(other) => panic!("ADW_DURABILITY is short or long, not {other:?}"),
        }
    }

    /// How often the server is ended at any moment.
    pub const fn cycles(self) -> u32 {
        match self {
            Self::Brief => 4,
            Self::Short => 20,
            Self::Long => 200,
        }
    }

    /// How often its disk has trouble, each time in another way.
    pub const fn troubles(self) -> u32 {
        self.cycles() / 2
    }

    /// How often it dies at each step.
    pub const fn times_at_each_point(self) -> u32 {
        match self {
            Self::Brief | Self::Short => 1,
            Self::Long => 10,
        }
    }

    /// How soon it is ready again, at p99; none where others have the machine too.
    pub const fn ready_within(self) -> Option<Duration> {
        match self {
            Self::Brief => None,
            Self::Short | Self::Long => Some(Duration::from_secs(2)),
        }
    }
}
