//! Each import is reached by its guest, answered, and held to its limits.

use adw_host::capability::{
    agent, artifacts, clock, exec, http, human, log, random, state, workspace, workspace_write,
};
use adw_host::{Bytes, Call, CallError, Outcome, Reply, Stop};
use serde_json::{Value, json};

use crate::guest::{RESULT, guest};
use crate::scripted::{Fixture, Scripted};

/// An import, the code that calls it and where its answer lies, and what goes over the border.
struct Case {
    import: &'static str,
    params: &'static str,
    call: String,
    /// Address of the text in the answer, behind discriminants and what comes before it.
    at: u32,
    asked: Call,
    reply: Reply,
    /// The data that the stage then gives; the replies hold JSON.
    data: Value,
}

impl Case {
    fn guest(&self) -> Vec<u8> {
        let (interface, function) = self.import.split_once('.').unwrap();
        guest(&format!(
            r#"(import "adw:stage/{interface}@0.1.0" "{function}" (func $call (param {} i32)))---
            (func (export "run") (param i32) (result i32)
              (call $call {} {RESULT})
              (call $answer (i32.const {})))"#,
            self.params, self.call, self.at
        ))
    }
}

fn bytes(text: &str) -> Bytes {
    text.into()
}

fn workspace_cases() -> Vec<Case> {
    vec![
        Case {
            import: "workspace.read",
            params: "i32 i32",
            call: "{{src/lib.rs}}".to_owned(),
            at: 2052,
            asked: Call::Workspace(workspace::Call::Read { path: "src/lib.rs".to_owned() }),
            reply: Reply::Workspace(workspace::Reply::File(bytes("\"a file\""))),
            data: json!("a file"),
        },
        Case {
            import: "workspace.diff",
            params: "i32 i32 i32",
            call: "(i32.const 1) {{base}}".to_owned(),
            at: 2052,
            asked: Call::Workspace(workspace::Call::Diff { since: Some("base".to_owned()) }),
            reply: Reply::Workspace(workspace::Reply::Diff("\"a diff\"".to_owned())),
            data: json!("a diff"),
        },
        Case {
            import: "workspace-write.commit",
            params: "i32 i32",
            call: "{{fix: it}}".to_owned(),
            at: 2056,
            asked: Call::WorkspaceWrite(workspace_write::Call::Commit { message: "fix: it".to_owned() }),
            reply: Reply::WorkspaceWrite(workspace_write::Reply::Commit(Some("\"c0ffee\"".to_owned()))),
            data: json!("c0ffee"),
        },
        Case {
            import: "workspace-write.checkpoint",
            params: "i32 i32",
            call: "{{before}}".to_owned(),
            at: 2052,
            asked: Call::WorkspaceWrite(workspace_write::Call::Checkpoint { label: "before".to_owned() }),
            reply: Reply::WorkspaceWrite(workspace_write::Reply::Checkpoint("\"cp\"".to_owned())),
            data: json!("cp"),
        },
    ]
}

fn outside_cases() -> Vec<Case> {
    let none = "(i32.const 0) (i32.const 0) (i32.const 0)";
    let no_list = "(i32.const 0) (i32.const 0)";
    let no_time = "(i32.const 0) (i64.const 0)";
    vec![
        Case {
            import: "exec.run",
            params: "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64",
            call: format!(
                "{{{{cargo}}}} {no_list} {no_list} (i32.const 1) {{{{src}}}} (i32.const 1) {{{{in}}}} {no_time}"
            ),
            at: 2064,
            asked: Call::Exec(exec::Command {
                program: "cargo".to_owned(),
                args: Vec::new(),
                env: Vec::new(),
                cwd: Some("src".to_owned()),
                stdin: Some(bytes("in")),
                timeout_ms: None,
            }),
            reply: Reply::Exec(exec::Output {
                exit: exec::Exit::Code(0),
                stdout: bytes("\"out\""),
                stderr: bytes(""),
                duration_ms: 12,
            }),
            data: json!("out"),
        },
        Case {
            import: "agent.run",
            params: "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64",
            call: format!(
                "{{{{prompt}}}} {none} {none} (i32.const 1) (i32.const 1) {{{{true}}}} (i32.const 1) (i64.const 5)"
            ),
            at: 2060,
            asked: Call::Agent(agent::Request {
                prompt: "prompt".to_owned(),
                agent: None,
                session: None,
                writes: true,
                schema: Some(json!(true)),
                timeout_ms: Some(5),
            }),
            reply: Reply::Agent(agent::Answer {
                agent: "claude".to_owned(),
                text: "\"text\"".to_owned(),
                structured: None,
                session: None,
                changes: vec!["a".to_owned()],
                usage: [("turns".to_owned(), "1".to_owned())].into(),
            }),
            data: json!("text"),
        },
        Case {
            import: "http.send",
            params: "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64",
            call: format!("{{{{post}}}} {{{{https://a.example}}}} {no_list} {none} {no_time}"),
            at: 2064,
            asked: Call::Http(http::Request {
                method: "POST".to_owned(),
                url: "https://a.example".to_owned(),
                headers: Vec::new(),
                body: None,
                timeout_ms: None,
            }),
            reply: Reply::Http(http::Response { status: 200, headers: Vec::new(), body: bytes("\"body\"") }),
            data: json!("body"),
        },
        Case {
            import: "human.ask",
            params: "i32 i32 i32 i32 i32 i32 i32",
            call: format!("{{{{why}}}} {no_list} {none}"),
            at: 2052,
            asked: Call::Human(human::Question { text: "why".to_owned(), choices: Vec::new(), schema: None }),
            reply: Reply::Human(json!("because")),
            data: json!("because"),
        },
    ]
}

fn kept_cases() -> Vec<Case> {
    vec![
        Case {
            import: "random.bytes",
            params: "i32",
            call: "(i32.const 2)".to_owned(),
            at: 2052,
            asked: Call::Random(random::Request { length: 2 }),
            reply: Reply::Random(bytes("42")),
            data: json!(42),
        },
        Case {
            import: "state.get",
            params: "i32 i32",
            call: "{{key}}".to_owned(),
            at: 2056,
            asked: Call::State(state::Call::Get { key: "key".to_owned() }),
            reply: Reply::State(state::Reply::Value(Some(bytes("\"value\"")))),
            data: json!("value"),
        },
        Case {
            import: "artifacts.put",
            params: "i32 i32 i32 i32 i32 i32",
            call: "{{report}} {{text/plain}} {{content}}".to_owned(),
            at: 2052,
            asked: Call::Artifacts(artifacts::Call::Put {
                name: "report".to_owned(),
                media_type: "text/plain".to_owned(),
                content: bytes("content"),
            }),
            reply: Reply::Artifacts(artifacts::Reply::Stored("\"ab12\"".to_owned())),
            data: json!("ab12"),
        },
        Case {
            import: "artifacts.get",
            params: "i32 i32",
            call: "{{report}}".to_owned(),
            at: 2056,
            asked: Call::Artifacts(artifacts::Call::Get { name: "report".to_owned() }),
            reply: Reply::Artifacts(artifacts::Reply::Content(Some(bytes("\"content\"")))),
            data: json!("content"),
        },
    ]
}

#[tokio::test]
async fn each_import_is_reached_and_answered() {
    let fixture = Fixture::new();
    for case in [workspace_cases(), outside_cases(), kept_cases()].into_iter().flatten() {
        let script = Scripted::new([Ok(Ok(case.reply.clone()))]);
        let ran = fixture.run(case.guest(), script.clone()).await;
        let summary = "a guest by hand".to_owned();
        assert_eq!(ran.result, Ok(Ok(Outcome::Done { summary, data: case.data.clone() })), "{}", case.import);
        assert_eq!(script.made(), [(1, case.asked.clone())], "{}", case.import);
        assert_eq!(ran.usage.calls, 1);
    }
}

#[tokio::test]
async fn each_kind_of_error_reaches_the_guest() {
    let fixture = Fixture::new();
    let case = &workspace_cases()[0];
    let text = || "\"why\"".to_owned();
    let errors = [
        CallError::Denied(text()),
        CallError::Invalid(text()),
        CallError::NotFound(text()),
        CallError::Timeout(text()),
        CallError::Budget(text()),
        CallError::Interrupted(text()),
        CallError::Unavailable(text()),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        // The number of the error's case is the text's length, so that both are seen.
        let code = format!(
            r#"(import "adw:stage/workspace@0.1.0" "read" (func $call (param i32 i32 i32)))---
            (func (export "run") (param i32) (result i32)
              (call $call {{{{a}}}} {RESULT})
              (if (i32.ne (i32.load8_u (i32.const 2052)) (i32.const {number})) (then unreachable))
              (call $answer (i32.const 2052)))"#
        );
        let ran = fixture.run(guest(&code), Scripted::new([Ok(Err(error.clone()))])).await;
        assert_eq!(
            ran.result,
            Ok(Err(adw_host::Failure::Fatal("\"why\"".to_owned()))),
            "{error} of {}",
            case.import
        );
    }
}

#[tokio::test]
async fn an_agents_failure_keeps_its_class() {
    let code = format!(
        r#"(import "adw:stage/agent@0.1.0" "run"
             (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))---
        (func (export "run") (param i32) (result i32)
          (call $call {{{{p}}}} {zeros} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) {RESULT})
          (if (i32.ne (i32.load8_u (i32.const 2052)) (i32.const 1)) (then unreachable))
          (call $answer (i32.const 2052)))"#,
        zeros = "(i32.const 0) ".repeat(6)
    );
    let failed = agent::Failed { class: "rate_limit".to_owned(), message: "later".to_owned(), session: None };
    let ran = Fixture::new().run(guest(&code), Scripted::new([Ok(Err(CallError::Agent(failed)))])).await;
    assert_eq!(ran.result, Ok(Err(adw_host::Failure::Fatal("rate_limit".to_owned()))));
}

#[tokio::test]
async fn calls_without_an_answer_worth_reading_are_made_in_order() {
    let code = format!(
        r#"(import "adw:stage/log@0.1.0" "write" (func $log (param i32 i32 i32)))
           (import "adw:stage/log@0.1.0" "progress" (func $progress (param i32 i32 i32)))
           (import "adw:stage/clock@0.1.0" "now" (func $now (param i32)))
           (import "adw:stage/clock@0.1.0" "sleep" (func $sleep (param i64 i32)))
           (import "adw:stage/workspace@0.1.0" "glob" (func $glob (param i32 i32 i32)))
           (import "adw:stage/workspace-write@0.1.0" "write" (func $write (param i32 i32 i32 i32 i32)))
           (import "adw:stage/workspace-write@0.1.0" "remove" (func $remove (param i32 i32 i32)))
           (import "adw:stage/workspace-write@0.1.0" "restore" (func $restore (param i32 i32 i32)))
           (import "adw:stage/state@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32)))---
        (func (export "run") (param i32) (result i32)
          (call $log (i32.const 2) {{{{careful}}}})
          (call $progress (i32.const 200) {{{{all}}}})
          (call $now {RESULT})
          (if (i64.ne (i64.load (i32.const 2056)) (i64.const 1234567890123)) (then unreachable))
          (call $sleep (i64.const 50) {RESULT})
          (call $glob {{{{**/*.rs}}}} {RESULT})
          (if (i32.ne (i32.load (i32.const 2056)) (i32.const 2)) (then unreachable))
          (call $write {{{{a/b}}}} {{{{new}}}} {RESULT})
          (call $remove {{{{c}}}} {RESULT})
          (call $restore {{{{cp}}}} {RESULT})
          (call $set {{{{k}}}} {{{{v}}}} {RESULT})
          (call $done {{{{null}}}}))"#
    );
    let script = Scripted::new(
        [
            Reply::Log,
            Reply::Log,
            Reply::Clock(clock::Reply::Now(1_234_567_890_123)),
            Reply::Clock(clock::Reply::Slept),
            Reply::Workspace(workspace::Reply::Paths(vec!["a.rs".to_owned(), "b.rs".to_owned()])),
            Reply::WorkspaceWrite(workspace_write::Reply::Done),
            Reply::WorkspaceWrite(workspace_write::Reply::Done),
            Reply::WorkspaceWrite(workspace_write::Reply::Done),
            Reply::State(state::Reply::Set),
        ]
        .map(|reply| Ok(Ok(reply))),
    );
    let ran = Fixture::new().run(guest(&code), script.clone()).await;
    assert!(matches!(ran.result, Ok(Ok(Outcome::Done { .. }))), "{ran:?}");
    let path = |path: &str| path.to_owned();
    let expected = [
        Call::Log(log::Call::Write { level: log::Level::Warn, message: "careful".to_owned() }),
        Call::Log(log::Call::Progress { percent: 100, message: "all".to_owned() }),
        Call::Clock(clock::Call::Now),
        Call::Clock(clock::Call::Sleep { milliseconds: 50 }),
        Call::Workspace(workspace::Call::Glob { pattern: "**/*.rs".to_owned() }),
        Call::WorkspaceWrite(workspace_write::Call::Write { path: path("a/b"), content: bytes("new") }),
        Call::WorkspaceWrite(workspace_write::Call::Remove { path: path("c") }),
        Call::WorkspaceWrite(workspace_write::Call::Restore { checkpoint: "cp".to_owned() }),
        Call::State(state::Call::Set { key: "k".to_owned(), value: bytes("v") }),
    ];
    assert_eq!(script.made(), (1..).zip(expected).collect::<Vec<_>>());
}

/// What a guest may not pass comes back as an error, and no call is made.
#[tokio::test]
async fn passing_a_limit_is_an_error_and_no_trap() {
    let fixture = Fixture::new();
    let read = ("workspace.read", "i32 i32");
    let cases = [
        (("random.bytes", "i32"), "(i32.const 65537)", "more than the 65536"),
        (("state.get", "i32 i32"), "(i32.const 0) (i32.const 257)", "more than the 256"),
        (("state.set", "i32 i32 i32 i32"), "{{k}} (i32.const 0) (i32.const 65537)", "more than the 65536"),
        (
            ("artifacts.put", "i32 i32 i32 i32 i32 i32"),
            "{{n}} {{t}} (i32.const 0) (i32.const 16777217)",
            "16777216",
        ),
        (read, "{{../secrets}}", "leads out of the workspace"),
        (read, "{{/etc/passwd}}", "it is absolute"),
        (read, "{{a//b}}", "name is empty"),
        (read, "{{.git/config}}", "out of reach"),
        (read, "{{sub/.GIT/hooks/pre-commit}}", "out of reach"),
        (("workspace.glob", "i32 i32"), "{{../**}}", "leads out of the workspace"),
        (("workspace.glob", "i32 i32"), "{{/etc/*}}", "leads out of the workspace"),
        (("workspace.diff", "i32 i32 i32"), "(i32.const 1) {{--output=x}}", "names no commit"),
        (("clock.sleep", "i64"), "(i64.const 99999999999)", "more than a year"),
    ];
    for ((import, params), call, reason) in cases {
        let (interface, function) = import.split_once('.').unwrap();
        let code = format!(
            r#"(import "adw:stage/{interface}@0.1.0" "{function}" (func $call (param {params} i32)))---
            (func (export "run") (param i32) (result i32)
              (drop (memory.grow (i32.const 300)))
              (call $call {call} {RESULT})
              (call $answer (i32.const 2052)))"#
        );
        let script = Scripted::new([]);
        let ran = fixture.run(guest(&code), script.clone()).await;
        let Ok(Err(adw_host::Failure::Fatal(said))) = ran.result else {
            panic!("{import} {call}: {:?}", ran.result)
        };
        assert!(said.contains(reason), "{import} {call}: {said}");
        assert_eq!(script.made(), [], "{import} {call}");
    }
}

#[tokio::test]
async fn an_answer_of_another_call_is_our_own_failure() {
    let ran = Fixture::new().run(workspace_cases()[0].guest(), Scripted::new([Ok(Ok(Reply::Log))])).await;
    let said = ran.result.unwrap_err();
    assert_eq!(
        said.cause,
        adw_host::Cause::Stopped(Stop::Failed(
            "the answer to workspace.read belongs to another call".to_owned()
        ))
    );
}
