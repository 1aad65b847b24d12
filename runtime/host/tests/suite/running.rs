//! Guests beside each other, and guests that nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adw_core::Limits;
use adw_host::capability::{clock, log};
use adw_host::{Answer, Call, CallError, Effects, Reply, Run, Stop};
use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::guest::{NOOP, guest};
use crate::scripted::{Fixture, Scripted, attempt};

const SPINNING: &str = r#"(func (export "run") (param i32) (result i32) (loop $on (br $on)) (i32.const 0))"#;
const SLEEPING: &str = r#"(import "adw:stage/clock@0.1.0" "sleep" (func $sleep (param i64 i32)))---
    (func (export "run") (param i32) (result i32) (call $sleep (i64.const 1) (i32.const 2048)) unreachable)"#;

/// For a guest that spins until it is dropped: a test that waits for its fuel would fail by its time.
const ENDLESS: Limits = Limits { memory_bytes: 16 << 20, cpu_ms: 3_600_000 };

/// Never answers, but tells that it was asked, and when it is dropped.
#[derive(Default)]
struct Silent {
    asked: Notify,
    dropped: Arc<Notify>,
}

struct TellsDrop(Arc<Notify>);

impl Drop for TellsDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[async_trait]
impl Effects for Silent {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, _n: u32, _call: Call) -> Result<Answer, Stop> {
        let _dropped = TellsDrop(Arc::clone(&self.dropped));
        self.asked.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn guests_that_spin_let_others_have_their_turn() {
    let fixture = Arc::new(Fixture::with(|config| config.threads = 1));
    let spinning = fixture.host.load(guest(SPINNING)).await.unwrap();
    let noop = fixture.host.load(guest(NOOP)).await.unwrap();
    let mut spinners = JoinSet::new();
    for _ in 0..2 {
        let (fixture, spinning) = (Arc::clone(&fixture), spinning.clone());
        spinners.spawn(async move {
            fixture.host.run(&spinning, Run { limits: ENDLESS, ..attempt(Scripted::new([])) }).await
        });
    }
    tokio::task::yield_now().await;
    let ran =
        tokio::time::timeout(Duration::from_secs(30), fixture.host.run(&noop, attempt(Scripted::new([]))));
    assert!(ran.await.unwrap().result.is_ok());
}

#[tokio::test]
async fn guests_that_compute_for_long_keep_no_short_one_waiting() {
    /// A turn of ten milliseconds for each of these would be half a second.
    const SHORT: u32 = 50;
    let fixture = Arc::new(Fixture::with(|config| config.threads = 1));
    let spinning = fixture.host.load(guest(SPINNING)).await.unwrap();
    let noop = fixture.host.load(guest(NOOP)).await.unwrap();
    let short = async || {
        let begun = Instant::now();
        for _ in 0..SHORT {
            assert!(fixture.host.run(&noop, attempt(Scripted::new([]))).await.result.is_ok());
        }
        begun.elapsed()
    };
    let alone = short().await;
    let mut spinners = JoinSet::new();
    for _ in 0..2 {
        let (fixture, spinning) = (Arc::clone(&fixture), spinning.clone());
        spinners.spawn(async move {
            fixture.host.run(&spinning, Run { limits: ENDLESS, ..attempt(Scripted::new([])) }).await
        });
    }
    // They begin among the quick, and each has its turns there.
    short().await;
    let beside_spinners = short().await;
    let most = alone * 3 + Duration::from_millis(150);
    assert!(
        beside_spinners < most,
        "{SHORT} short guests took {alone:?} alone and {beside_spinners:?} beside two that spin"
    );
}

#[tokio::test]
async fn a_run_that_is_dropped_frees_its_slot() {
    let fixture = Fixture::with(|config| {
        config.slots = 1;
        config.threads = 1;
    });
    let spinning = fixture.host.load(guest(SPINNING)).await.unwrap();
    let run = fixture.host.run(&spinning, Run { limits: ENDLESS, ..attempt(Scripted::new([])) });
    assert!(tokio::time::timeout(Duration::from_millis(30), run).await.is_err(), "it was to spin");
    let after = tokio::time::timeout(Duration::from_secs(30), fixture.run(guest(NOOP), Scripted::new([])));
    assert!(after.await.unwrap().result.is_ok());
}

#[tokio::test]
async fn a_run_that_is_dropped_drops_the_call_under_way() {
    let fixture = Fixture::with(|config| config.slots = 1);
    let sleeping = fixture.host.load(guest(SLEEPING)).await.unwrap();
    let silent = Arc::new(Silent::default());
    {
        let run = fixture.host.run(&sleeping, attempt(silent.clone()));
        tokio::select! {
            ran = run => panic!("{ran:?}"),
            () = silent.asked.notified() => {}
        }
    }
    silent.dropped.notified().await;
    assert!(fixture.run(guest(NOOP), Scripted::new([])).await.result.is_ok());
}

/// Counts how many calls are under way at once; each lasts until everybody else had several turns.
#[derive(Default)]
struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Effects for Crowd {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, _n: u32, _call: Call) -> Result<Answer, Stop> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(Ok(Reply::Clock(clock::Reply::Slept)))
    }
}

#[tokio::test]
async fn more_guests_than_slots_queue() {
    let fixture = Arc::new(Fixture::with(|config| config.slots = 3));
    let plugin =
        fixture.host.load(guest(&SLEEPING.replace("unreachable", "(call $done {{null}})"))).await.unwrap();
    let crowd = Arc::new(Crowd::default());
    let mut all = JoinSet::new();
    for _ in 0..30 {
        let (fixture, plugin, crowd) = (Arc::clone(&fixture), plugin.clone(), Arc::clone(&crowd));
        all.spawn(async move { fixture.host.run(&plugin, attempt(crowd)).await.result });
    }
    while let Some(result) = all.join_next().await {
        assert!(result.unwrap().is_ok());
    }
    let most = crowd.most.load(Ordering::SeqCst);
    assert!((1..=3).contains(&most), "{most} guests at once in 3 slots");
}

#[tokio::test]
async fn a_host_can_be_dropped_in_the_middle_of_everything() {
    let fixture = Fixture::new();
    let spinning = fixture.host.load(guest(SPINNING)).await.unwrap();
    let run = fixture.host.run(&spinning, Run { limits: ENDLESS, ..attempt(Scripted::new([])) });
    assert!(tokio::time::timeout(Duration::from_millis(20), run).await.is_err());
    drop(fixture);
}

#[tokio::test]
async fn a_log_is_bounded_by_line_and_by_attempt() {
    // A line of 100,000 zeros, two thousand times.
    let code = r#"(import "adw:stage/log@0.1.0" "write" (func $log (param i32 i32 i32)))---
        (func (export "run") (param i32) (result i32) (local $i i32)
          (memory.fill (i32.const 8192) (i32.const 48) (i32.const 100000))
          (loop $on
            (call $log (i32.const 1) (i32.const 8192) (i32.const 100000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $on (i32.lt_u (local.get $i) (i32.const 2000))))
          (call $done {{null}}))"#;
    let script = Scripted::new([]);
    let ran = Fixture::new().run(guest(code), script.clone()).await;
    assert!(ran.result.is_ok(), "{ran:?}");
    let lines: Vec<String> = script
        .made()
        .into_iter()
        .map(|(_, call)| match call {
            Call::Log(log::Call::Write { message, .. }) => message,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(lines[0].ends_with("… [91808 bytes cut]"), "{}", &lines[0][8000..]);
    assert_eq!(
        lines.last().unwrap(),
        "[plugin guest 0.1.0 has logged its 1 MiB; the rest of this attempt is left out: log less, or keep what is long as an artifact]"
    );
    let all: usize = lines.iter().map(String::len).sum();
    assert!(all > 900_000 && all <= 1 << 20, "{all} bytes in {} lines", lines.len());
}
