//! Plugins that misbehave, beside those who do their work: what the latter notice of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use adw_test_guests::HOSTILE;
use serde_json::json;
use support::{api::Api, feed::Feed, repository::Repository, server::Server};
use tokio::sync::watch;

const STAGES: &str = r#"
[stages.rest]
plugin = "builtin:noop"

[stages.spin]
path = "../hostile.wasm"
config = { does = "loop" }
limits = { cpu = "2s" }
[stages.allocate]
path = "../hostile.wasm"
config = { does = "allocate" }
[stages.log]
path = "../hostile.wasm"
config = { does = "log", times = 1_000_000 }

[pipelines.default]
stages = ["rest"]
"#;

/// What the plugin's imports ask for.
const GRANTS: &str = "workspace = \"write\"\nexec = []\nagent = [\"*\"]\nhttp = []\n";

/// What the two who misbehave do, over and over.
const DEEDS: [&str; 3] = ["spin", "allocate", "log"];

/// Peace and trouble take turns, so that whatever else the machine does falls on both alike.
const ROUNDS: usize = 2;
const TASKS_A_ROUND: usize = 100;

/// What is promised of a release build, and, of one for debugging, what tells a fault from the machine's mood.
struct Bounds {
    /// Of 99 in a hundred: to be created, and from then to its end.
    p99: Duration,
    /// How many times as long a task may take in trouble, and how much longer in any case. Holds for the median and the
    /// mean. The slowest few have no such bound: on two CPUs that are both busy they wait for a tick of the kernel's clock
    /// (4 ms), as they do beside two programs of the lowest priority that have nothing to do with adw.
    times: u32,
    leeway: Duration,
}

const BOUNDS: Bounds = if cfg!(debug_assertions) {
    Bounds { p99: Duration::from_millis(150), times: 2, leeway: Duration::from_millis(10) }
} else {
    Bounds { p99: Duration::from_millis(20), times: 2, leeway: Duration::ZERO }
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_misbehave_leave_others_their_time() {
    let repository = Repository::of(&[]);
    std::fs::write(repository.beside("hostile.wasm"), HOSTILE).unwrap();
    let grants = DEEDS.map(|deed| format!("[stages.{deed}.grants]\n{GRANTS}")).concat();
    repository.write("adw.toml", &format!("{STAGES}{grants}"));
    let server = Server::start(&repository).await;
    let api = &server.api;
    // The first of all pays for connections and files.
    Times::of(api, 10).await;
    for deed in DEEDS {
        let (mut peace, mut trouble) = (Times::default(), Times::default());
        for _ in 0..ROUNDS {
            peace.add(Times::of(api, TASKS_A_ROUND).await);
            trouble.add(in_trouble(api, deed).await);
        }
        peace.print("in peace");
        trouble.print(&format!("beside two that {deed}"));
        compare(deed, &peace, &trouble);
    }
}

/// The times of tasks while two others misbehave at once.
async fn in_trouble(api: &Api, deed: &str) -> Times {
    let (end, over) = watch::channel(false);
    let watched = async {
        let times = Times::of(api, TASKS_A_ROUND).await;
        end.send_replace(true);
        times
    };
    let (times, ..) =
        tokio::join!(watched, misbehave(api, deed, over.clone()), misbehave(api, deed, over.clone()));
    times
}

fn compare(deed: &str, peace: &Times, trouble: &Times) {
    for (what, p99) in [("to be taken", trouble.create(99)), ("to end", trouble.run(99))] {
        assert!(p99 < BOUNDS.p99, "beside two that {deed}, a task took {p99:?} {what} (p99)");
    }
    for (what, before, now) in
        [("the median", peace.run(50), trouble.run(50)), ("the mean", mean(&peace.run), mean(&trouble.run))]
    {
        let most = before * BOUNDS.times + BOUNDS.leeway;
        assert!(
            now <= most,
            "beside two that {deed}, {what} of a noop stage went from {before:?} to {now:?}"
        );
    }
}

/// One workflow after the other that does what it shouldn't. The one that is under way when all is over is cancelled:
/// what it would still do is of no interest.
async fn misbehave(api: &Api, deed: &str, mut over: watch::Receiver<bool>) {
    while !*over.borrow() {
        let adw_id = api.create(&json!({ "title": deed, "stages": [deed] })).await;
        let mut feed = Feed::open(api, &adw_id, Some(0)).await;
        tokio::select! {
            _ = feed.until_end() => {}
            _ = over.wait_for(|over| *over) => drop(api.cancel(&adw_id).await),
        }
    }
}

/// Names for tasks.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// How long it took to hand over tasks, and from then to their end.
#[derive(Default)]
struct Times {
    create: Vec<Duration>,
    run: Vec<Duration>,
}

impl Times {
    /// Of tasks of one noop stage, one after the other.
    async fn of(api: &Api, tasks: usize) -> Self {
        let mut times = Self::default();
        for _ in 0..tasks {
            let adw_id = format!("rest_{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let mut feed = Feed::open(api, &adw_id, None).await;
            let begun = Instant::now();
            api.create(&json!({ "title": "Rest", "adw_id": adw_id })).await;
            let created = Instant::now();
            feed.until_end().await;
            times.create.push(created - begun);
            times.run.push(created.elapsed());
        }
        times
    }

    fn add(&mut self, more: Self) {
        self.create.extend(more.create);
        self.run.extend(more.run);
    }

    fn create(&self, percent: usize) -> Duration {
        at(&self.create, percent)
    }

    fn run(&self, percent: usize) -> Duration {
        at(&self.run, percent)
    }

    fn print(&self, when: &str) {
        anstream::println!(
            "{when}: create {:?} (p50) {:?} (p99), noop stage {:?} (mean) {:?} (p50) {:?} (p90) {:?} (p99), of {} tasks",
            self.create(50),
            self.create(99),
            mean(&self.run),
            self.run(50),
            self.run(90),
            self.run(99),
            self.run.len()
        );
    }
}

fn mean(times: &[Duration]) -> Duration {
    times.iter().sum::<Duration>() / u32::try_from(times.len()).unwrap()
}

fn at(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}
