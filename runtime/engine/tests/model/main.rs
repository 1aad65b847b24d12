//! The engine is held against a small model of it, with the real store and real plugins, in sequences made by chance of what
//! people ask, of stops, of crashes at any write, and of time that passes.
//!
//! `cargo xtask test model` runs the longer forms of this, and prints the figures; ADW_SEED repeats a run's choices.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "a test program has no outside")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../../../core/tests/model/adapter.rs"]
mod adapter;
#[path = "../../../core/tests/model/campaign.rs"]
mod campaign;
#[path = "../../../core/tests/model/reference.rs"]
mod reference;

mod history;
mod script;
mod trial;
mod world;

use std::{sync::Mutex, time::Duration};

use campaign::Campaign;
use trial::Figures;

/// Most of the time goes by while the disk has what is to be kept.
const LANES: u32 = 4;

#[test]
fn an_engine_does_what_the_model_does() {
    let regressions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/regressions.txt");
    let campaign = Campaign::new("engine", regressions);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (figures, folders) = (Mutex::new(Figures::default()), Mutex::new(Vec::new()));
    // While a sequence that went wrong is made shorter, most go wrong, and nobody has to wait so long for that.
    let patience = Mutex::new(Duration::from_secs(30));
    let sequence = || (script::setting(), script::steps());
    campaign.run(campaign.form.sequences(100), LANES, sequence, |(setting, steps)| {
        let folder = folders.lock().unwrap().pop().unwrap_or_else(|| tempfile::tempdir().unwrap());
        let patient = *patience.lock().unwrap();
        let (folder, happened, agreed) = runtime.block_on(trial::sequence(folder, patient, setting, steps));
        folders.lock().unwrap().push(folder);
        figures.lock().unwrap().add(happened);
        agreed.inspect_err(|_| *patience.lock().unwrap() = Duration::from_secs(2))
    });
    let figures = figures.into_inner().unwrap();
    campaign.tell(&[
        ("sequences", figures.sequences),
        ("steps", figures.steps),
        ("workflows", figures.workflows),
        ("commands refused", figures.refused),
        ("restarts", figures.restarts),
        ("crashes", figures.crashes),
    ]);
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.sequences += other.sequences;
        self.steps += other.steps;
        self.workflows += other.workflows;
        self.refused += other.refused;
        self.restarts += other.restarts;
        self.crashes += other.crashes;
    }
}
