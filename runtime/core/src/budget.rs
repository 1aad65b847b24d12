//! What a workflow may spend, and what it has spent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Money, Timestamp};

/// `[budget]`: what one workflow may spend. What is absent has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// On its agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Money>,
    /// That its agents read and write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// From its first start on, in milliseconds; what it waits for people, or is paused, doesn't count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
}

/// What agents have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// What it cost.
    pub cost_usd: Money,
    /// What they read and wrote.
    pub tokens: u64,
}

/// What a workflow has spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// By its agents.
    #[serde(flatten)]
    pub usage: Usage,
    /// Of time, in milliseconds, without what runs at the moment.
    pub wall_ms: u64,
    /// Since when time is counted; none while none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_since: Option<Timestamp>,
}

/// A bound that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedUp {
    /// `budget.cost_usd`
    Cost {
        /// What was spent.
        spent: Money,
        /// What there was to spend.
        limit: Money,
    },
    /// `budget.tokens`
    Tokens {
        /// How many were used.
        spent: u64,
        /// How many there were.
        limit: u64,
    },
    /// `budget.wall`
    Wall {
        /// How long there was, in milliseconds.
        limit_ms: u64,
    },
}

impl Usage {
    /// Whether nothing was used.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            cost_usd: self.cost_usd.plus(other.cost_usd),
            tokens: self.tokens.saturating_add(other.tokens),
        }
    }

    /// What is left of it without the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            cost_usd: self.cost_usd.minus(other.cost_usd),
            tokens: self.tokens.saturating_sub(other.tokens),
        }
    }
}

impl Spent {
    /// Whether nothing was spent, and nothing is being spent.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Time is counted from now on, or is no more.
    pub(crate) fn tick(&mut self, counts: bool, at: Timestamp) {
        match (counts, self.wall_since) {
            (true, None) => self.wall_since = Some(at),
            (false, Some(since)) => {
                let took = u64::try_from(at.as_millis() - since.as_millis()).unwrap_or_default();
                self.wall_ms = self.wall_ms.saturating_add(took);
                self.wall_since = None;
            }
            _ => {}
        }
    }
}

impl Budget {
    /// Whether nothing is bounded.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The bound that agents have reached by using this much.
    pub fn used_up_by(&self, used: Usage) -> Option<UsedUp> {
        let cost = self.cost_usd.filter(|limit| used.cost_usd >= *limit);
        let tokens = self.tokens.filter(|limit| used.tokens >= *limit);
        cost.map(|limit| UsedUp::Cost { spent: used.cost_usd, limit })
            .or_else(|| tokens.map(|limit| UsedUp::Tokens { spent: used.tokens, limit }))
    }

    /// When its time is up; none while none is counted.
    pub fn deadline(&self, spent: &Spent) -> Option<Timestamp> {
        Some(spent.wall_since?.plus_millis(self.wall_ms?.saturating_sub(spent.wall_ms)))
    }

    /// Whether its time is up.
    pub fn out_of_time(&self, spent: &Spent, at: Timestamp) -> Option<UsedUp> {
        let limit_ms = self.wall_ms?;
        let is_up = spent.wall_ms >= limit_ms || self.deadline(spent).is_some_and(|deadline| deadline <= at);
        is_up.then_some(UsedUp::Wall { limit_ms })
    }
}

impl fmt::Display for UsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the workflow's budget is used up: ")?;
        match self {
            Self::Cost { spent, limit } => {
                write!(f, "{spent} spent of {limit}; budget.cost_usd raises it")
            }
            Self::Tokens { spent, limit } => {
                write!(f, "{spent} tokens used of {limit}; budget.tokens raises it")
            }
            Self::Wall { limit_ms } if limit_ms.is_multiple_of(1_000) => {
                write!(f, "its {} s are over; budget.wall raises it", limit_ms / 1_000)
            }
            Self::Wall { limit_ms } => write!(f, "its {limit_ms} ms are over; budget.wall raises it"),
        }
    }
}
