//! A disk that takes no more.

use std::process::Command;
use std::sync::Arc;

use adw_store::conformance::samples::{advance, adw_id, append, create, new_workflow, start, task};
use adw_store::sqlite::{Options, SqliteStore};
use adw_store::{NewWorkflow, ReadWorkflows as _, Store as _, StoreError, Stored, WriteWorkflows as _};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Place;

fn large(n: usize, bytes: usize) -> NewWorkflow {
    let mut task = task("Large");
    task.description = Some("x".repeat(bytes));
    new_workflow(&format!("large_{n}"), task)
}

/// Writes until it is refused, and answers with what was taken and why no more was.
async fn fill(store: &SqliteStore) -> (Vec<Stored>, StoreError) {
    let mut taken = Vec::new();
    loop {
        match store.create(large(taken.len(), 20_000)).await {
            Ok(stored) => taken.push(stored),
            Err(error) => return (taken, error),
        }
    }
}

async fn all_there(store: &SqliteStore, taken: &[Stored]) {
    for stored in taken {
        let id = &stored.workflow.adw_id;
        assert_eq!(store.workflow(id).await.unwrap().as_ref(), Some(stored));
    }
}

#[tokio::test]
async fn a_full_store_says_so_and_keeps_what_it_has() {
    let place = Place::new();
    let limited = Options::new(place.path()).max_bytes(1024 * 1024);
    let store = SqliteStore::open(limited).await.unwrap();
    let (taken, error) = fill(&store).await;
    assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("full")), "{error}");
    assert!(taken.len() > 20);
    all_there(&store, &taken).await;
    store.close().await;

    let store = place.open().await;
    all_there(&store, &taken).await;
    create(&*store, "there_is_room_again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_does_not_keep_small_things_out() {
    let place = Place::new();
    let store = Arc::new(SqliteStore::open(Options::new(place.path()).max_bytes(1024 * 1024)).await.unwrap());
    let writes: Vec<_> = (0..30)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let bytes = if n % 3 == 0 { 2 * 1024 * 1024 } else { 10 };
                store.create(large(n, bytes)).await
            })
        })
        .collect();
    for (n, write) in writes.into_iter().enumerate() {
        let answer = write.await.unwrap();
        assert_eq!(answer.is_err(), n % 3 == 0, "{n}: {answer:?}");
    }
}

/// Set for the process in which files may not grow beyond a limit.
const LIMITED: &str = "ADW_STORE_TEST_LIMITED_FILES";
/// In blocks of 512 bytes.
const BLOCKS: &str = "2048";

/// An error of the file itself, in a process of its own, since the limit is the whole process's.
#[test]
fn after_an_io_error_the_database_is_opened_and_read_again() {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "disk::in_a_process_with_limited_files", "--nocapture"])
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn in_a_process_with_limited_files() {
    if std::env::var_os(LIMITED).is_none() {
        return;
    }
    let place = Place::new();
    let store = place.open().await;
    let first = create(&*store, "first").await;
    let (taken, error) = fill(&store).await;
    assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("I/O")), "{error}");
    all_there(&store, &taken).await;

    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: maximum, maximum }).unwrap();
    // Nothing is written to what can't be read again.
    place.tamper("DROP TRIGGER events_never_change; UPDATE events SET at = at + 1 WHERE seq = 1").await;
    let refused = store.append(append(&first, start())).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    place.tamper("UPDATE events SET at = at - 1 WHERE seq = 1").await;

    let first = advance(&*store, &first, start()).await;
    store.create(large(20_000, 20_000)).await.unwrap();
    all_there(&store, &taken).await;
    store.close().await;

    let store = place.open().await;
    all_there(&store, &taken).await;
    assert_eq!(store.workflow(&adw_id("first")).await.unwrap(), Some(first));
}
