//! Bringing a family of processes to an end, step by step.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::table::{Family, ProcessId};

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
/// How often a family is looked at for new members while it is being stopped. Who is stopped starts nobody, so a few
/// times do, unless there are processes that can't be.
const LOOKS: usize = 16;

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
        let left = living.len();
        let held = hold(family, living, &told);
        for process in &held {
            process.signal(rung.signal);
        }
        // Children before their parents: who minds that a child is stopped sees none that is. Whom somebody else stopped, at a
        // terminal that it may not read, goes on too: it hears nothing else.
        for process in held.iter().rev() {
            process.signal(Signal::CONT);
        }
        told.extend(held);
        if Instant::now() >= until {
            return left;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Stops all who weren't told yet, from the oldest, until nobody new shows. So nobody sees another end before it has the
/// signal itself: a shell whose child ends goes on to its next line.
fn hold(family: &mut Family, mut living: Vec<ProcessId>, told: &HashSet<ProcessId>) -> Vec<ProcessId> {
    let mut held = Vec::new();
    for _ in 0..LOOKS {
        living.retain(|process| !told.contains(process) && !held.contains(process));
        if living.is_empty() {
            break;
        }
        living.sort_by_key(|process| process.born());
        for process in &living {
            process.signal(Signal::STOP);
        }
        held.append(&mut living);
        living = family.living();
    }
    held
}
