//! Questions to people, and work that is done by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use adw_core::{
    AdwId, Cancel, Command, Event, EventKind, Refusal, StageStatus, Status, Waiting, Workflow, fold,
};
use adw_engine::{AnswerError, CommandError, LogQuery, NewAnswer};
use adw_test_guests::HOSTILE;
use serde_json::{Value, json};
use support::{Bench, clock::ByHand, git, repository, task};

/// One place, so that whoever holds it while it waits is found out.
const GATE: &str = r#"
[stages.begin]
plugin = "builtin:noop"
[stages.approve]
plugin = "builtin:gate"
on_rework = "begin"
[stages.end]
plugin = "builtin:noop"
[pipelines.default]
stages = ["begin", "approve", "end"]
[limits]
concurrent_workflows = 1
"#;

/// A plugin that asks for an answer of a type. Its other imports want grants too.
const ASKS_FOR_A_PORT: &str = r#"
[stages.ask]
path = "asks.wasm"
[stages.ask.config]
does = "ask-for-a-port"
[stages.ask.grants]
workspace = "write"
exec = []
agent = []
http = []
[pipelines.default]
stages = ["ask"]
"#;

/// No agent, so that a person has to do it.
const BY_HAND: &str = r#"
[stages.implement]
plugin = "builtin:implement"
[stages.implement.grants]
workspace = "write"
agent = ["*"]
[pipelines.default]
stages = ["implement"]
"#;

async fn asks(bench: &Bench, adw_id: &AdwId) -> Workflow {
    bench.until(adw_id, |workflow| workflow.question().is_some()).await
}

fn given(answer: impl Into<Value>) -> NewAnswer {
    NewAnswer { answer: answer.into(), note: None }
}

async fn answer(bench: &Bench, adw_id: &AdwId, answer: impl Into<Value>) {
    bench.engine.answer(adw_id, given(answer), None).await.unwrap();
}

async fn kinds(bench: &Bench, adw_id: &AdwId) -> Vec<EventKind> {
    let events = bench.engine.events(adw_id, 0, 1000).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    events.iter().map(|recorded| recorded.event.kind()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_waits_without_a_place_and_goes_on_with_its_answer() {
    use EventKind::{
        QuestionAnswered, StageCompleted, StageResumed, StageStarted, TaskCreated, WorkflowCompleted,
        WorkflowStarted, WorkflowWaiting,
    };

    let bench = Bench::new(GATE).await;
    let first = bench.create(task("first")).await;
    let waiting = asks(&bench, &first).await;
    insta::assert_json_snapshot!(waiting.waiting, @r#"
    {
      "kind": "question",
      "stage": "approve",
      "attempt": 1,
      "call": 1,
      "message": "Is the work on \"first\" good?\n- begin: nothing to do, and done",
      "choices": [
        "approve",
        "rework",
        "reject"
      ]
    }
    "#);

    let second = bench.create(task("second")).await;
    asks(&bench, &second).await;
    for adw_id in [&second, &first] {
        answer(&bench, adw_id, "approve").await;
        let workflow = bench.ends_as(adw_id, Status::Completed).await;
        assert!(workflow.stages.iter().all(|stage| stage.attempt == 1), "{workflow:#?}");
    }
    assert_eq!(
        kinds(&bench, &first).await,
        [
            TaskCreated,
            WorkflowStarted,
            StageStarted,
            StageCompleted,
            StageStarted,
            WorkflowWaiting,
            QuestionAnswered,
            StageResumed,
            StageCompleted,
            StageStarted,
            StageCompleted,
            WorkflowCompleted
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_question_of_an_attempt_is_asked_after_the_first_and_not_instead_of_it() {
    let bench = Bench::new(GATE).await;
    let adw_id = bench.create(task("again")).await;
    asks(&bench, &adw_id).await;
    answer(&bench, &adw_id, "rework").await;
    let second =
        bench.until(&adw_id, |workflow| workflow.question().is_some_and(|asked| asked.call == 2)).await;
    assert_eq!(second.question().unwrap().message, "What is to be done differently?");
    assert_eq!(second.question().unwrap().attempt, 1);
    answer(&bench, &adw_id, "Handle zero too.").await;

    let reworked =
        bench.until(&adw_id, |workflow| workflow.stages[1].reworks == 1 && workflow.question().is_some());
    let reworked = reworked.await;
    assert_eq!(reworked.stages[1].error.as_deref(), Some("Handle zero too."));
    assert_eq!(reworked.question().unwrap().attempt, 2, "the work was done again, and so it is asked again");
    answer(&bench, &adw_id, "reject").await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    assert_eq!(
        workflow.error_message.as_deref(),
        Some("stage approve failed: plugin gate 0.1.0: a person rejected it")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outlives_the_server() {
    let mut bench = Bench::new(GATE).await;
    let adw_id = bench.create(task("later")).await;
    let before = asks(&bench, &adw_id).await;
    for _ in 0..2 {
        bench = bench.restart().await;
        assert_eq!(bench.workflow(&adw_id).await, before, "a restart changes nothing");
    }
    answer(&bench, &adw_id, "approve").await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(workflow.stages[1].attempt, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_to_fit_and_is_taken_once() {
    let bench = Bench::new(GATE).await;
    let adw_id = bench.create(task("choose")).await;
    asks(&bench, &adw_id).await;
    for wrong in [json!("maybe"), json!(7), json!(["approve"])] {
        let refused = bench.engine.answer(&adw_id, given(wrong), None).await.unwrap_err();
        let AnswerError::Invalid { field: "answer", message } = refused else { panic!("{refused:?}") };
        assert_eq!(message, r#"the answer must be one of "approve", "rework", "reject""#);
    }
    let version = bench.workflow(&adw_id).await.seq;
    let stale = bench.engine.answer(&adw_id, given("approve"), Some(version - 1)).await.unwrap_err();
    assert!(matches!(stale, AnswerError::Command(CommandError::Stale { .. })), "{stale:?}");

    // Two people at once: one of them is too late.
    let (one, other) = tokio::join!(
        bench.engine.answer(&adw_id, given("approve"), None),
        bench.engine.answer(&adw_id, given("reject"), None),
    );
    let late = match (one, other) {
        (Ok(_), Err(late)) | (Err(late), Ok(_)) => late,
        both => panic!("{both:?}"),
    };
    assert!(matches!(late, AnswerError::Command(CommandError::Refused(Refusal::NothingAsked))), "{late:?}");
    bench.end(&adw_id).await;
    let unasked = bench.engine.answer(&adw_id, given("approve"), None).await.unwrap_err();
    assert!(matches!(unasked, AnswerError::Command(CommandError::Refused(Refusal::NothingAsked))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_to_fit_the_schema_of_its_question() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("asks.wasm"), HOSTILE).unwrap();
    let bench = Bench::in_folder(folder, ASKS_FOR_A_PORT).await;
    let adw_id = bench.create(task("port")).await;
    asks(&bench, &adw_id).await;
    for (wrong, why) in
        [(json!(70_000), "greater than the maximum"), (json!("80"), "not of type \"integer\"")]
    {
        let refused = bench.engine.answer(&adw_id, given(wrong), None).await.unwrap_err();
        let AnswerError::Invalid { field: "answer", message } = refused else { panic!("{refused:?}") };
        assert!(message.starts_with("the answer doesn't fit") && message.contains(why), "{message}");
    }
    answer(&bench, &adw_id, 80).await;
    let done = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(done.stages[0].output.as_ref().unwrap().data, json!(80));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_waits_for_an_answer_can_be_cancelled() {
    let bench = Bench::new(GATE).await;
    let adw_id = bench.create(task("never mind")).await;
    asks(&bench, &adw_id).await;
    bench.engine.command(&adw_id, Command::Cancel(Cancel::default()), None).await.unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Cancelled).await;
    assert_eq!(workflow.stages[1].status, StageStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_agent_a_person_does_it_by_hand() {
    let mut bench = Bench::in_folder(repository(&[("sum.txt", "1 + 1 = 3\n")]), BY_HAND).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    let workflow = asks(&bench, &adw_id).await;
    let Some(Waiting::AgentByHand(work)) = &workflow.waiting else { panic!("{:?}", workflow.waiting) };
    assert_eq!(work.question.choices, ["done", "failed"]);
    assert!(work.question.message.contains("adw.toml has no agent whose program is installed"));
    assert!(work.prompt.contains("Fix the sum"), "{}", work.prompt);
    let shown = std::process::Command::new("sh").args(["-c", &work.command]).output().unwrap();
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), work.prompt, "the command shows the prompt");

    std::fs::write(work.worktree.join("sum.txt"), "1 + 1 = 2\n").unwrap();
    bench = bench.restart().await;
    answer(&bench, &adw_id, "done").await;
    let done = bench.ends_as(&adw_id, Status::Completed).await;
    let output = done.stages[0].output.as_ref().unwrap();
    assert_eq!(output.summary, "manual changed 1 file");
    assert_eq!(output.data["files"], json!(["sum.txt"]));
    assert_eq!(git(bench.path(), &["show", &format!("{}:sum.txt", done.branch())]), "1 + 1 = 2\n");
    assert_eq!(git(bench.path(), &["show", "HEAD:sum.txt"]), "1 + 1 = 3\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_by_hand_is_not_done_while_nothing_has_changed() {
    let mut bench =
        Bench::in_folder(repository(&[("sum.txt", "1 + 1 = 3\n"), (".gitignore", "*.log\n")]), BY_HAND).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    let before = asks(&bench, &adw_id).await;
    let Some(Waiting::AgentByHand(work)) = &before.waiting else { panic!("{:?}", before.waiting) };
    std::fs::write(work.worktree.join("mine.log"), "looked at it\n").unwrap();
    for _ in 0..2 {
        let refused = bench.engine.answer(&adw_id, given("done"), None).await.unwrap_err();
        assert!(
            matches!(&refused, AnswerError::NothingDone { worktree } if *worktree == work.worktree),
            "{refused:?}"
        );
        let said = refused.to_string().replace(work.worktree.to_str().unwrap(), "[worktree]");
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r#"nothing has changed in the worktree [worktree] since it was asked (what git ignores doesn't count): do the work there and answer "done" again, or "failed" if it can't be done"#);
        }
        assert_eq!(bench.workflow(&adw_id).await, before, "it asks as it did");
        bench = bench.restart().await;
    }
    // What is committed counts too.
    std::fs::write(work.worktree.join("sum.txt"), "1 + 1 = 2\n").unwrap();
    git(&work.worktree, &["-c", "user.name=P", "-c", "user.email=p@example.org", "commit", "-qam", "mended"]);
    answer(&bench, &adw_id, "done").await;
    bench.ends_as(&adw_id, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_by_hand_is_not_done_where_its_worktree_is_gone() {
    let bench = Bench::in_folder(repository(&[("sum.txt", "1 + 1 = 3\n")]), BY_HAND).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    let before = asks(&bench, &adw_id).await;
    let Some(Waiting::AgentByHand(work)) = &before.waiting else { panic!("{:?}", before.waiting) };
    std::fs::write(work.worktree.join("sum.txt"), "1 + 1 = 2\n").unwrap();
    std::fs::remove_dir_all(&work.worktree).unwrap();
    let refused = bench.engine.answer(&adw_id, given("done"), None).await.unwrap_err();
    assert!(
        matches!(&refused, AnswerError::WorktreeGone { worktree, .. } if *worktree == work.worktree),
        "{refused:?}"
    );
    assert_eq!(bench.workflow(&adw_id).await, before, "it asks as it did");

    let said = refused.to_string();
    let remedy = said.split('`').nth(1).unwrap();
    let mended = std::process::Command::new("sh").args(["-c", remedy]).output().unwrap();
    assert!(mended.status.success(), "{remedy}: {mended:?}");
    let undone = bench.engine.answer(&adw_id, given("done"), None).await.unwrap_err();
    assert!(matches!(undone, AnswerError::NothingDone { .. }), "{undone:?}");
    std::fs::write(work.worktree.join("sum.txt"), "1 + 1 = 2\n").unwrap();
    answer(&bench, &adw_id, "done").await;
    bench.ends_as(&adw_id, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_not_do_it_says_so() {
    let bench = Bench::in_folder(repository(&[("sum.txt", "1 + 1 = 3\n")]), BY_HAND).await;
    let mut new = task("Fix the sum");
    new.agent = Some("manual".to_owned());
    let adw_id = bench.create(new).await;
    let workflow = asks(&bench, &adw_id).await;
    assert!(workflow.question().unwrap().message.contains("the agent manual was named for it"));
    let failed = NewAnswer { answer: "failed".into(), note: Some("nobody knows the sum".to_owned()) };
    bench.engine.answer(&adw_id, failed, None).await.unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    assert!(workflow.error_message.as_deref().unwrap().contains("nobody knows the sum"), "{workflow:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_whose_grants_leave_a_person_out_says_what_to_add() {
    let narrow = BY_HAND.replace(r#"agent = ["*"]"#, r#"agent = ["claude"]"#);
    let agent = "[agents.claude]\nprofile = \"command\"\ncommand = [\"not-installed-anywhere\"]\n";
    let bench =
        Bench::in_folder(repository(&[("sum.txt", "1 + 1 = 3\n")]), &format!("{narrow}{agent}")).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    insta::assert_snapshot!(workflow.error_message.unwrap(), @r#"
    stage implement failed: plugin implement 0.1.0: denied: the task carries no diff and adw.toml has no agent whose program is installed, and asking the agent `manual` is not granted to stage `implement`; in adw.toml this would allow it, to `adw retry` and to new tasks:
    [stages.implement.grants]
    agent = ["claude", "manual"]
    "#);
}

/// The stage of [`GATE`] that asks, with so much time to answer.
fn within(time: &str, default: &str) -> String {
    let policy = format!("question_timeout = \"{time}\"\nquestion_default = {default}\n");
    GATE.replace("on_rework = \"begin\"\n", &format!("on_rework = \"begin\"\n{policy}"))
}

/// Whether the answer of each question was its default.
async fn answered_by_default(bench: &Bench, adw_id: &AdwId) -> Vec<bool> {
    let events = bench.engine.events(adw_id, 0, 1000).await.unwrap();
    let answered = events.iter().filter_map(|recorded| match &recorded.event {
        Event::QuestionAnswered { by_default, .. } => Some(*by_default),
        _ => None,
    });
    answered.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_in_time_is_answered_by_its_default() {
    let bench = Bench::new(&within("50ms", "\"approve\"")).await;
    let adw_id = bench.create(task("nobody there")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(workflow.stages[1].attempt, 1);
    assert_eq!(answered_by_default(&bench, &adw_id).await, [true]);
    let late = bench.engine.answer(&adw_id, given("reject"), None).await;
    assert!(
        matches!(late, Err(AnswerError::Command(CommandError::Refused(Refusal::NothingAsked)))),
        "{late:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_for_an_answer_is_told_and_runs_out_while_no_server_is_there() {
    let first = Bench::new(&within("24h", "\"approve\"")).await;
    let adw_id = first.create(task("later")).await;
    let other = first.create(task("in time")).await;
    let asked = asks(&first, &adw_id).await;
    let until = asked.updated_at.plus_millis(24 * 3_600_000);
    let told = serde_json::to_value(&asked.waiting).unwrap();
    assert!(asked.due().is_some_and(|due| due <= until && due > asked.created_at), "{asked:#?}");
    assert_eq!((&told["until"], &told["default"]), (&json!(asked.due()), &json!("approve")));
    asks(&first, &other).await;
    answer(&first, &other, "approve").await;
    first.ends_as(&other, Status::Completed).await;
    assert_eq!(answered_by_default(&first, &other).await, [false]);

    let later = Arc::new(ByHand::at(until));
    let bench = Bench::on_clock(first.stop().await, later).await;
    bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(answered_by_default(&bench, &adw_id).await, [true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_that_is_no_answer_to_a_question_is_not_taken_and_that_is_told() {
    let folder = repository(&[("a.txt", "a\n")]);
    std::fs::write(folder.path().join("asks.wasm"), HOSTILE).unwrap();
    let policy = "path = \"asks.wasm\"\nquestion_timeout = \"1ms\"\nquestion_default = \"any\"\n";
    let config = ASKS_FOR_A_PORT.replace("path = \"asks.wasm\"\n", policy);
    let bench = Bench::in_folder(folder, &config).await;
    let adw_id = bench.create(task("ask")).await;
    let asked = asks(&bench, &adw_id).await;
    assert_eq!((asked.due(), &asked.question().unwrap().default), (None, &None));
    let log = bench
        .engine
        .logs(&adw_id, LogQuery { stage: None, attempt: None, offset: 0, limit: 100 })
        .await
        .unwrap();
    let told = log.lines.iter().any(|line| line.message.contains("stages.ask.question_default is no answer"));
    assert!(told, "{:?}", log.lines);
    answer(&bench, &adw_id, 8080).await;
    bench.ends_as(&adw_id, Status::Completed).await;
}
