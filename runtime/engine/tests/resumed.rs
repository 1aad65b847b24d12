//! Attempts that are cut off, and go on where they were.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use adw_core::{AdwId, Command, Event, Pause, Resume, SetStatus, StageName, Status, Workflow, fold};
use adw_engine::{NewAnswer, Programs};
use adw_store::{AttemptKey, Journal as _, JournalBody, JournalKind, RowId, sqlite::SqliteStore};
use support::{
    Bench,
    clock::ByHand,
    git, onlooker, repository, script, task,
    troubled::{Cut, Refusals, troubled},
    until_there,
};
use tempfile::TempDir;

/// A folder beside the repository, with a ledger in which programs note that they ran.
struct Tools(TempDir);

impl Tools {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.path("ledger")).map_or(0, |ledger| ledger.lines().count())
    }

    /// An adw.toml whose one agent, `mine`, notes that it was asked and then does this. `{ledger}`, `{go}` and `{pid}` stand for files.
    fn agent(&self, folder: &Path, does: &str, grants: &str) {
        let agent = self.script("agent", &format!("cat >/dev/null; echo run >> {{ledger}}; {does}\n"));
        let config = format!(
            "[agents.mine]\nprofile = \"command\"\ncommand = [{agent:?}]\n\
             [stages.rest]\nplugin = \"builtin:noop\"\n\
             [stages.implement]\nplugin = \"builtin:implement\"\n\
             [stages.implement.grants]\nworkspace = \"write\"\nagent = [{grants:?}]\n\
             [pipelines.default]\nstages = [\"rest\", \"implement\"]\n"
        );
        std::fs::write(folder.join("adw.toml"), config).unwrap();
    }

    fn script(&self, name: &str, body: &str) -> String {
        script(self.0.path(), name, &self.filled_in(body)).display().to_string()
    }

    /// The braces set a place apart from whatever letters the folder's random name has.
    fn filled_in(&self, text: &str) -> String {
        text.replace("{ledger}", &self.path("ledger").display().to_string())
            .replace("{go}", &self.path("go").display().to_string())
            .replace("{pid}", &self.path("pid").display().to_string())
    }
}

/// The files of a workflow's branch.
fn files(bench: &Bench, workflow: &Workflow) -> Vec<String> {
    let listed = git(bench.path(), &["ls-tree", "-r", "--name-only", &workflow.branch()]);
    listed.lines().map(str::to_owned).collect()
}

fn commits(bench: &Bench, workflow: &Workflow) -> usize {
    git(bench.path(), &["log", "--format=%s", &format!("main..{}", workflow.branch())]).lines().count()
}

async fn history(bench: &Bench, adw_id: &AdwId) -> Vec<Event> {
    let events = bench.engine.events(adw_id, 0, 1_000).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    events.into_iter().map(|recorded| recorded.event).collect()
}

/// A workflow that was cut off, and came to its end all the same.
struct CutOff<'a> {
    bench: &'a Bench,
    workflow: &'a Workflow,
    /// Whether the agent's answer was on the journal when it was cut off.
    answered: bool,
    /// How often programs had run until then.
    runs: usize,
}

/// Takes a workflow after the other to its end, each cut off one write later than the one before, until one isn't.
async fn cut_off_at_every_write(
    mut folder: TempDir,
    tools: &Tools,
    programs: Programs,
    holds: impl Fn(&CutOff<'_>),
) {
    for writes in 0.. {
        let _ = std::fs::remove_file(tools.path("ledger"));
        let cut = Cut::after(writes);
        let first = troubled(folder, Refusals { cut: Some(Arc::clone(&cut)), ..Refusals::default() }).await;
        let adw_id = first.create(task(&format!("cut off after {writes} writes"))).await;
        let is_cut_off = tokio::select! {
            _ = to_the_end(&first, &adw_id) => false,
            () = cut.came() => true,
        };
        let row = first.engine.workflow(&adw_id).await.unwrap().unwrap().id;
        folder = first.stop_and(programs.clone()).await;
        let (answered, runs) = (agent_answered(folder.path(), row).await, tools.runs());

        let second = Bench::again(folder).await;
        let workflow = to_the_end(&second, &adw_id).await;
        assert_eq!(workflow.status, Status::Completed, "after {writes} writes: {workflow:#?}");
        for stage in &workflow.stages {
            assert_eq!((stage.attempt, stage.failures), (1, 0), "after {writes} writes: {workflow:#?}");
        }
        history(&second, &adw_id).await;
        holds(&CutOff { bench: &second, workflow: &workflow, answered, runs });
        folder = second.stop().await;
        if !is_cut_off {
            return;
        }
    }
}

/// The end of a workflow, all of whose questions are answered with yes.
async fn to_the_end(bench: &Bench, adw_id: &AdwId) -> Workflow {
    loop {
        let workflow = bench.asks_or_ends(adw_id).await;
        if workflow.status.is_ended() {
            return workflow;
        }
        let yes = NewAnswer { answer: "yes".into(), note: None };
        if bench.engine.answer(adw_id, yes, None).await.is_err() {
            // The store takes nothing any more.
            std::future::pending::<()>().await;
        }
    }
}

async fn agent_answered(folder: &Path, workflow: RowId) -> bool {
    let options = adw_store::sqlite::Options::new(folder.join(".adw/adw.db"));
    let store = SqliteStore::open(options).await.unwrap();
    let stage: StageName = "implement".parse().unwrap();
    let journal = store.journal(&AttemptKey { workflow, stage, attempt: 1 }).await.unwrap();
    adw_store::Store::close(&store).await;
    let answer = |body: &JournalBody| matches!(body, JournalBody::Inline(text) if text.contains(r#"{"reply":{"agent":"#));
    journal.iter().any(|record| record.kind == JournalKind::Answered && answer(&record.body))
}

// A run that is made again would see what the one before it left.
const WORKS: &str = "echo half > half-$(wc -l < {ledger} | tr -d ' ').txt; echo b >> a.txt";

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_write_an_agent_is_asked_once_and_its_work_committed_once() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), WORKS, "*");
    cut_off_at_every_write(folder, &tools, Programs::GoOn, |it| {
        assert_eq!(tools.runs(), 1, "it was answered: {}", it.answered);
        worked_once(it, &tools);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_write_and_ended_with_it_an_agents_work_is_done_once_and_committed_once() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), WORKS, "*");
    cut_off_at_every_write(folder, &tools, Programs::End, |it| {
        let most = if it.answered || it.runs == 0 { it.runs.max(1) } else { it.runs + 1 };
        assert!(tools.runs() <= most, "{} runs; it was answered: {}", tools.runs(), it.answered);
        worked_once(it, &tools);
    })
    .await;
}

/// The branch has the last run's work and nothing of those before it.
fn worked_once(it: &CutOff<'_>, tools: &Tools) {
    assert_eq!(git(it.bench.path(), &["show", &format!("{}:a.txt", it.workflow.branch())]), "a\nb\n");
    assert_eq!(files(it.bench, it.workflow), ["a.txt".to_owned(), format!("half-{}.txt", tools.runs())]);
    assert_eq!(commits(it.bench, it.workflow), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_write_a_stage_that_looks_and_asks_leaves_nothing_and_one_that_writes_commits_once() {
    for programs in [Programs::GoOn, Programs::End] {
        let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
        let steps = r#"{ run = "echo run >> {ledger}; echo 1 >> left.txt; test $(wc -l < left.txt) = 1" },
            { ask = "Go on?" }, { run = "echo 2 >> left.txt; test $(wc -l < left.txt) = 2; echo 3 > right.txt" }"#;
        onlooker(folder.path(), &tools.filled_in(steps).replace('\n', " "));
        cut_off_at_every_write(folder, &tools, programs.clone(), |it| {
            let most = if programs == Programs::GoOn { 1 } else { it.runs.max(1) + 1 };
            assert!(tools.runs() <= most, "{programs:?}: {} runs", tools.runs());
            let files = files(it.bench, it.workflow);
            assert!(
                files.len() == 2 && files[0] == "a.txt" && files[1].starts_with("specs/"),
                "{programs:?}: {files:?}"
            );
            assert_eq!(commits(it.bench, it.workflow), 1);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_after_any_write_an_agent_is_asked_once_and_its_work_committed_once() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), WORKS, "*");
    let cut = Cut::after(u32::MAX);
    let bench = troubled(folder, Refusals { cut: Some(Arc::clone(&cut)), ..Refusals::default() }).await;
    let mut writes = 0;
    for after in 1.. {
        let _ = std::fs::remove_file(tools.path("ledger"));
        let adw_id = bench.create(task(&format!("paused after {after} writes"))).await;
        cut.written(writes + after).await;
        let is_paused = bench.engine.command(&adw_id, Command::Pause(Pause::default()), None).await.is_ok();
        if is_paused {
            let paused = bench.workflow(&adw_id).await;
            assert!(paused.paused.is_some() && paused.running_stage().is_none(), "{paused:#?}");
            bench.engine.command(&adw_id, Command::Resume(Resume), None).await.unwrap();
        }
        let workflow = to_the_end(&bench, &adw_id).await;
        assert_eq!(workflow.status, Status::Completed, "after {after} writes: {workflow:#?}");
        for stage in &workflow.stages {
            assert_eq!((stage.attempt, stage.failures), (1, 0), "after {after} writes: {workflow:#?}");
        }
        history(&bench, &adw_id).await;
        assert_eq!(tools.runs(), 1, "after {after} writes");
        worked_once(&CutOff { bench: &bench, workflow: &workflow, answered: true, runs: 1 }, &tools);
        if !is_paused {
            assert!(after > 5, "only the first {after} writes were tried");
            return;
        }
        writes = cut.writes();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_while_it_is_paused_has_its_agent_ended_at_once() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), "echo $$ > {pid}; sleep 600", "*");
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("moved")).await;
    let pid = tools.path("pid");
    until_there(&pid, true).await;
    bench.engine.command(&adw_id, Command::Pause(Pause::default()), None).await.unwrap();
    let back = SetStatus { current_stage: Some("rest".parse().unwrap()), ..SetStatus::default() };
    bench.engine.command(&adw_id, Command::SetStatus(back), None).await.unwrap();
    let process = Path::new("/proc").join(std::fs::read_to_string(pid).unwrap().trim());
    until_there(&process, false).await;
    let moved = bench.workflow(&adw_id).await;
    assert!(moved.paused.is_some() && moved.stages.iter().all(|stage| !stage.goes_on()), "{moved:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_moved_by_hand_is_done_anew() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), "[ -e {go} ] || sleep 600; echo b >> a.txt", "*");
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("moved")).await;
    until_there(&tools.path("ledger"), true).await;
    std::fs::write(tools.path("go"), "").unwrap();
    let back = SetStatus { current_stage: Some("rest".parse().unwrap()), ..SetStatus::default() };
    bench.engine.command(&adw_id, Command::SetStatus(back), None).await.unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[1].attempt, workflow.stages[1].failures), (2, 0));
    assert_eq!(tools.runs(), 2);
    let history = history(&bench, &adw_id).await;
    let cut_off = |event: &&Event| matches!(event, Event::StageInterrupted { goes_on: false, .. });
    assert_eq!(history.iter().filter(cut_off).count(), 1, "{history:#?}");
    assert!(!history.iter().any(|event| matches!(event, Event::StageResumed { .. })), "{history:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_made_again_goes_to_nobody_whom_the_grant_does_not_name() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), "sleep 600", "mine");
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("work")).await;
    until_there(&tools.path("ledger"), true).await;
    let folder = bench.stop_and(Programs::End).await;
    let other = tools.script("other", "echo run >> {ledger}; echo b >> a.txt\n");
    let config = std::fs::read_to_string(folder.path().join("adw.toml")).unwrap();
    let config = config.replace("[agents.mine]", "[agents.other]");
    let config = config.replace(&tools.path("agent").display().to_string(), &other);
    std::fs::write(
        folder.path().join("adw.toml"),
        config.replace(r#"agent = ["mine"]"#, r#"agent = ["other"]"#),
    )
    .unwrap();
    let bench = Bench::again(folder).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    let message = workflow.error_message.unwrap();
    assert!(message.contains("denied") && message.contains(r#"agent = ["mine", "other"]"#), "{message}");
    assert_eq!(tools.runs(), 1, "the other one was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_asked_answers_though_adw_toml_knows_only_another_one_by_now() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), Tools::new());
    tools.agent(folder.path(), "while [ ! -e {go} ]; do sleep 0.02; done; echo b >> a.txt", "*");
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("work")).await;
    until_there(&tools.path("ledger"), true).await;
    let folder = bench.stop().await;
    let other = tools.script("other", "echo run >> {ledger}; echo c >> a.txt\n");
    let config = std::fs::read_to_string(folder.path().join("adw.toml")).unwrap();
    let config = config.replace("[agents.mine]", "[agents.other]");
    let config = config.replace(&tools.path("agent").display().to_string(), &other);
    std::fs::write(folder.path().join("adw.toml"), config).unwrap();
    let bench = Bench::again(folder).await;
    std::fs::write(tools.path("go"), "").unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(tools.runs(), 1);
    assert_eq!(git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]), "a\nb\n");
    let summary = &workflow.stages[1].output.as_ref().unwrap().summary;
    assert!(summary.starts_with("mine changed"), "{summary}");
}

/// A stage that looks, asks, and looks again; a person works on the tree while it asks.
async fn edited_while_it_asks(before: &str, edits: &[(&str, &str)], after: &str) -> Vec<String> {
    let folder = repository(&[("a.txt", "a\n")]);
    onlooker(folder.path(), &format!("{before} {{ ask = \"Go on?\" }}, {after}"));
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("look")).await;
    bench.asks_or_ends(&adw_id).await;
    for (path, content) in edits {
        std::fs::write(bench.path().join(".adw/trees").join(adw_id.as_str()).join(path), content).unwrap();
    }
    // The server is another one when the answer comes.
    let bench = bench.restart().await;
    bench.answer(&adw_id, "yes").await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert!(workflow.stages.iter().all(|stage| stage.attempt == 1));
    files(&bench, &workflow).into_iter().filter(|file| !file.starts_with("specs/")).collect()
}

const LEAVES_ONE: &str = r#"{ run = "echo 1 > one.txt" },"#;
const LEAVES_TWO: &str = r#"{ run = "echo 2 > two.txt" }"#;
const LEAVES_NOTHING: &str = "";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stage_that_may_change_nothing_leaves_goes_also_where_a_question_came_in_between() {
    for (before, after) in
        [(LEAVES_ONE, LEAVES_NOTHING), (LEAVES_ONE, LEAVES_TWO), (LEAVES_NOTHING, LEAVES_TWO)]
    {
        assert_eq!(edited_while_it_asks(before, &[], after).await, ["a.txt"], "{before} then {after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_edits_while_a_question_waits_stays() {
    for (before, after) in [(LEAVES_ONE, LEAVES_TWO), (LEAVES_ONE, LEAVES_NOTHING)] {
        let files = edited_while_it_asks(before, &[("mine.txt", "mine\n")], after).await;
        assert!(files.contains(&"mine.txt".to_owned()), "{files:?}");
        assert!(!files.contains(&"two.txt".to_owned()), "{files:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_is_kept_before_a_second_question_too() {
    let folder = repository(&[("a.txt", "a\n")]);
    onlooker(folder.path(), &format!(r#"{LEAVES_ONE} {{ ask = "First?" }}, {{ ask = "Second?" }}"#));
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("ask twice")).await;
    bench.asks_or_ends(&adw_id).await;
    let tree = bench.path().join(".adw/trees").join(adw_id.as_str());
    std::fs::write(tree.join("mine.txt"), "mine\n").unwrap();
    bench.answer(&adw_id, "yes").await;
    bench
        .until(&adw_id, |workflow| workflow.question().is_some_and(|asked| asked.message == "Second?"))
        .await;
    let kept = git(bench.path(), &["ls-tree", "--name-only", &format!("refs/adw/{adw_id}")]);
    assert!(kept.lines().any(|file| file == "mine.txt"), "{kept}");
    // What is edited now is another step, and stays too.
    std::fs::write(tree.join("yours.txt"), "yours\n").unwrap();
    bench.answer(&adw_id, "yes").await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    let files = files(&bench, &workflow);
    assert!(["mine.txt", "yours.txt"].iter().all(|file| files.iter().any(|kept| kept == file)), "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleep_that_was_cut_off_lasts_for_what_is_left_of_it() {
    let folder = repository(&[("a.txt", "a\n")]);
    onlooker(folder.path(), "{ sleep = 3600 }");
    let cut = Cut::after(u32::MAX);
    let first = troubled(folder, Refusals { cut: Some(Arc::clone(&cut)), ..Refusals::default() }).await;
    let adw_id = first.create(task("sleep")).await;
    // Its start, and that it sleeps.
    cut.written(2).await;
    let began = first.workflow(&adw_id).await.updated_at;
    let folder = first.stop().await;
    let later = Arc::new(ByHand::at(began.plus_millis(3_600_000)));
    let second = Bench::on_clock(folder, later).await;
    let workflow = second.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
}
