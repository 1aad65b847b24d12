use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use rustix::process::{Signal, getpid, kill_process};

use super::named;

named! {
    /// A step at which what is done, what is written and what is told may differ.
    FailurePoint {
        /// A call is about to be made; nothing of it is written.
        BeforeAsked = "before_asked",
        /// What is large of a call is in a blob; no row names that yet.
        Placed = "placed",
        /// A call's intent is written; nothing of it is done.
        AfterAsked = "after_asked",
        /// An effect is done; its answer isn't written.
        AfterEffect = "after_effect",
        /// An answer is written; the guest doesn't have it.
        AfterAnswered = "after_answered",
        /// Events are decided, and not written.
        BeforeCommit = "before_commit",
        /// Events are written; nobody has heard of them.
        AfterCommit = "after_commit",
        /// A stage has ended, and the next one has done nothing yet.
        BetweenStages = "between_stages",
        /// The worktree is kept; what for isn't noted.
        Checkpointing = "checkpointing",
        /// An attempt has left its guest, to wait; the workflow doesn't say so yet.
        Parking = "parking",
        /// What a workflow waited for has come: it runs again, and has done nothing yet.
        Waking = "waking",
        /// A timer has rung, and nobody runs yet.
        Rung = "rung",
        /// A cancel is written; who works on what was cancelled is about to be stopped.
        Cancelling = "cancelling",
        /// A stop was asked for; what runs is told.
        Stopping = "stopping",
        /// What ran has stopped; the store is open.
        Stopped = "stopped",
        /// The work of a server that was killed is about to be taken up.
        Recovering = "recovering",
    }
}

/// The variable that says where to die: a point's name, a colon, and the how manieth time that it is passed.
const VARIABLE: &str = "ADW_FAIL_AT";

impl FailurePoint {
    /// The setting that has a server die at this point, once it passes it for the `nth` time.
    pub fn armed(self, nth: u32) -> (&'static str, String) {
        (VARIABLE, format!("{}:{nth}", self.name()))
    }

    /// Dies here, if that is what was asked for.
    pub(crate) fn pass(self) {
        static ARMED: LazyLock<Option<Armed>> = LazyLock::new(Armed::from_environment);
        let Some(armed) = ARMED.as_ref().filter(|armed| armed.at == self) else { return };
        if armed.passes.fetch_add(1, Ordering::SeqCst) + 1 == armed.nth {
            tracing::error!("dies at {}, for the {}. time", self.name(), armed.nth);
            die();
        }
    }
}

/// Where the process is to die.
struct Armed {
    at: FailurePoint,
    nth: u32,
    passes: AtomicU32,
}

impl Armed {
    fn from_environment() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        let read = value.split_once(':').and_then(|(name, nth)| {
            Some(Self { at: FailurePoint::named(name)?, nth: nth.parse().ok()?, passes: AtomicU32::new(0) })
        });
        if read.is_none() {
            tracing::error!("{VARIABLE}={value} names no failure point and number, as in after_asked:3");
        }
        read
    }
}

/// As a lack of memory would end it: nothing is unwound, nothing flushed.
fn die() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}
