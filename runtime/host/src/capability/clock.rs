//! `clock`: time, as the journal has it.

use serde::{Deserialize, Serialize};

use crate::bindings::adw::stage::clock as bindings;
use crate::call::{self, CallError};
use crate::guest::{Guest, Refused};

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// What time it is.
    Now,
    /// Waits.
    Sleep {
        /// For how long.
        milliseconds: u64,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Now => "clock.now",
            Self::Sleep { .. } => "clock.sleep",
        }
    }
}

/// An answer of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `now`: milliseconds since 1970.
    Now(u64),
    /// To `sleep`.
    Slept,
}

/// A year: longer is a mistake in the unit.
const LONGEST: u64 = 366 * 24 * 60 * 60 * 1_000;

impl bindings::Host for Guest {
    async fn now(&mut self) -> Result<u64, Refused> {
        self.ask(call::Call::Clock(Call::Now), |reply| match reply {
            call::Reply::Clock(Reply::Now(milliseconds)) => Some(milliseconds),
            _ => None,
        })
        .await
    }

    async fn sleep(&mut self, milliseconds: u64) -> Result<(), Refused> {
        if milliseconds > LONGEST {
            return Err(CallError::Invalid(format!("{milliseconds} ms is more than a year")).into());
        }
        self.ask(call::Call::Clock(Call::Sleep { milliseconds }), |reply| match reply {
            call::Reply::Clock(Reply::Slept) => Some(()),
            _ => None,
        })
        .await
    }
}
