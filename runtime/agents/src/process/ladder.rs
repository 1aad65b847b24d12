//! Bringing a family of processes to an end, step by step.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::table::Family;

/// A signal for everyone, and how long to wait for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rung {
    signal: Signal,
    patience: Duration,
}

const fn rung(signal: Signal, milliseconds: u64) -> Rung {
    Rung { signal, patience: Duration::from_millis(milliseconds) }
}

/// For a program that is to stop: time to save what it has. Under 8 s in all.
pub(crate) const STOP: &[Rung] =
    &[rung(Signal::INT, 2000), rung(Signal::TERM, 2000), rung(Signal::KILL, 2000)];
/// For what a program left behind when it ended.
pub(crate) const LEFT_BEHIND: &[Rung] = &[rung(Signal::TERM, 500), rung(Signal::KILL, 2000)];
/// For what nobody waits for any more.
pub(crate) const AT_ONCE: &[Rung] = &[rung(Signal::KILL, 4000)];

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Goes down the ladder until nobody lives, and says how many survived: those that the kernel itself holds up.
pub(crate) fn descend(family: &mut Family, rungs: &[Rung]) -> usize {
    let mut survivors = 0;
    for rung in rungs {
        survivors = wait_at(family, *rung);
        if survivors == 0 {
            return 0;
        }
    }
    tracing::warn!(survivors, "processes don't end even when killed");
    survivors
}

fn wait_at(family: &mut Family, rung: Rung) -> usize {
    let until = Instant::now() + rung.patience;
    let mut told = HashSet::new();
    loop {
        // The table isn't read in one instant: who was started meanwhile by one that ended meanwhile shows the second
        // time.
        let mut living = family.living();
        if living.is_empty() {
            living = family.living();
        }
        if living.is_empty() {
            return 0;
        }
        for process in &living {
            if told.insert(*process) {
                process.signal(rung.signal);
                // Who is stopped, at a terminal that it may not read, hears nothing else.
                process.signal(Signal::CONT);
            }
        }
        if Instant::now() >= until {
            return living.len();
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}
