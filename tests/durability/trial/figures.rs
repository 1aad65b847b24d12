//! What a trial came to, in numbers.

use std::{fmt::Write, time::Duration};

use super::{
    Ending,
    promises::{Evidence, Fault, repeated},
    task::{Kept, Task},
};

/// How long servers took until they were ready again, and how the one before each had ended.
#[derive(Clone, Debug, Default)]
pub struct Starts(Vec<(Duration, String)>);

impl Starts {
    pub fn extend(&mut self, start: Option<(Duration, Ending)>) {
        self.0.extend(start.map(|(took, before)| (took, format!("{before:?}"))));
        self.0.sort();
    }

    /// The longest of all.
    fn slowest(&self) -> String {
        self.0.last().map_or_else(String::new, |(took, after)| format!("{}, after {after}", ms(*took)))
    }

    pub fn p50(&self) -> Duration {
        self.at(50)
    }

    pub fn p99(&self) -> Duration {
        self.at(99)
    }

    /// What so many percent of them took at the most.
    fn at(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).map_or(Duration::ZERO, |(took, _)| *took)
    }
}

/// What was found, and what was seen.
pub struct Verdict {
    pub faults: Vec<Fault>,
    pub figures: String,
    pub seed: u64,
}

impl Verdict {
    /// Shows the figures; the test fails where a promise was broken.
    #[track_caller]
    pub fn finds_nothing(self, what: &str) {
        let Self { faults, figures, seed } = self;
        anstream::println!("{what}, with ADW_SEED={seed}\n{figures}");
        assert!(
            faults.is_empty(),
            "with ADW_SEED={seed}, {} promises were broken: {faults:#?}",
            faults.len()
        );
    }
}

fn ms(took: Duration) -> String {
    format!("{} ms", took.as_millis())
}

/// A table of them.
pub fn of(evidence: &Evidence<'_>, faults: &[Fault], rounds: u32, starts: &Starts) -> String {
    let there: Vec<(&Task, &Kept)> =
        evidence.settled.iter().filter_map(|(task, kept)| Some((task, kept.as_ref()?))).collect();
    let ended = |event: &str| there.iter().filter(|(_, kept)| kept.count_all(event) == 1).count();
    let runs = || evidence.ledger.values().flatten();
    let count = |is: fn(&Fault) -> bool| faults.iter().filter(|fault| is(fault)).count();
    let rows = [
        ("cycles", rounds.to_string()),
        ("workflows handed over", evidence.settled.len().to_string()),
        (
            "  acknowledged",
            evidence.settled.iter().filter(|(task, _)| task.is_acknowledged).count().to_string(),
        ),
        ("  completed", ended("workflow_completed").to_string()),
        ("  cancelled, as was asked", ended("workflow_cancelled").to_string()),
        (
            "stages completed",
            there.iter().map(|(_, kept)| kept.count_all("stage_completed")).sum::<usize>().to_string(),
        ),
        (
            "attempts cut off",
            there.iter().map(|(_, kept)| kept.count_all("stage_interrupted")).sum::<usize>().to_string(),
        ),
        ("agent runs begun", runs().count().to_string()),
        ("  ended", runs().filter(|run| run.has_ended).count().to_string()),
        (
            "  made again after their end",
            there.iter().map(|(task, kept)| repeated(task, kept, evidence.ledger)).sum::<usize>().to_string(),
        ),
        (
            "events heard",
            evidence.settled.iter().map(|(task, _)| task.heard.len()).sum::<usize>().to_string(),
        ),
        ("  numbers missing", count(|fault| matches!(fault, Fault::SeqMissing { .. })).to_string()),
        ("  numbers used again", count(|fault| matches!(fault, Fault::SeqReused { .. })).to_string()),
        ("  told and not kept", count(|fault| matches!(fault, Fault::ToldAndNotKept { .. })).to_string()),
        ("ready again, p50", ms(starts.p50())),
        ("ready again, p99", ms(starts.p99())),
        ("ready again, at the most", starts.slowest()),
    ];
    rows.iter().fold(String::new(), |mut table, (what, figure)| {
        // Into a string, which can't fail.
        let _ = writeln!(table, "{what:<32}{figure:>10}");
        table
    })
}
