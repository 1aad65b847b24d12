//! Many sequences, made by chance: how many, from which seed, and what came of them.

use std::{
    hash::{BuildHasher, RandomState},
    time::Instant,
};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestError, TestRng, TestRunner},
};

/// How long a run takes, as ADW_MODEL says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Among all other tests.
    Brief,
    /// By itself.
    Short,
    /// By itself: 10,000 sequences.
    Long,
}

impl Form {
    fn asked_for() -> Self {
        match std::env::var("ADW_MODEL").as_deref() {
            Err(_) => Self::Brief,
            Ok("short") => Self::Short,
            Ok("long") => Self::Long,
            Ok(other) => panic!("ADW_MODEL is short or long, not {other:?}"),
        }
    }

    /// How many, where there are so many among other tests.
    pub const fn sequences(self, brief: u32) -> u32 {
        match self {
            Self::Brief => brief,
            Self::Short => 4 * brief,
            Self::Long => 10_000,
        }
    }
}

pub struct Campaign {
    name: &'static str,
    /// What failed once is tried first.
    regressions: &'static str,
    pub form: Form,
    seed: u64,
    begun: Instant,
}

impl Campaign {
    pub fn new(name: &'static str, regressions: &'static str) -> Self {
        let seed = std::env::var("ADW_SEED").ok();
        let seed = seed.map_or_else(
            || RandomState::new().hash_one(0),
            |seed| seed.parse().expect("ADW_SEED is a number, as an earlier run has printed it"),
        );
        let campaign = Self { name, regressions, form: Form::asked_for(), seed, begun: Instant::now() };
        campaign.say(&format!("ADW_SEED={seed}"));
        campaign
    }

    /// Tries so many sequences; the first that panics is made shorter for as long as it still does, and shown.
    pub fn run<S: Strategy>(&self, sequences: u32, strategy: &S, try_one: impl Fn(S::Value)) -> u64 {
        let config = Config {
            cases: sequences,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(self.regressions))),
            max_shrink_time: 120_000,
            max_shrink_iters: 20_000,
            ..Config::default()
        };
        let seed: Vec<u8> = (0..4).flat_map(|part| (self.seed ^ part).to_le_bytes()).collect();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let tried = std::cell::Cell::new(0u64);
        let outcome = TestRunner::new_with_rng(config, rng).run(strategy, |sequence| {
            tried.set(tried.get() + 1);
            try_one(sequence);
            Ok(())
        });
        match outcome {
            Ok(()) => tried.get(),
            Err(TestError::Fail(reason, sequence)) => {
                panic!("ADW_SEED={}: {reason}\nafter these steps: {sequence:#?}", self.seed)
            }
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
    }

    /// Prints what came of it.
    pub fn tell(&self, figures: &[(&str, u64)]) {
        let figures: Vec<_> = figures.iter().map(|(what, count)| format!("{count} {what}")).collect();
        self.say(&format!("{} in {:.1} s", figures.join(", "), self.begun.elapsed().as_secs_f64()));
    }

    fn say(&self, what: &str) {
        println!("model of {}: {what}", self.name);
    }
}
