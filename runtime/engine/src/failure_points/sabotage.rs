use std::sync::LazyLock;

use adw_host::{Entry, EntryKind};

use super::named;

named! {
    /// A fault that the tests of durability must see.
    Sabotage {
        /// Events are told, and a while later they are written.
        EmitBeforePersisting = "emit_before_persisting",
        /// What an effect came to is not written.
        DropAnswer = "drop_answer",
        /// An event is told under the number of the one before it.
        ReuseSeq = "reuse_seq",
    }
}

/// The variable that names the fault.
const VARIABLE: &str = "ADW_SABOTAGE";

/// The event that is told under a number that is taken.
const MISNUMBERED: u64 = 4;

impl Sabotage {
    /// The setting that makes a server do this.
    pub const fn setting(self) -> (&'static str, &'static str) {
        (VARIABLE, self.name())
    }

    /// Whether this is what was asked for.
    pub fn is_on(self) -> bool {
        static ASKED: LazyLock<Option<Sabotage>> =
            LazyLock::new(|| std::env::var(VARIABLE).ok().and_then(|name| Sabotage::named(&name)));
        *ASKED == Some(self)
    }

    /// The number that an event is told under.
    pub fn told_as(seq: u64) -> u64 {
        if seq == MISNUMBERED && Self::ReuseSeq.is_on() { seq - 1 } else { seq }
    }

    /// What is written of these entries.
    pub(crate) fn written(mut entries: Vec<Entry>) -> Vec<Entry> {
        if Self::DropAnswer.is_on() {
            entries.pop_if(|last| last.kind == EntryKind::Answered);
        }
        entries
    }
}
