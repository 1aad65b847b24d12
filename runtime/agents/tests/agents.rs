//! Agents answer, or fail with a class.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Mutex;
use std::time::Duration;

use adw_agents::exec::{Captured, Command, ExecError, Exit, Here, LineSink, Output, Runner, Stream};
use adw_agents::{
    AgentEvent, AgentFailure, AgentSpec, Answer, ApplyPatch, Argv, Environment, ErrorClass, NotApplied,
    Request, Silence, Tools, UsageRules, run_agent,
};
use async_trait::async_trait;
use support::Place;

/// Keeps what it is given, and answers as it was told to.
struct Diffs {
    given: Mutex<Vec<String>>,
    answer: Result<(), NotApplied>,
}

#[async_trait]
impl ApplyPatch for Diffs {
    async fn apply_patch(&self, diff: &str) -> Result<(), NotApplied> {
        self.given.lock().unwrap().push(diff.to_owned());
        self.answer.clone()
    }
}

/// One question to an agent, with all that was seen of it.
struct Asked {
    outcome: Result<Answer, AgentFailure>,
    events: Vec<AgentEvent>,
    diffs: Vec<String>,
}

impl Asked {
    fn class(&self) -> ErrorClass {
        self.outcome.as_ref().unwrap_err().class
    }

    fn message(&self) -> &str {
        &self.outcome.as_ref().unwrap_err().message
    }
}

async fn ask(place: &Place, spec: &AgentSpec, request: Request, answer: Result<(), NotApplied>) -> Asked {
    let runner = Here { owner: &place.owner, cancel: &place.cancel };
    ask_by(place, &runner, spec, request, answer).await
}

async fn ask_by(
    place: &Place,
    runner: &dyn Runner,
    spec: &AgentSpec,
    request: Request,
    answer: Result<(), NotApplied>,
) -> Asked {
    let diffs = Diffs { given: Mutex::default(), answer };
    let mut events = Vec::new();
    let mut on_event = |event| events.push(event);
    let tools =
        Tools { cwd: place.path(), runner, cancel: &place.cancel, patch: &diffs, events: &mut on_event };
    let outcome = run_agent(spec, request, tools).await;
    Asked { outcome, events, diffs: diffs.given.into_inner().unwrap() }
}

fn request(prompt: &str) -> Request {
    Request {
        prompt: prompt.to_owned(),
        patch: None,
        writes: true,
        schema: None,
        session: None,
        timeout: Some(Duration::from_mins(1)),
        silence: None,
        env: Environment::inherit([""; 0]),
    }
}

fn command(words: &[&str]) -> AgentSpec {
    let argv = Argv::try_from(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).unwrap();
    AgentSpec::Command { argv, usage: UsageRules::default() }
}

async fn ask_shell(place: &Place, script: &str, request: Request) -> Asked {
    ask(place, &command(&["sh", "-c", script]), request, Ok(())).await
}

#[tokio::test]
async fn a_command_reads_its_prompt_and_works_in_the_workspace() {
    let place = Place::new();
    let asked = ask_shell(&place, "cat > made.txt; echo done; echo hm >&2", request("make it")).await;
    let expected = Answer { text: "done".to_owned(), ..Answer::default() };
    assert_eq!(asked.outcome, Ok(expected));
    assert_eq!(std::fs::read_to_string(place.path().join("made.txt")).unwrap(), "make it");
    let line = |stream, line: &str| AgentEvent::Log { stream, line: line.to_owned() };
    assert!(asked.events.contains(&line(Stream::Stdout, "done")), "{:?}", asked.events);
    assert!(asked.events.contains(&line(Stream::Stderr, "hm")), "{:?}", asked.events);
}

#[tokio::test]
async fn a_command_is_given_its_prompt_where_it_wants_it() {
    let place = Place::new();
    let spec = command(&["sh", "-c", "printf '%s|' \"$@\"; cat", "sh", "{prompt}", "--message={prompt}"]);
    let asked = ask(&place, &spec, request("do 'this' $(and) that"), Ok(())).await;
    assert_eq!(asked.outcome.unwrap().text, "do 'this' $(and) that|--message=do 'this' $(and) that|");
}

#[tokio::test]
async fn a_command_that_ignores_its_prompt_is_no_failure() {
    let place = Place::new();
    let asked = ask_shell(&place, "exit 0", request(&"long ".repeat(1 << 20))).await;
    assert_eq!(asked.outcome, Ok(Answer::default()));
}

#[tokio::test]
async fn a_command_that_fails_says_its_last_words() {
    let place = Place::new();
    let asked = ask_shell(&place, "echo out; echo 'no such model' >&2; exit 7", request("x")).await;
    assert_eq!(asked.class(), ErrorClass::Crashed);
    assert_eq!(asked.message(), "`sh` ended with code 7: no such model");
    let asked = ask_shell(&place, "echo 'a.txt: No space left on device' >&2; exit 1", request("x")).await;
    assert_eq!(
        asked.message(),
        "`sh` ended with code 1: a.txt: No space left on device\n\
         Free some space there, and `adw retry ID` what has failed for want of it"
    );
    let asked = ask_shell(&place, "kill -SEGV $$", request("x")).await;
    assert_eq!(asked.class(), ErrorClass::Crashed);
    assert_eq!(asked.message(), "`sh` was ended by signal 11");
}

#[tokio::test]
async fn a_command_that_is_not_installed_is_named() {
    let place = Place::new();
    let asked = ask(&place, &command(&["no-such-agent", "--yes"]), request("x"), Ok(())).await;
    assert_eq!(asked.class(), ErrorClass::MissingExecutable);
    assert!(
        asked.message().starts_with("there is no program `no-such-agent` in PATH ("),
        "{}",
        asked.message()
    );
}

#[tokio::test]
async fn a_command_is_stopped_in_time_and_on_cancel() {
    let place = Place::new();
    let slow = Request { timeout: Some(Duration::from_millis(200)), ..request("x") };
    let asked = ask_shell(&place, "sleep 600", slow).await;
    assert_eq!(asked.class(), ErrorClass::Timeout);
    assert_eq!(asked.message(), "`sh` was stopped after the 0.2 s that it was given");
    place.cancel.cancel();
    let asked = ask_shell(&place, "sleep 600", request("x")).await;
    assert_eq!(asked.class(), ErrorClass::Cancelled);
    assert_eq!(place.living(), [""; 0]);
}

#[tokio::test]
async fn a_command_that_falls_silent_has_timed_out_and_what_allows_it_more_is_told() {
    let place = Place::new();
    let silence = Silence { longest: Duration::from_secs(2), remedy: "more.of.it raises that".to_owned() };
    let silent = Request { silence: Some(silence), ..request("x") };
    let asked = ask_shell(&place, "echo thinking >&2; sleep 600", silent).await;
    assert_eq!(asked.class(), ErrorClass::Timeout);
    assert_eq!(asked.message(), "`sh` was stopped after 2 s of silence (more.of.it raises that): thinking");
}

#[tokio::test]
async fn what_a_command_says_that_it_uses_is_told_as_it_comes_and_at_the_end() {
    let place = Place::new();
    // The last line is too long to be told while it runs; another one is about something else.
    let script = r#"echo '{"cost": 0.1}'; echo '{"cost": 0.1}' >&2; echo '{"cost": "0.2"}';
        head -c 20000 /dev/zero | tr '\0' x | sed 's/.*/{"cost": 0.25, "tokens": 7, "text": "&"}/'"#;
    let argv = Argv::try_from(["sh", "-c", script].map(str::to_owned).to_vec()).unwrap();
    let pointers = [("cost_usd", "/cost"), ("input_tokens", "/tokens"), ("output_tokens", "/none")];
    let usage = UsageRules::new(pointers.map(|(name, pointer)| (name, pointer.to_owned())));
    let asked = ask(&place, &AgentSpec::Command { argv, usage }, request("x"), Ok(())).await;
    let used = asked.events.iter().filter_map(|event| match event {
        AgentEvent::Usage { name, value } => Some(format!("{name} {value}")),
        _ => None,
    });
    assert_eq!(used.collect::<Vec<_>>(), ["cost_usd 0.1", "cost_usd 0.25", "input_tokens 7"]);
    let answered = asked.outcome.unwrap().usage;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(answered, [pair("cost_usd", "0.25"), pair("input_tokens", "7")]);
}

#[tokio::test]
async fn a_command_that_is_asked_for_a_value_must_print_one() {
    let place = Place::new();
    let asking = || Request { schema: Some("{}".to_owned()), ..request("x") };
    let asked = ask_shell(&place, "echo thinking; echo '{\"ok\": true}'; echo bye", asking()).await;
    assert_eq!(asked.outcome.unwrap().structured.as_deref(), Some("{\"ok\": true}"));
    let asked = ask_shell(&place, "echo I did it", asking()).await;
    assert_eq!(asked.class(), ErrorClass::EmptyOrUnparsableOutput);
    let asked = ask_shell(&place, "true", asking()).await;
    assert_eq!(asked.class(), ErrorClass::EmptyOrUnparsableOutput);
}

/// Runs nothing: of what the program wrote, a full disk has left this.
struct OnAFullDisk(&'static str);

#[async_trait]
impl Runner for OnAFullDisk {
    async fn run(&self, _: Command, _: LineSink<'_>) -> Result<Output, ExecError> {
        let stdout = Captured { bytes: self.0.into(), cut: 9 };
        Ok(Output {
            exit: Exit::Code(0),
            stdout,
            stderr: Captured { bytes: Vec::new(), cut: 0 },
            duration: Duration::ZERO,
            shortened: Some("No space left on device".to_owned()),
        })
    }
}

#[tokio::test]
async fn a_value_that_a_full_disk_has_cut_is_lost_and_no_crash() {
    let (place, spec) = (Place::new(), command(&["agent"]));
    let asking = || Request { schema: Some("{}".to_owned()), ..request("x") };
    let cut = "{}\n[… 9 bytes cut: No space left on device …]\n{}";
    let asked = ask_by(&place, &OnAFullDisk(cut), &spec, asking(), Ok(())).await;
    assert_eq!(asked.class(), ErrorClass::OutputLost);
    assert_eq!(
        asked.message(),
        "`agent` has done its work, and the JSON value that it printed could not be kept: No space left on device\n\
         Free some space there, and `adw retry ID` asks it again"
    );
    let whole = "x\n[… 9 bytes cut: No space left on device …]\nx\n{\"a\":1}\n";
    let asked = ask_by(&place, &OnAFullDisk(whole), &spec, asking(), Ok(())).await;
    assert_eq!(asked.outcome.unwrap().structured.as_deref(), Some("{\"a\":1}"));
    let asked = ask_by(&place, &OnAFullDisk(cut), &spec, request("x"), Ok(())).await;
    assert_eq!(asked.outcome.unwrap().text, cut);
}

const DIFF: &str = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n";

#[tokio::test]
async fn the_patch_agent_applies_what_the_task_carries() {
    let place = Place::new();
    let carried = Request { patch: Some(DIFF.to_owned()), ..request("words") };
    let asked = ask(&place, &AgentSpec::Patch, carried, Ok(())).await;
    assert_eq!(asked.outcome.unwrap().text, "Applied the task's diff.");
    assert_eq!(asked.diffs, [DIFF]);
    let described = request(&format!("Please:\n```diff\n{DIFF}```\nThanks."));
    assert_eq!(ask(&place, &AgentSpec::Patch, described, Ok(())).await.diffs, [DIFF]);
}

#[tokio::test]
async fn the_patch_agent_says_why_it_did_not() {
    let place = Place::new();
    let carried = || Request { patch: Some(DIFF.to_owned()), ..request("words") };
    let asked = ask(&place, &AgentSpec::Patch, request("words alone"), Ok(())).await;
    assert_eq!((asked.class(), asked.diffs.len()), (ErrorClass::BadPatch, 0));
    let asked =
        ask(&place, &AgentSpec::Patch, carried(), Err(NotApplied::Rejected("line 3".to_owned()))).await;
    assert_eq!((asked.class(), asked.message()), (ErrorClass::BadPatch, "line 3"));
    let asked =
        ask(&place, &AgentSpec::Patch, carried(), Err(NotApplied::Failed("disk full".to_owned()))).await;
    assert_eq!((asked.class(), asked.message()), (ErrorClass::Unavailable, "disk full"));
}

#[tokio::test]
async fn who_can_not_keep_from_writing_is_not_run_for_words() {
    let place = Place::new();
    for spec in [AgentSpec::Patch, command(&["touch", "made"])] {
        assert!(!spec.can_only_read());
        let asked = ask(&place, &spec, Request { writes: false, ..request("x") }, Ok(())).await;
        assert_eq!(asked.class(), ErrorClass::Refused);
    }
    assert!(!place.path().join("made").exists());
}
