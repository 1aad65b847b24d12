//! What each grant lets pass, what passes without it, and the lines that a refusal suggests.

use adw_core::{ArgvPattern, Grants, HttpGrant, WorkspaceAccess};
use adw_host::capability::{
    agent, artifacts, clock, exec, http, human, log, random, state, workspace, workspace_write,
};
use adw_host::{Call, CallError, Destination, Effects as _, Granted, Reply, argv_matches, check};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::scripted::Scripted;

fn command(argv: &[&str]) -> Call {
    let (program, rest) = argv.split_first().unwrap();
    Call::Exec(exec::Command {
        program: (*program).to_owned(),
        args: rest.iter().map(|arg| (*arg).to_owned()).collect(),
        env: Vec::new(),
        cwd: None,
        stdin: None,
        timeout_ms: None,
    })
}

fn asks(agent: Option<&str>) -> Call {
    Call::Agent(agent::Request {
        prompt: "do it".to_owned(),
        agent: agent.map(str::to_owned),
        session: None,
        writes: true,
        schema: None,
        timeout_ms: None,
    })
}

fn sends(method: &str, url: &str) -> Call {
    Call::Http(http::Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        timeout_ms: None,
    })
}

fn reads() -> Call {
    Call::Workspace(workspace::Call::Read { path: "a".to_owned() })
}

fn removes() -> Call {
    Call::WorkspaceWrite(workspace_write::Call::Remove { path: "a".to_owned() })
}

fn pattern(elements: &[&str]) -> ArgvPattern {
    ArgvPattern(elements.iter().map(|element| (*element).to_owned()).collect())
}

fn workspace(access: WorkspaceAccess) -> Grants {
    Grants { workspace: Some(access), ..Grants::default() }
}

fn agents(names: &[&str]) -> Grants {
    Grants { agent: Some(names.iter().map(|name| (*name).to_owned()).collect()), ..Grants::default() }
}

fn execs(patterns: &[&[&str]]) -> Grants {
    Grants { exec: Some(patterns.iter().map(|elements| pattern(elements)).collect()), ..Grants::default() }
}

fn hosts(host: &str, methods: &[&str]) -> Grants {
    let methods = methods.iter().map(|method| (*method).to_owned()).collect();
    Grants {
        http: Some(vec![HttpGrant { host: host.to_owned(), methods, secrets: Vec::new() }]),
        ..Grants::default()
    }
}

fn denial(grants: &Grants, call: &Call) -> String {
    match check(grants, "test", call) {
        Err(CallError::Denied(text)) => text,
        other => panic!("{call:?} with {grants:?}: {other:?}"),
    }
}

#[test]
fn nothing_outside_is_reached_without_a_grant() {
    let none = Grants::default();
    for call in [
        reads(),
        removes(),
        command(&["ls"]),
        asks(None),
        asks(Some("claude")),
        sends("GET", "https://a.example"),
    ] {
        denial(&none, &call);
    }
}

#[test]
fn what_reaches_nothing_outside_needs_no_grant() {
    let calls = [
        Call::Log(log::Call::Progress { percent: 1, message: String::new() }),
        Call::Human(human::Question { text: "?".to_owned(), choices: Vec::new(), schema: None }),
        Call::Clock(clock::Call::Now),
        Call::Random(random::Request { length: 1 }),
        Call::State(state::Call::Get { key: "k".to_owned() }),
        Call::Artifacts(artifacts::Call::Get { name: "n".to_owned() }),
    ];
    for call in calls {
        assert_eq!(check(&Grants::default(), "test", &call), Ok(()));
    }
}

#[test]
fn workspace_grants() {
    let (read, write) = (workspace(WorkspaceAccess::Read), workspace(WorkspaceAccess::Write));
    assert_eq!(check(&read, "test", &reads()), Ok(()));
    assert_eq!(check(&write, "test", &reads()), Ok(()));
    assert_eq!(check(&write, "test", &removes()), Ok(()));
    denial(&read, &removes());
}

#[test]
fn exec_grants() {
    let grants = execs(&[&["cargo", "test", "**"], &["git", "diff"]]);
    for allowed in [&["cargo", "test"][..], &["cargo", "test", "-p", "x"], &["git", "diff"]] {
        assert_eq!(check(&grants, "test", &command(allowed)), Ok(()), "{allowed:?}");
    }
    for refused in
        [&["cargo"][..], &["cargo", "run"], &["git", "diff", "--cached"], &["sh", "-c", "cargo test"]]
    {
        denial(&grants, &command(refused));
    }
    denial(&execs(&[]), &command(&["cargo", "test"]));
}

#[test]
fn a_granted_program_can_not_be_turned_into_another_by_its_environment() {
    let grants = execs(&[&["**"]]);
    for name in ["LD_PRELOAD", "PATH", "GIT_EXTERNAL_DIFF", "BASH_ENV"] {
        let Call::Exec(mut command) = command(&["git", "diff"]) else { unreachable!() };
        command.env = vec![(name.to_owned(), "x".to_owned())];
        assert!(denial(&grants, &Call::Exec(command)).contains(name));
    }
}

#[test]
fn agent_grants() {
    assert_eq!(check(&agents(&["*"]), "test", &asks(Some("claude"))), Ok(()));
    assert_eq!(check(&agents(&["claude"]), "test", &asks(Some("claude"))), Ok(()));
    assert_eq!(check(&agents(&["claude"]), "test", &asks(None)), Ok(()));
    denial(&agents(&["claude"]), &asks(Some("codex")));
    denial(&agents(&[]), &asks(None));
}

#[test]
fn http_grants() {
    let cases = [
        ("https://api.example.com", "https://api.example.com/v1?x=1", true),
        ("https://api.example.com", "https://API.example.com./v1", true),
        ("https://api.example.com", "https://api.example.com:443/", true),
        ("https://api.example.com", "https://api.example.com:8443/", false),
        ("https://api.example.com", "http://api.example.com/", false),
        ("https://api.example.com", "https://example.com/", false),
        ("https://api.example.com", "https://api.example.com.evil.net/", false),
        ("https://api.example.com", "https://evil.net/https://api.example.com", false),
        ("http://localhost:8000", "http://localhost:8000/x", true),
        ("https://*.example.com", "https://a.example.com/", true),
        ("https://*.example.com", "https://a.b.example.com/", true),
        ("https://*.example.com", "https://example.com/", false),
        ("https://*.example.com", "https://.example.com/", false),
        ("https://*.example.com", "https://evilexample.com/", false),
        ("api.example.com", "https://api.example.com/", false),
    ];
    for (host, url, allowed) in cases {
        let judged = check(&hosts(host, &["GET"]), "test", &sends("GET", url));
        assert_eq!(judged.is_ok(), allowed, "{host} and {url}: {judged:?}");
    }
    denial(&hosts("https://api.example.com", &["GET"]), &sends("POST", "https://api.example.com/"));
}

#[test]
fn a_url_that_leads_elsewhere_than_it_seems_is_invalid() {
    for url in ["https://api.example.com@evil.net/", "file:///etc/passwd", "https://", "not a url"] {
        let judged = check(&hosts("https://api.example.com", &["GET"]), "test", &sends("GET", url));
        assert!(matches!(judged, Err(CallError::Invalid(_))), "{url}: {judged:?}");
    }
    assert_eq!(Destination::of("https://a.example:443/x").unwrap().origin(), "https://a.example");
}

#[test]
fn refusals_hold_the_lines_that_would_allow_the_call() {
    insta::assert_snapshot!(denial(&Grants::default(), &command(&["cargo", "test", "--all"])), @r#"
    running `cargo test --all` is not granted to stage `test`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [stages.test.grants]
    exec = [["cargo", "test", "--all"]]
    "#);
    insta::assert_snapshot!(denial(&execs(&[&["git", "diff", "**"]]), &command(&["a", "b", "c", "d", "e", "f", "g", "h", "i"])), @r#"
    running `a b c d e f g h i` is not granted to stage `test`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [stages.test.grants]
    exec = [["git", "diff", "**"], ["a", "b", "**"]]
    "#);
    insta::assert_snapshot!(denial(&Grants::default(), &asks(Some("claude"))), @r#"
    asking the agent `claude` is not granted to stage `test`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [stages.test.grants]
    agent = ["claude"]
    "#);
    insta::assert_snapshot!(denial(&Grants::default(), &reads()), @r#"
    workspace.read is not granted to stage `test`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [stages.test.grants]
    workspace = "read"
    "#);
    insta::assert_snapshot!(denial(&Grants::default(), &removes()), @r#"
    workspace-write.remove is not granted to stage `test`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [stages.test.grants]
    workspace = "write"
    "#);
    insta::assert_snapshot!(denial(&Grants::default(), &sends("POST", "https://api.example.com/v1/x?y")), @r#"
    POST https://api.example.com/v1/x?y is not granted to stage `test`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [[stages.test.grants.http]]
    host = "https://api.example.com"
    methods = ["POST"]
    "#);
}

#[derive(Deserialize)]
struct Toml {
    stages: BTreeMap<String, Stage>,
}

#[derive(Deserialize)]
struct Stage {
    grants: Grants,
}

/// Writes the suggested lines into a configuration and judges the call again.
fn suggestion_allows(grants: &Grants, stage: &str, call: &Call) -> Result<(), CallError> {
    let Err(CallError::Denied(text)) = check(grants, stage, call) else { panic!("{call:?} passed") };
    let lines = &text[text.rfind("\n[").expect("a table") + 1..];
    let toml: Toml = toml::from_str(lines).unwrap_or_else(|error| panic!("{lines}: {error}"));
    check(&toml.stages[stage].grants, stage, call)
}

#[tokio::test]
async fn the_layer_asks_inside_only_what_is_granted() {
    let script = Scripted::new([Ok(Ok(Reply::Workspace(workspace::Reply::Diff("d".to_owned()))))]);
    let granted = Granted::new(workspace(WorkspaceAccess::Read), "test", script.clone());
    assert!(granted.admit(&removes()).await.is_err());
    assert_eq!(granted.admit(&reads()).await, Ok(()));
    assert!(granted.perform(3, reads()).await.unwrap().is_ok());
    assert_eq!(script.made(), [(3, reads())]);
}

/// The plain reading of a pattern, to hold the matcher to.
fn matches_plainly(pattern: &[String], words: &[&str]) -> bool {
    match (pattern.split_first(), words.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=words.len()).any(|taken| matches_plainly(rest, &words[taken..]))
        }
        (Some((first, rest)), Some((word, words))) => {
            glob_plainly(first, word) && matches_plainly(rest, words)
        }
        _ => false,
    }
}

fn glob_plainly(element: &str, arg: &str) -> bool {
    match element.chars().next() {
        None => arg.is_empty(),
        Some('*') => arg
            .char_indices()
            .map(|(at, _)| at)
            .chain([arg.len()])
            .any(|at| glob_plainly(&element[1..], &arg[at..])),
        Some(c) => arg.strip_prefix(c).is_some_and(|arg| glob_plainly(&element[c.len_utf8()..], arg)),
    }
}

proptest! {
    #[test]
    fn patterns_match_as_they_read(
        elements in prop::collection::vec(prop_oneof![Just("**".to_owned()), "[ab*]{0,4}"], 0..5),
        argv in prop::collection::vec("[ab]{0,4}", 0..5),
    ) {
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let expected = matches_plainly(&elements, &argv);
        prop_assert_eq!(argv_matches(&ArgvPattern(elements), &argv), expected);
    }

    #[test]
    fn a_command_without_wildcards_fits_itself_alone(
        argv in prop::collection::vec("[a-z -]{0,6}", 1..6),
        other in prop::collection::vec("[a-z -]{0,6}", 1..6),
    ) {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let others: Vec<&str> = other.iter().map(String::as_str).collect();
        prop_assert!(argv_matches(&ArgvPattern(argv.clone()), &words));
        prop_assert_eq!(argv_matches(&ArgvPattern(argv.clone()), &others), words == others);
    }

    #[test]
    fn suggested_lines_are_toml_that_allows_the_command(argv in prop::collection::vec("\\PC{1,8}|[\"\\\\\n\t']{1,4}", 1..12)) {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let call = command(&words);
        prop_assert_eq!(suggestion_allows(&execs(&[&["git", "\"quoted\""]]), "a stage", &call), Ok(()));
    }
}

#[test]
fn suggested_lines_are_toml_that_allows_the_other_calls() {
    let none = Grants::default();
    for call in [
        reads(),
        removes(),
        asks(None),
        asks(Some("a\"b")),
        sends("PUT", "http://[::1]:99/x"),
        sends("GET", "https://a.example"),
    ] {
        assert_eq!(suggestion_allows(&none, "test", &call), Ok(()), "{call:?}");
    }
}
