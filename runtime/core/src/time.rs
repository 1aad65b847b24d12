//! Points in time, as they are stored and shown.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z; RFC 3339 in UTC on the wire (`2026-01-31T12:00:00.123Z`).
///
/// There is no `now` here: whoever has a clock makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// The last millisecond of the year 9999, which is the last that RFC 3339 can write.
const LATEST: i64 = 253_402_300_799_999;

impl Timestamp {
    /// A time before the year 0 or after 9999 becomes the nearest that can be written.
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis > LATEST {
            LATEST
        } else if millis < 0 {
            0
        } else {
            millis
        })
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This much later.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        // `saturating_add_unsigned` takes any number; what is beyond the last time becomes the last.
        Self::from_millis(self.0.saturating_add_unsigned(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        Ok(Self::from_millis(text.parse::<jiff::Timestamp>()?.as_millisecond()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = jiff::Error;
    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}
