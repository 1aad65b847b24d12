//! Where a workflow and its stages stand, and where they may go from there: the one table of legal moves.

use serde::{Deserialize, Serialize};

/// Where a workflow stands. What a running one waits on is a field beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, and waiting for a place.
    Pending,
    /// Under way, or waiting on something named.
    Running,
    /// Every stage is done or skipped.
    Completed,
    /// A stage failed, and no try is left.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The statuses that it may be moved to, by a person or by the engine. To stay is always allowed.
    pub const fn moves(self) -> &'static [Self] {
        match self {
            Self::Pending | Self::Running => &[Self::Running, Self::Completed, Self::Failed, Self::Cancelled],
            Self::Failed => &[Self::Pending],
            Self::Completed | Self::Cancelled => &[],
        }
    }

    /// Nothing more happens by itself.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StageStatus {
    /// Not begun, or to be done again.
    Pending,
    /// An attempt is under way.
    Running,
    /// Begun, and waiting on something that the workflow's `waiting` names.
    Waiting,
    /// Done.
    Completed,
    /// There was nothing to do, or a person passed over it.
    Skipped,
    /// No try is left.
    Failed,
    /// Ended from outside.
    Cancelled,
}

impl StageStatus {
    /// Counts as progress: it need not run any more.
    pub const fn is_passed(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
