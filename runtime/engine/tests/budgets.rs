//! Budgets: what agents say that they use is counted, and ends them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use adw_core::{
    AdwId, Command, Event, Pause, Refusal, Resume, Retry, Status, Timestamp, Usage, Workflow, fold,
};
use adw_engine::{Clock as _, CommandError, LogQuery, NewAnswer, NewTask, Route, SystemClock};
use support::{
    Bench,
    clock::ByHand,
    repository, script, task,
    troubled::{Cut, Refusals, troubled},
    until_there,
};
use tempfile::TempDir;

/// The agent is asked by `implement`; `look` runs a command, and `approve` asks a person.
const STAGES: &str = r#"
[agents.mine]
profile = "command"
command = ["AGENT"]
usage = { cost_usd = "/cost", input_tokens = "/usage/in", output_tokens = "/usage/out" }
[stages.implement]
plugin = "builtin:implement"
grants = { workspace = "write", agent = ["*"] }
retry = { attempts = 3, backoff = "1ms..1ms", on = ["crashed", "timeout", "interrupted"] }
[stages.check]
plugin = "builtin:test"
config = { command = "touch checked", trust_exit_code = true }
grants = { workspace = "read", exec = [["touch", "**"]] }
[stages.approve]
plugin = "builtin:gate"
[pipelines.default]
stages = ["implement"]
[pipelines.checked]
stages = ["implement", "check"]
[pipelines.asks]
stages = ["approve", "implement"]
"#;

/// Whoever is asked to stop says so.
const SAYS_WHEN_IT_IS_STOPPED: &str = "trap 'echo stopped >> {ledger}; exit 0' INT";
const WORKS_ON: &str = "while :; do sleep 0.02; done";

/// An agent beside the repository, with a ledger of what it does.
struct Agent(TempDir);

impl Agent {
    /// It notes that it was asked, and then does this: `{ledger}`, `{go}` and `{pid}` stand for files, `cost N` says that so
    /// much was used so far.
    fn that(does: &str) -> Self {
        let agent = Self(tempfile::tempdir().unwrap());
        let does = ["ledger", "go", "pid"].iter().fold(does.to_owned(), |does, name| {
            does.replace(&format!("{{{name}}}"), &agent.file(name).display().to_string())
        });
        let cost = r#"cost() { printf '{"cost": %s}\n' "$1"; }"#;
        let ledger = agent.file("ledger");
        let body = format!(
            "cat >/dev/null; {cost}\necho $$ > {0}.new; mv {0}.new {0}; echo asked >> {1}\n{does}\n",
            agent.file("pid").display(),
            ledger.display()
        );
        script(agent.0.path(), "agent", &body);
        agent
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What it and its like have noted.
    fn ledger(&self) -> Vec<String> {
        let ledger = std::fs::read_to_string(self.file("ledger")).unwrap_or_default();
        ledger.lines().map(str::to_owned).collect()
    }

    /// The process that it is, as the system has it.
    fn process(&self) -> PathBuf {
        Path::new("/proc").join(std::fs::read_to_string(self.file("pid")).unwrap().trim())
    }

    /// An engine with this agent and this budget.
    async fn bench(&self, budget: &str) -> Bench {
        Bench::again(self.folder(budget)).await
    }

    fn folder(&self, budget: &str) -> TempDir {
        let folder = repository(&[("a.txt", "a\n")]);
        let stages = STAGES.replace("AGENT", &self.file("agent").display().to_string());
        std::fs::write(folder.path().join("adw.toml"), format!("{stages}\n[budget]\n{budget}\n")).unwrap();
        folder
    }

    /// Who supervises it is killed, and nobody is there to see how it ends.
    fn lose(&self) {
        let stat = std::fs::read_to_string(self.process().join("stat")).unwrap();
        let parent = stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().to_owned();
        assert!(std::process::Command::new("kill").args(["-9", &parent]).status().unwrap().success());
    }
}

async fn through(bench: &Bench, pipeline: &str) -> AdwId {
    bench.create(NewTask { route: Route::Pipeline(pipeline.to_owned()), ..task(pipeline) }).await
}

/// What was counted, run by run.
async fn counted(bench: &Bench, adw_id: &AdwId) -> Vec<String> {
    let events = bench.engine.events(adw_id, 0, 1_000).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    let counted = events.iter().filter_map(|recorded| match &recorded.event {
        Event::UsageCounted { attempt, run, used: Usage { cost_usd, tokens }, .. } => {
            Some(format!("attempt {attempt} run {run}: {cost_usd} {tokens}"))
        }
        _ => None,
    });
    counted.collect()
}

async fn fails_for(bench: &Bench, adw_id: &AdwId, why: &str) -> Workflow {
    let workflow = bench.ends_as(adw_id, Status::Failed).await;
    let message = workflow.error_message.as_deref().unwrap();
    assert!(message.contains(why), "{message}");
    workflow
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_that_reaches_the_budget_ends_the_agent_in_the_middle_of_its_work() {
    let agent = Agent::that(&format!(
        "{SAYS_WHEN_IT_IS_STOPPED}\ncost 0.1\necho b >> a.txt\ncost 0.30000000000000004\n{WORKS_ON}"
    ));
    let bench = agent.bench("cost_usd = 0.3").await;
    let adw_id = through(&bench, "default").await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    insta::assert_snapshot!(workflow.error_message.as_deref().unwrap(), @"stage implement failed: plugin implement 0.1.0: out of budget: the workflow's budget is used up: $0.300001 spent of $0.30; budget.cost_usd raises it");
    assert_eq!(workflow.stages[0].attempt, 1, "nobody tries again");
    assert_eq!(agent.ledger(), ["asked", "stopped"]);
    until_there(&agent.process(), false).await;
    assert_eq!(counted(&bench, &adw_id).await, ["attempt 1 run 1: $0.300001 0"]);

    let replay = bench.engine.replay(&adw_id, &"implement".parse().unwrap(), 1, None).await.unwrap();
    assert!(replay.difference.is_none(), "{:?}", replay.difference);
    let refused = bench.engine.command(&adw_id, Command::Retry(Retry::default()), None).await.unwrap_err();
    let CommandError::Refused(Refusal::OverBudget(used_up)) = refused else { panic!("{refused:?}") };
    assert!(workflow.error_message.unwrap().contains(&used_up.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_those_that_it_reads_and_those_that_it_writes() {
    let says = r#"echo '{"usage": {"in": 600, "out": 399}}'; echo '{"usage": {"out": 400}}'"#;
    let agent = Agent::that(&format!("{SAYS_WHEN_IT_IS_STOPPED}\n{says}\n{WORKS_ON}"));
    let bench = agent.bench("tokens = 1_000").await;
    let adw_id = through(&bench, "default").await;
    fails_for(&bench, &adw_id, "1000 tokens used of 1000; budget.tokens raises it").await;
    assert_eq!(agent.ledger(), ["asked", "stopped"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_done_when_it_reaches_the_budget_is_answered_by_and_nothing_more_begins() {
    // Its last word is longer than a line that is told while it works.
    let last = r#"head -c 20000 /dev/zero | tr '\0' x | sed 's/.*/{"cost": 2.5, "text": "&"}/'"#;
    let agent = Agent::that(&format!("echo b >> a.txt\n{last}"));
    let bench = agent.bench("cost_usd = 2.5").await;
    let adw_id = through(&bench, "checked").await;
    let workflow = fails_for(&bench, &adw_id, "$2.50 spent of $2.50; budget.cost_usd raises it").await;
    assert_eq!(workflow.stages[0].output.as_ref().unwrap().summary, "mine changed 1 file");
    assert!(workflow.error_message.unwrap().starts_with("stage check failed: "));
    assert!(!bench.path().join(".adw/trees").join(adw_id.as_str()).join("checked").exists());
    assert_eq!(agent.ledger(), ["asked"]);

    let enough = through(&bench, "default").await;
    bench.ends_as(&enough, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_attempts_have_used_counts_with_the_one_that_follows() {
    // In binary fractions 0.1 and 0.7 would be less than 0.8.
    let agent = Agent::that(&format!(
        "{SAYS_WHEN_IT_IS_STOPPED}\nif [ $(wc -l < {{ledger}}) = 1 ]; then cost 0.1; exit 1; fi\ncost 0.6\ncost 0.7\n{WORKS_ON}"
    ));
    let bench = agent.bench("cost_usd = 0.8").await;
    let adw_id = through(&bench, "default").await;
    let workflow = fails_for(&bench, &adw_id, "$0.80 spent of $0.80").await;
    assert_eq!(workflow.stages[0].attempt, 2);
    assert_eq!(agent.ledger(), ["asked", "asked", "stopped"]);
    assert_eq!(counted(&bench, &adw_id).await, ["attempt 1 run 1: $0.10 0", "attempt 2 run 1: $0.70 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_on_while_the_server_is_another_one_is_held_to_the_same_budget() {
    let agent = Agent::that(&format!(
        "{SAYS_WHEN_IT_IS_STOPPED}\ncost 0.5\nwhile [ ! -e {{go}} ]; do sleep 0.02; done\necho '{{\"usage\": {{\"in\": 7}}}}'\ncost 0.8\n{WORKS_ON}"
    ));
    let bench = agent.bench("cost_usd = 0.8").await;
    let adw_id = through(&bench, "default").await;
    until_there(&agent.file("pid"), true).await;
    let bench = bench.restart().await;
    std::fs::write(agent.file("go"), "").unwrap();
    fails_for(&bench, &adw_id, "$0.80 spent of $0.80").await;
    assert_eq!(agent.ledger(), ["asked", "stopped"]);
    assert_eq!(
        bench.workflow(&adw_id).await.spent.usage,
        Usage { cost_usd: "0.8".parse().unwrap(), tokens: 7 }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_to_an_earlier_server_counts_also_where_nobody_knows_how_it_ended() {
    let agent = Agent::that(&format!("{SAYS_WHEN_IT_IS_STOPPED}\ncost 0.5\ntouch {{go}}\n{WORKS_ON}"));
    let cut = Cut::after(u32::MAX);
    let refusals = Refusals { cut: Some(Arc::clone(&cut)), ..Refusals::default() };
    let bench = troubled(agent.folder("cost_usd = 0.9"), refusals).await;
    let adw_id = through(&bench, "default").await;
    until_there(&agent.file("go"), true).await;
    // The line has been told to this server once it stands in the log. It is killed then, and writes nothing down.
    logged(&bench, &adw_id, r#"{"cost": 0.5}"#).await;
    cut.now();
    let folder = bench.stop().await;
    agent.lose();
    let bench = Bench::again(folder).await;
    let workflow = fails_for(&bench, &adw_id, "$1.00 spent of $0.90").await;
    assert_eq!(workflow.stages[0].attempt, 1, "the call was made again, and not the attempt");
    assert_eq!(counted(&bench, &adw_id).await, ["attempt 1 run 1: $0.50 0", "attempt 1 run 2: $0.50 0"]);
}

/// Waits until a line is in the log.
async fn logged(bench: &Bench, adw_id: &AdwId, line: &str) {
    let query = || LogQuery { stage: None, attempt: None, offset: 0, limit: 1_000 };
    let looking = async {
        loop {
            let lines = bench.engine.logs(adw_id, query()).await.unwrap().lines;
            if lines.iter().any(|logged| logged.message.contains(line)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(support::PATIENCE, looking).await.expect("it is not in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_at_a_pause_is_not_counted_again_afterwards() {
    let agent = Agent::that("cost 0.5\nwhile [ ! -e {go} ]; do sleep 0.02; done\ncost 0.7\necho b >> a.txt");
    let bench = agent.bench("cost_usd = 0.9").await;
    let adw_id = through(&bench, "default").await;
    until_there(&agent.file("pid"), true).await;
    logged(&bench, &adw_id, r#"{"cost": 0.5}"#).await;
    bench.engine.command(&adw_id, Command::Pause(Pause::default()), None).await.unwrap();
    let paused = bench.until(&adw_id, |workflow| !workflow.spent.usage.is_nothing()).await;
    assert!(paused.paused.is_some());
    bench.engine.command(&adw_id, Command::Resume(Resume), None).await.unwrap();
    std::fs::write(agent.file("go"), "").unwrap();
    bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(counted(&bench, &adw_id).await, ["attempt 1 run 1: $0.50 0", "attempt 1 run 1: $0.20 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_budget_what_is_used_is_counted_and_who_says_nothing_is_told_of() {
    let agent =
        Agent::that("[ $(wc -l < {ledger}) = 2 ] || cost 1e-5\ncost -3\ncost '\"much\"'\necho b >> a.txt");
    let bench = agent.bench("").await;
    let adw_id = through(&bench, "default").await;
    bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(counted(&bench, &adw_id).await, ["attempt 1 run 1: $0.00001 0"]);
    let mute = through(&bench, "default").await;
    bench.ends_as(&mute, Status::Completed).await;
    assert_eq!(counted(&bench, &mute).await, [""; 0]);
    logged(&bench, &mute, "mine said nothing of what it has used: agents.mine.usage names where").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_whose_time_is_up_is_ended_with_its_agent() {
    let agent = Agent::that(&format!("{SAYS_WHEN_IT_IS_STOPPED}\ncost 0.1\ntouch {{go}}\n{WORKS_ON}"));
    let clock = Arc::new(ByHand::at(SystemClock.now()));
    let bench = Bench::on_clock(agent.folder("wall = \"700ms\""), clock.clone()).await;
    let adw_id = through(&bench, "default").await;
    // However long it takes until the agent is at work: its time passes afterwards.
    until_there(&agent.file("go"), true).await;
    clock.set(SystemClock.now().plus_millis(60_000));
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    insta::assert_snapshot!(workflow.error_message.as_deref().unwrap(), @"the workflow's budget is used up: its 700 ms are over; budget.wall raises it");
    assert!(workflow.spent.wall_ms >= 700, "{:?}", workflow.spent);
    until_there(&agent.process(), false).await;
    assert_eq!(agent.ledger(), ["asked", "stopped"]);
    // What it used until then comes in after the end.
    let spent = bench.until(&adw_id, |workflow| !workflow.spent.usage.is_nothing()).await;
    assert_eq!(spent.status, Status::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_that_is_up_while_no_server_is_there_is_up() {
    let agent = Agent::that(&format!("{SAYS_WHEN_IT_IS_STOPPED}\ntouch {{go}}\n{WORKS_ON}"));
    let bench = agent.bench("wall = \"2h\"").await;
    let adw_id = through(&bench, "default").await;
    until_there(&agent.file("go"), true).await;
    let begun = bench.workflow(&adw_id).await.spent.wall_since.unwrap();
    let folder = bench.stop().await;
    let later = Arc::new(ByHand::at(begun.plus_millis(2 * 3_600_000)));
    let bench = Bench::on_clock(folder, later).await;
    fails_for(&bench, &adw_id, "its 7200 s are over; budget.wall raises it").await;
    until_there(&agent.process(), false).await;
    assert_eq!(agent.ledger(), ["asked", "stopped"], "nobody is asked any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_take_as_long_as_they_like() {
    let agent = Agent::that("echo b >> a.txt");
    let bench = agent.bench("wall = \"2h\"").await;
    let adw_id = through(&bench, "asks").await;
    let asked = bench.asks_or_ends(&adw_id).await;
    assert_eq!((asked.due(), asked.spent.wall_since), (None, None));
    let folder = bench.stop().await;
    let much_later: Timestamp = asked.updated_at.plus_millis(48 * 3_600_000);
    let bench = Bench::on_clock(folder, Arc::new(ByHand::at(much_later))).await;
    let yes = NewAnswer { answer: "approve".into(), note: None };
    bench.engine.answer(&adw_id, yes, None).await.unwrap();
    bench.ends_as(&adw_id, Status::Completed).await;
}
