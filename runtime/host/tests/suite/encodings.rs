//! What is written into journals keeps its bytes: these snapshots are only ever added to.

use adw_host::capability::{
    agent, artifacts, clock, exec, http, human, log, random, state, workspace, workspace_write,
};
use adw_host::{Answer, Bytes, Call, CallError, Entry, Record, Reply, Sha256, Suspension, Waiting};
use proptest::prelude::*;
use serde_json::json;

fn text(text: &str) -> String {
    text.to_owned()
}

fn calls() -> Vec<Call> {
    let bare = exec::Command {
        program: text("cargo"),
        args: vec![text("test")],
        env: Vec::new(),
        cwd: None,
        stdin: None,
        timeout_ms: None,
    };
    let full = exec::Command {
        env: vec![(text("CI"), text("1"))],
        cwd: Some(text("crates/a")),
        stdin: Some(Bytes(vec![0, 255])),
        timeout_ms: Some(5_000),
        ..bare.clone()
    };
    let asks = agent::Request {
        prompt: text("Fix it."),
        agent: None,
        session: None,
        writes: false,
        schema: None,
        timeout_ms: None,
    };
    vec![
        Call::Log(log::Call::Write { level: log::Level::Warn, message: text("careful") }),
        Call::Log(log::Call::Progress { percent: 50, message: text("half") }),
        Call::Workspace(workspace::Call::Read { path: text("src/lib.rs") }),
        Call::Workspace(workspace::Call::Glob { pattern: text("**/*.rs") }),
        Call::Workspace(workspace::Call::Diff { since: None }),
        Call::Workspace(workspace::Call::Diff { since: Some(text("base")) }),
        Call::WorkspaceWrite(workspace_write::Call::Write { path: text("a"), content: Bytes::from("hello") }),
        Call::WorkspaceWrite(workspace_write::Call::Remove { path: text("a") }),
        Call::WorkspaceWrite(workspace_write::Call::Commit { message: text("fix: it") }),
        Call::WorkspaceWrite(workspace_write::Call::Checkpoint { label: text("before") }),
        Call::WorkspaceWrite(workspace_write::Call::Restore { checkpoint: text("c0ffee") }),
        Call::Exec(bare),
        Call::Exec(full),
        Call::Agent(asks.clone()),
        Call::Agent(agent::Request {
            agent: Some(text("claude")),
            session: Some(text("s1")),
            writes: true,
            schema: Some(json!({"type": "object"})),
            timeout_ms: Some(1),
            ..asks
        }),
        Call::Http(http::Request {
            method: text("POST"),
            url: text("https://a.example/x"),
            headers: vec![(text("accept"), text("*/*"))],
            body: Some(Bytes::from("{}")),
            timeout_ms: Some(9),
        }),
        Call::Human(human::Question {
            text: text("Ship?"),
            choices: vec![text("yes")],
            schema: Some(json!(true)),
        }),
        Call::Clock(clock::Call::Now),
        Call::Clock(clock::Call::Sleep { milliseconds: 7 }),
        Call::Random(random::Request { length: 16 }),
        Call::State(state::Call::Get { key: text("k") }),
        Call::State(state::Call::Set { key: text("k"), value: Bytes::from("v") }),
        Call::Artifacts(artifacts::Call::Put {
            name: text("report"),
            media_type: text("text/plain"),
            content: Bytes::from("r"),
        }),
        Call::Artifacts(artifacts::Call::Get { name: text("report") }),
    ]
}

fn replies() -> Vec<Reply> {
    vec![
        Reply::Log,
        Reply::Workspace(workspace::Reply::File(Bytes::from("hello"))),
        Reply::Workspace(workspace::Reply::Paths(vec![text("a"), text("b")])),
        Reply::Workspace(workspace::Reply::Diff(text("--- a"))),
        Reply::WorkspaceWrite(workspace_write::Reply::Done),
        Reply::WorkspaceWrite(workspace_write::Reply::Commit(None)),
        Reply::WorkspaceWrite(workspace_write::Reply::Commit(Some(text("c0ffee")))),
        Reply::WorkspaceWrite(workspace_write::Reply::Checkpoint(text("c0ffee"))),
        Reply::Exec(exec::Output {
            exit: exec::Exit::Code(101),
            stdout: Bytes::from("out"),
            stderr: Bytes::from("err"),
            duration_ms: 12,
        }),
        Reply::Exec(exec::Output {
            exit: exec::Exit::Signal(9),
            stdout: Bytes::default(),
            stderr: Bytes::default(),
            duration_ms: 0,
        }),
        Reply::Exec(exec::Output {
            exit: exec::Exit::TimedOut,
            stdout: Bytes::default(),
            stderr: Bytes::default(),
            duration_ms: 0,
        }),
        Reply::Agent(agent::Answer {
            agent: text("claude"),
            text: text("Done."),
            structured: Some(json!({"ok": true})),
            session: Some(text("s1")),
            changes: vec![text("a.rs")],
            usage: [(text("cost_usd"), text("0.02"))].into(),
        }),
        Reply::Http(http::Response {
            status: 204,
            headers: vec![(text("date"), text("x"))],
            body: Bytes::default(),
        }),
        Reply::Human(json!("yes")),
        Reply::Clock(clock::Reply::Now(1_700_000_000_000)),
        Reply::Clock(clock::Reply::Slept),
        Reply::Random(Bytes(vec![1, 2, 3])),
        Reply::State(state::Reply::Value(None)),
        Reply::State(state::Reply::Value(Some(Bytes::from("v")))),
        Reply::State(state::Reply::Set),
        Reply::Artifacts(artifacts::Reply::Stored(text("ab12"))),
        Reply::Artifacts(artifacts::Reply::Content(Some(Bytes::from("r")))),
    ]
}

fn errors() -> Vec<CallError> {
    vec![
        CallError::Denied(text("why")),
        CallError::Invalid(text("why")),
        CallError::NotFound(text("why")),
        CallError::Timeout(text("why")),
        CallError::Budget(text("why")),
        CallError::Interrupted(text("why")),
        CallError::Unavailable(text("why")),
        CallError::Agent(agent::Failed { class: text("auth"), message: text("why"), session: None }),
    ]
}

#[test]
fn calls_keep_their_encoding_and_hash() {
    let golden: Vec<String> =
        calls().iter().map(|call| format!("{:.16} {}", call.hash(), call.encode())).collect();
    insta::assert_snapshot!(golden.join("\n"));
    for call in calls() {
        assert_eq!(Call::decode(&call.encode()), Ok(call));
    }
}

#[test]
fn answers_keep_their_encoding() {
    let hash = Sha256::of(b"");
    let answers: Vec<Answer> = replies().into_iter().map(Ok).chain(errors().into_iter().map(Err)).collect();
    let entries: Vec<Entry> = answers.iter().map(|answer| Entry::answered(1, hash, answer)).collect();
    insta::assert_snapshot!(entries.iter().map(|entry| entry.body.as_str()).collect::<Vec<_>>().join("\n"));
    for (entry, answer) in entries.iter().zip(answers) {
        assert_eq!(entry.decode(), Ok(Record::Answered { call: None, answer }));
    }
}

#[test]
fn entries_keep_their_encoding() {
    let call = Call::Clock(clock::Call::Now);
    let waits = [
        Suspension { why: Waiting::Question, until_ms: None, session: None },
        Suspension { why: Waiting::Timer, until_ms: Some(5), session: None },
        Suspension { why: Waiting::RateLimit, until_ms: Some(5), session: Some(text("s1")) },
        Suspension { why: Waiting::Paused, until_ms: None, session: None },
        Suspension { why: Waiting::AgentByHand, until_ms: None, session: None },
    ];
    let hash = call.hash();
    let mut entries = vec![
        Entry::asked(1, &call),
        Entry::answered_at_once(2, hash, &call, &Ok(Reply::Clock(clock::Reply::Now(1)))),
    ];
    entries.extend(waits.iter().map(|suspension| Entry::parked(3, hash, suspension)));
    let golden: Vec<String> = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    insta::assert_snapshot!(golden.join("\n"));
    for (entry, golden) in entries.iter().zip(golden) {
        assert_eq!(*entry, serde_json::from_str(&golden).unwrap());
        assert!(entry.decode().is_ok());
    }
}

proptest! {
    #[test]
    fn any_bytes_and_texts_come_back_as_they_were(content: Vec<u8>, path: String, key: String) {
        let call = Call::WorkspaceWrite(workspace_write::Call::Write { path, content: Bytes(content.clone()) });
        prop_assert_eq!(Call::decode(&call.encode()), Ok(call));
        let answer: Answer = Ok(Reply::State(state::Reply::Value(Some(Bytes(content)))));
        let entry = Entry::answered(1, Sha256::of(key.as_bytes()), &answer);
        prop_assert_eq!(entry.decode(), Ok(Record::Answered { call: None, answer }));
    }

    #[test]
    fn any_body_is_read_or_refused_without_a_panic(body: String) {
        let _ = Call::decode(&body);
    }
}
