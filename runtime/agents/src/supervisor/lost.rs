//! Runs whose supervisor died over them.

use crate::process::ladder::Rung;
use crate::process::sweep::{self, Swept};
use crate::process::table::Family;
use crate::supervisor::claim::{self, Claim};
use crate::supervisor::folder::Try;

/// A run of which nobody knows how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Why nobody knows.
    pub why: LostBy,
    /// What of it was still there, and is no more.
    pub left: Swept,
}

/// Why nobody knows how a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostBy {
    /// Its supervisor was killed, or the machine went down.
    DeadSupervisor,
    /// What says who supervises it is damaged.
    UnreadableClaim,
    /// What says how it ended is damaged.
    UnreadableExit,
}

/// Who belongs to a try, as far as it can be told without its supervisor.
pub(crate) fn family(of: &Try, claim: Option<&Claim>) -> Family {
    let mark = claim.map_or_else(|| of.mark(), |claim| claim.run().clone());
    Family::new(vec![mark.as_mark()], claim::living_program(of))
}

/// Ends whoever belongs to a try.
pub(crate) async fn end_family(of: &Try, claim: Option<&Claim>, rungs: &'static [Rung]) -> Swept {
    sweep::descend(family(of, claim), rungs).await
}
