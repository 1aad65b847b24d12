//! Many sequences, made by chance: how many, from which seed, and what came of them.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Instant,
};

use proptest::{
    strategy::Strategy,
    test_runner::{
        Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
    },
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

/// Whether model and runtime agree, or else in what they don't.
pub type Agreed = Result<(), String>;

/// How far all lanes are together.
#[derive(Default)]
struct Progress {
    tried: AtomicU32,
    is_wrong: AtomicBool,
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

    /// Tries so many sequences, so many at a time; the first that goes wrong is made shorter for as long as it still does,
    /// and shown.
    pub fn run<S: Strategy>(
        &self,
        sequences: u32,
        lanes: u32,
        strategy: impl Fn() -> S + Sync,
        try_one: impl Fn(S::Value) -> Agreed + Sync,
    ) {
        let progress = Progress::default();
        let outcomes: Vec<_> = thread::scope(|scope| {
            let lane = |lane| {
                let (runner, progress) = (self.runner(sequences.div_ceil(lanes), lane), &progress);
                let (strategy, try_one) = (&strategy, &try_one);
                scope.spawn(move || self.lane(runner, &strategy(), progress, try_one))
            };
            let lanes: Vec<_> = (0..lanes).map(lane).collect();
            lanes.into_iter().map(|lane| lane.join().unwrap()).collect()
        });
        for outcome in outcomes {
            outcome.unwrap_or_else(|difference| panic!("ADW_SEED={}: {difference}", self.seed));
        }
    }

    fn lane<S: Strategy>(
        &self,
        mut runner: TestRunner,
        strategy: &S,
        progress: &Progress,
        try_one: impl Fn(S::Value) -> Agreed,
    ) -> Agreed {
        let is_mine = Cell::new(false);
        let outcome = runner.run(strategy, |sequence| {
            // One that went wrong is enough; whoever has it makes it shorter.
            if progress.is_wrong.load(Ordering::SeqCst) && !is_mine.get() {
                return Ok(());
            }
            let number = progress.tried.fetch_add(1, Ordering::SeqCst) + 1;
            if number.is_multiple_of(1_000) {
                self.say(&format!("sequence {number}"));
            }
            try_one(sequence).map_err(|difference| {
                if !is_mine.replace(true) {
                    progress.is_wrong.store(true, Ordering::SeqCst);
                    self.say(&format!("sequence {number} goes wrong; it is made shorter"));
                }
                TestCaseError::fail(difference)
            })
        });
        outcome.map_err(|error| match error {
            TestError::Fail(difference, sequence) => format!("{difference}\nin this sequence: {sequence:#?}"),
            TestError::Abort(reason) => reason.to_string(),
        })
    }

    fn runner(&self, sequences: u32, lane: u32) -> TestRunner {
        let config = Config {
            cases: sequences,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(self.regressions))),
            max_shrink_time: 120_000,
            max_shrink_iters: 20_000,
            ..Config::default()
        };
        let seed: Vec<u8> = [self.seed, lane.into(), 0, 0].into_iter().flat_map(u64::to_le_bytes).collect();
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }

    /// Prints what came of it.
    pub fn tell(&self, figures: &[(&str, u64)]) {
        let figures: Vec<_> = figures.iter().map(|(what, count)| format!("{count} {what}")).collect();
        self.say(&format!("{} in {:.1} s", figures.join(", "), self.begun.elapsed().as_secs_f64()));
    }

    #[expect(clippy::print_stdout, reason = "a person who asked for figures reads them there")]
    fn say(&self, what: &str) {
        println!("model of {}: {what}", self.name);
    }
}
