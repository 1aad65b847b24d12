//! What is written when, and what is answered from what was written.

use std::sync::{Arc, Mutex};

use adw_core::Grants;
use adw_host::capability::{clock, log, state, workspace, workspace_write};
use adw_host::{
    Answer, Bytes, Call, CallError, Effects, Entry, EntryKind, Granted, Journal, JournalError, Journaled,
    Record, Reply, Stop, Suspension, Waiting,
};
use async_trait::async_trait;

use crate::scripted::Scripted;

/// Keeps batches in memory, and can be made to fail.
#[derive(Default)]
struct Memory {
    batches: Mutex<Vec<Vec<Entry>>>,
    broken: bool,
}

impl Memory {
    fn entries(&self) -> Vec<Entry> {
        self.batches.lock().unwrap().concat()
    }

    /// `1 asked` and so on, a line a batch.
    fn story(&self) -> Vec<String> {
        let batches = self.batches.lock().unwrap();
        let say = |entry: &Entry| format!("{} {:?}", entry.n, entry.kind).to_lowercase();
        batches.iter().map(|batch| batch.iter().map(say).collect::<Vec<_>>().join(", ")).collect()
    }
}

#[async_trait]
impl Journal for Memory {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError("the disk is full".to_owned()));
        }
        self.batches.lock().unwrap().push(entries);
        Ok(())
    }
}

fn read(path: &str) -> Call {
    Call::Workspace(workspace::Call::Read { path: path.to_owned() })
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is a result")]
fn file(text: &str) -> Answer {
    Ok(Reply::Workspace(workspace::Reply::File(text.into())))
}

fn write(path: &str) -> Call {
    Call::WorkspaceWrite(workspace_write::Call::Write { path: path.to_owned(), content: Bytes::from("x") })
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is a result")]
fn done() -> Answer {
    Ok(Reply::WorkspaceWrite(workspace_write::Reply::Done))
}

fn line() -> Call {
    Call::Log(log::Call::Write { level: log::Level::Info, message: "on".to_owned() })
}

/// Carries out a call as the host does.
async fn make(effects: &dyn Effects, n: u32, call: Call) -> Result<Answer, Stop> {
    match effects.admit(&call).await {
        Ok(()) => effects.perform(n, call).await,
        Err(error) => Ok(Err(error)),
    }
}

#[tokio::test]
async fn an_effect_is_asked_then_answered_and_reads_wait_for_it() {
    let memory = Arc::new(Memory::default());
    let script = Scripted::new([Ok(file("a")), Ok(file("b")), Ok(Ok(Reply::Log)), Ok(done()), Ok(file("c"))]);
    let journaled = Journaled::new(memory.clone(), script.clone(), Vec::new());
    for (n, call) in (1..).zip([read("a"), read("b"), line(), write("c"), read("d")]) {
        assert!(make(&journaled, n, call).await.unwrap().is_ok());
    }
    assert_eq!(memory.story(), ["1 answered, 2 answered, 4 asked", "4 answered"]);
    journaled.flush().await.unwrap();
    assert_eq!(memory.story().last().unwrap(), "5 answered");
    assert_eq!(script.made().len(), 5);
}

#[tokio::test]
async fn the_intent_is_durable_before_the_effect_and_the_answer_before_the_guest_sees_it() {
    /// Looks into the journal when it is performed.
    struct Looks(Arc<Memory>, Mutex<Vec<Vec<String>>>);

    #[async_trait]
    impl Effects for Looks {
        async fn admit(&self, _call: &Call) -> Result<(), CallError> {
            assert!(self.0.entries().is_empty(), "it was asked before it was admitted");
            Ok(())
        }

        async fn perform(&self, _n: u32, _call: Call) -> Result<Answer, Stop> {
            self.1.lock().unwrap().push(self.0.story());
            Ok(done())
        }
    }

    let memory = Arc::new(Memory::default());
    let looks = Arc::new(Looks(memory.clone(), Mutex::default()));
    make(&Journaled::new(memory.clone(), looks.clone(), Vec::new()), 1, write("a")).await.unwrap().unwrap();
    assert_eq!(*looks.1.lock().unwrap(), [["1 asked"]]);
    assert_eq!(memory.story(), ["1 asked", "1 answered"]);
}

#[tokio::test]
async fn a_denial_is_an_answer_without_an_intent() {
    let memory = Arc::new(Memory::default());
    let inner = Granted::new(Grants::default(), "test", Scripted::new([]));
    let journaled = Journaled::new(memory.clone(), inner, Vec::new());
    let answer = make(&journaled, 1, write("a")).await.unwrap();
    assert!(matches!(answer, Err(CallError::Denied(_))));
    assert_eq!(memory.story(), ["1 answered"]);
    let Record::Answered { call, answer: recorded } = memory.entries()[0].decode().unwrap() else { panic!() };
    assert_eq!((call, recorded), (Some(write("a")), answer));
}

#[tokio::test]
async fn a_stop_answers_nothing() {
    for stop in [Stop::Cancelled, Stop::Failed("no".to_owned())] {
        let memory = Arc::new(Memory::default());
        let journaled = Journaled::new(memory.clone(), Scripted::new([Err(stop.clone())]), Vec::new());
        assert_eq!(make(&journaled, 1, write("a")).await, Err(stop));
        assert_eq!(memory.story(), ["1 asked"]);
    }
}

#[tokio::test]
async fn a_suspended_call_is_parked_and_goes_on_in_the_next_run() {
    let suspension = Suspension { why: Waiting::Timer, until_ms: Some(99), session: None };
    let sleep = || Call::Clock(clock::Call::Sleep { milliseconds: 9 });
    let memory = Arc::new(Memory::default());
    let script = Scripted::new([Err(Stop::Suspended(suspension.clone()))]);
    let journaled = Journaled::new(memory.clone(), script, Vec::new());
    assert_eq!(make(&journaled, 1, sleep()).await, Err(Stop::Suspended(suspension.clone())));
    assert_eq!(memory.story(), ["1 asked", "1 parked"]);
    assert_eq!(memory.entries()[1].decode(), Ok(Record::Parked(suspension)));

    let again = Arc::new(Memory::default());
    let slept = Scripted::new([Ok(Ok(Reply::Clock(clock::Reply::Slept)))]);
    let journaled = Journaled::new(again.clone(), slept, memory.entries());
    assert!(make(&journaled, 1, sleep()).await.unwrap().is_ok());
    assert_eq!(again.story(), ["1 answered"]);
}

/// What a first run of some calls writes.
async fn recorded(calls: &[(u32, Call, Answer)]) -> Vec<Entry> {
    let memory = Arc::new(Memory::default());
    let script = Scripted::new(calls.iter().map(|(_, _, answer)| Ok(answer.clone())));
    let journaled = Journaled::new(memory.clone(), script, Vec::new());
    for (n, call, _) in calls {
        let _ = make(&journaled, *n, call.clone()).await.unwrap();
    }
    journaled.flush().await.unwrap();
    memory.entries()
}

#[tokio::test]
async fn recorded_calls_are_answered_from_the_record_and_the_first_other_one_is_real() {
    let lost: Answer = Err(CallError::NotFound("b".to_owned()));
    let before = recorded(&[
        (1, read("a"), file("a")),
        (2, line(), Ok(Reply::Log)),
        (3, write("b"), lost.clone()),
        (4, read("c"), file("c")),
    ])
    .await;
    let memory = Arc::new(Memory::default());
    let script = Scripted::new([Ok(Ok(Reply::Log)), Ok(done())]);
    // Grants are gone meanwhile: what was let through is not asked again.
    let inner = Granted::new(Grants::default(), "test", script.clone());
    let journaled = Journaled::new(memory.clone(), inner, before);
    assert_eq!(make(&journaled, 1, read("a")).await, Ok(file("a")));
    assert_eq!(make(&journaled, 2, line()).await, Ok(Ok(Reply::Log)));
    assert_eq!(make(&journaled, 3, write("b")).await, Ok(lost));
    assert_eq!(make(&journaled, 4, read("c")).await, Ok(file("c")));
    assert_eq!(script.made(), [], "nothing on record is made again, no line written twice");
    assert_eq!(make(&journaled, 5, line()).await, Ok(Ok(Reply::Log)));
    assert!(matches!(make(&journaled, 6, write("d")).await, Ok(Err(CallError::Denied(_)))));
    assert_eq!(script.made(), [(5, line())]);
    assert_eq!(memory.story(), ["6 answered"]);
}

#[tokio::test]
async fn a_call_in_doubt_is_done_without_asking_again() {
    let asked = vec![Entry::asked(1, &write("a"))];
    let memory = Arc::new(Memory::default());
    let script = Scripted::new([Ok(done())]);
    let inner = Granted::new(Grants::default(), "test", script.clone());
    let journaled = Journaled::new(memory.clone(), inner, asked);
    assert_eq!(make(&journaled, 1, write("a")).await, Ok(done()));
    assert_eq!(memory.story(), ["1 answered"]);
    assert_eq!(script.made(), [(1, write("a"))]);
}

async fn diverged(before: Vec<Entry>, n: u32, call: Call) -> String {
    let script = Scripted::new([]);
    let journaled = Journaled::new(Memory::default(), script.clone(), before);
    let Err(Stop::Diverged(divergence)) = make(&journaled, n, call).await else {
        panic!("it did not diverge")
    };
    assert_eq!(script.made(), []);
    divergence.to_string()
}

#[tokio::test]
async fn another_request_than_the_recorded_one_shows_both() {
    let before = recorded(&[(1, read("a"), file("a")), (2, write("b"), done())]).await;
    insta::assert_snapshot!(diverged(before.clone(), 1, read("z")).await);
    insta::assert_snapshot!(diverged(before.clone(), 2, write("z")).await);
    insta::assert_snapshot!(diverged(before, 1, line()).await);
}

#[tokio::test]
async fn a_gap_in_the_record_is_a_divergence() {
    let before = recorded(&[(1, line(), Ok(Reply::Log)), (2, write("b"), done())]).await;
    insta::assert_snapshot!(diverged(before, 1, read("a")).await);
}

#[tokio::test]
async fn a_record_that_can_not_be_read_is_a_divergence_and_no_panic() {
    let whole = recorded(&[(1, write("a"), done())]).await;
    for body in [
        "",
        "{",
        "null",
        r#"{"v":1}"#,
        r#"{"v":1,"answer":{"reply":{"telepathy":1}}}"#,
        r#"{"v":2,"answer":0}"#,
    ] {
        let mut before = whole.clone();
        before[1].body = body.to_owned();
        let said = diverged(before, 1, write("a")).await;
        assert!(said.contains("nondeterminism at call 1"), "{said}");
    }
    let newer = Entry { kind: EntryKind::Answered, body: r#"{"v":2}"#.to_owned(), ..whole[0].clone() };
    assert!(newer.decode().unwrap_err().to_string().contains("has format 2, this runtime reads 1"));
}

#[tokio::test]
async fn a_journal_that_can_not_be_written_stops_the_attempt_before_the_effect() {
    let script = Scripted::new([Ok(done())]);
    let broken = Memory { broken: true, ..Memory::default() };
    let journaled = Journaled::new(broken, script.clone(), Vec::new());
    let stop = make(&journaled, 1, write("a")).await.unwrap_err();
    assert_eq!(stop, Stop::Failed("the journal could not be written: the disk is full".to_owned()));
    assert_eq!(script.made(), []);
}

#[tokio::test]
async fn answers_of_reads_are_not_held_back_without_end() {
    let memory = Arc::new(Memory::default());
    let large = "x".repeat(600 << 10);
    let script = Scripted::new((0..3).map(|_| Ok(file(&large))));
    let journaled = Journaled::new(memory.clone(), script, Vec::new());
    for n in 1..=3 {
        make(&journaled, n, read("a")).await.unwrap().unwrap();
    }
    assert_eq!(memory.story(), ["1 answered, 2 answered"]);
}

#[tokio::test]
async fn small_values_are_read_and_written_alike() {
    let memory = Arc::new(Memory::default());
    let get = Call::State(state::Call::Get { key: "k".to_owned() });
    let set = Call::State(state::Call::Set { key: "k".to_owned(), value: Bytes::from("v") });
    let value = Ok(Ok(Reply::State(state::Reply::Value(None))));
    let script = Scripted::new([value, Ok(Ok(Reply::State(state::Reply::Set)))]);
    let journaled = Journaled::new(memory.clone(), script, Vec::new());
    make(&journaled, 1, get).await.unwrap().unwrap();
    make(&journaled, 2, set).await.unwrap().unwrap();
    assert_eq!(memory.story(), ["1 answered, 2 asked", "2 answered"]);
}
