//! What a workflow may spend: what is counted, what isn't, and what comes of a budget that is used up.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::{
    AttemptResult, Budget, Cancel, Command, CountUsage, Counted, Event, EventKind, Expire, Interrupt, Money,
    Pause, Pipeline, Question, Recorded, Refusal, Resume, Retry, Stage, Start, Status, Suspend, Usage,
    UsedUp, Waiting, Workflow, fold,
};
use serde_json::json;
use support::{History, done, name, pipeline};

const HOUR: u64 = 3_600_000;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn budget(cost_usd: Option<&str>, tokens: Option<u64>, wall_ms: Option<u64>) -> Budget {
    Budget { cost_usd: cost_usd.map(money), tokens, wall_ms }
}

/// A workflow whose first stage is under way.
fn under_way(budget: Budget) -> History {
    let mut history = History::new(Pipeline { budget, ..pipeline(&["implement", "test"]) });
    history.start();
    history
}

fn used(cost: &str, tokens: u64) -> Usage {
    Usage { cost_usd: money(cost), tokens }
}

/// What the agent of this call has used in all.
fn counts(attempt: u32, call: u32, run: u32, used: Usage) -> Command {
    let run = Counted { attempt, call, run, used };
    Command::CountUsage(CountUsage { stage: name("implement"), agent: "mine".to_owned(), run })
}

fn network() -> AttemptResult {
    AttemptResult::Retryable { class: "network".to_owned(), message: "no answer".to_owned() }
}

fn ask(history: &mut History) {
    let stage = history.workflow.running_stage().unwrap();
    let (stage, attempt) = (stage.name.clone(), stage.attempt);
    let message = "Ready?".to_owned();
    let asked =
        Question { stage, attempt, call: 3, message, choices: Vec::new(), schema: None, default: None };
    history.run(Command::Suspend(Suspend { waiting: Waiting::Question(Box::new(asked)), attempt }));
}

fn answer(history: &mut History) {
    let asked = history.workflow.question().unwrap().clone();
    history.run(Command::Answer(adw_core::Answer::to(&asked, json!("yes"), None)));
}

#[test]
fn a_tenth_and_seven_tenths_use_up_eight() {
    // In binary fractions they would be a little less.
    let mut history = under_way(budget(Some("0.8"), None, None));
    history.run(counts(1, 1, 1, used("0.1", 0)));
    assert_eq!(history.workflow.used_up(), None);
    history.run(counts(1, 2, 1, used("0.7", 0)));
    let used_up = UsedUp::Cost { spent: money("0.8"), limit: money("0.8") };
    assert_eq!(history.workflow.used_up(), Some(used_up));
}

#[test]
fn what_a_run_says_is_a_running_total_and_counted_once_however_often_it_is_told() {
    let mut history = under_way(budget(None, Some(1_000), None));
    let told = [
        // A run that is gone on with tells of all of it again.
        ((1, 4, 1), used("0.1", 100), used("0.1", 100)),
        ((1, 4, 1), used("0.1", 100), Usage::default()),
        ((1, 4, 1), used("0.3", 150), used("0.3", 150)),
        ((1, 4, 1), used("0.2", 170), used("0.3", 170)),
        // The call is made again, and another one, and another attempt: each a run of its own.
        ((1, 4, 2), used("0.1", 10), used("0.4", 180)),
        ((1, 5, 1), used("0.1", 10), used("0.5", 190)),
        ((2, 1, 1), used("0.1", 10), used("0.6", 200)),
        // One that is over long since says nothing new.
        ((1, 4, 1), used("9", 900), used("0.6", 200)),
    ];
    for ((attempt, call, run), says, in_all) in told {
        let events = history.run(counts(attempt, call, run, says));
        if in_all.is_nothing() {
            assert_eq!(events, [], "nothing new was told");
        } else {
            assert_eq!(history.workflow.spent.usage, in_all, "{attempt} {call} {run}");
        }
    }
    let of_events = history.events.iter().fold(Usage::default(), |sum, recorded| match &recorded.event {
        Event::UsageCounted { used, .. } => sum.plus(*used),
        _ => sum,
    });
    assert_eq!(of_events, history.workflow.spent.usage);
    assert_eq!(fold(&history.events).unwrap().unwrap(), history.workflow);
}

#[test]
fn what_was_spent_counts_after_the_end_too_and_changes_nothing_of_it() {
    let mut history = under_way(budget(Some("1"), None, None));
    history.run(Command::Cancel(Cancel::default()));
    history.run(counts(1, 1, 1, used("2", 0)));
    assert_eq!((history.workflow.status, history.workflow.spent.usage), (Status::Cancelled, used("2", 0)));
    assert!(history.workflow.completed_at.unwrap() < history.workflow.updated_at);
}

#[test]
fn nothing_is_tried_again_once_the_budget_is_used_up() {
    let mut history = under_way(budget(None, Some(1_000), None));
    history.run(counts(1, 1, 1, used("0", 999)));
    history.end(network());
    assert!(matches!(history.workflow.waiting, Some(Waiting::Timer { .. })), "there is one token left");

    let mut history = under_way(budget(None, Some(1_000), None));
    history.run(counts(1, 1, 1, used("0", 1_200)));
    history.end(network());
    insta::assert_snapshot!(history.workflow.error_message.as_deref().unwrap(), @"
    stage implement failed: no answer
    (the workflow's budget is used up: 1200 tokens used of 1000; budget.tokens raises it)
    ");
    assert_eq!(history.workflow.status, Status::Failed);
}

#[test]
fn a_retry_goes_on_only_where_there_is_something_left() {
    let limit = budget(Some("1"), Some(1_000), Some(HOUR));
    let cases = [
        (used("1", 0), 0, "cost"),
        (used("0", 1_000), 0, "tokens"),
        (used("0", 0), HOUR, "wall"),
        (used("0.999999", 999), HOUR - 1_000, "nothing"),
    ];
    for (spent, waits, used_up) in cases {
        let mut history = under_way(limit);
        history.run(counts(1, 1, 1, spent));
        history.at = history.at.plus_millis(waits);
        history.end(AttemptResult::Fatal { message: "no".to_owned() });
        let retried = history.decide(&Command::Retry(Retry::default()));
        if used_up == "nothing" {
            assert!(retried.is_ok(), "{retried:?}");
            continue;
        }
        let Err(Refusal::OverBudget(refused)) = &retried else { panic!("{used_up}: {retried:?}") };
        assert!(refused.to_string().contains(&format!("budget.{used_up}")), "{refused}");
        history.present.budget = budget(Some("2"), Some(2_000), Some(2 * HOUR));
        history.run(Command::Retry(Retry::default()));
        assert_eq!(history.workflow.spent.usage, spent, "a retry forgets nothing");
        history.start();
        assert_eq!(history.workflow.status, Status::Running);
    }
}

#[test]
fn time_counts_from_the_first_start_but_not_while_people_are_waited_for_or_it_is_paused() {
    let mut history =
        History::new(Pipeline { budget: budget(None, None, Some(HOUR)), ..pipeline(&["implement", "test"]) });
    let minutes = |history: &mut History, minutes: u64| history.at = history.at.plus_millis(minutes * 60_000);
    let spent = |history: &History| history.workflow.spent.wall_ms / 60_000;
    minutes(&mut history, 600);
    assert_eq!(history.workflow.due(), None, "it has not begun");
    history.start();
    minutes(&mut history, 10);
    ask(&mut history);
    assert_eq!((spent(&history), history.workflow.due()), (10, None));
    minutes(&mut history, 600);
    answer(&mut history);
    // Its place is waited for on the clock.
    minutes(&mut history, 10);
    history.start();
    history.run(Command::Pause(Pause::default()));
    assert_eq!((spent(&history), history.workflow.due()), (20, None));
    minutes(&mut history, 600);
    history.run(Command::Resume(Resume));
    // So is whatever else it waits on, and a server that is down.
    minutes(&mut history, 10);
    history.run(Command::Start(Start));
    history.run(Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() }));
    minutes(&mut history, 10);
    history.start();
    history.end(network());
    let Some(Waiting::Timer { until, .. }) = history.workflow.waiting else { panic!() };
    assert_eq!(history.workflow.due(), Some(until), "what comes first");
    minutes(&mut history, 10);
    history.start();
    history.end(AttemptResult::Fatal { message: "no".to_owned() });
    assert_eq!((spent(&history), history.workflow.due()), (50, None));
    minutes(&mut history, 600);
    history.run(Command::Retry(Retry::default()));
    minutes(&mut history, 600);
    history.start();
    assert_eq!(spent(&history), 50, "between the end and the next start nothing counts");
    let left = history.workflow.due().unwrap().as_millis() - history.at.as_millis();
    assert_eq!(left / 60_000, 9);
    assert_eq!(fold(&history.events).unwrap().unwrap(), history.workflow);
}

#[test]
fn a_workflow_whose_time_is_up_has_failed() {
    let mut history = under_way(budget(None, None, Some(HOUR)));
    let due = history.workflow.due().unwrap();
    assert_eq!(history.run(Command::Expire(Expire)), [], "it rang too early");
    history.at = due;
    // Also where it is found to be so by whoever would begin something.
    history.run(Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() }));
    history.at = due;
    let by_start = history.decide(&Command::Start(Start)).unwrap();
    let by_timer = history.run(Command::Expire(Expire));
    assert_eq!(by_start, by_timer);
    assert_eq!(by_timer.iter().map(Event::kind).collect::<Vec<_>>(), [EventKind::WorkflowFailed]);
    insta::assert_snapshot!(history.workflow.error_message.as_deref().unwrap(), @"the workflow's budget is used up: its 3600 s are over; budget.wall raises it");
    assert_eq!((history.workflow.status, history.workflow.spent.wall_ms), (Status::Failed, HOUR));
    assert_eq!(history.run(Command::Expire(Expire)), [], "it fails once");
}

#[test]
fn a_workflow_that_waits_for_a_person_does_not_fail_for_that() {
    let mut history = under_way(budget(None, None, Some(HOUR)));
    ask(&mut history);
    history.at = history.at.plus_millis(100 * HOUR);
    assert_eq!(history.run(Command::Expire(Expire)), []);
    answer(&mut history);
    history.start();
    history.end(done("ok"));
    assert_eq!(history.workflow.status, Status::Running);
}

#[test]
fn what_was_written_before_there_were_budgets_is_read_and_written_as_it_was() {
    let mut history = under_way(Budget::default());
    history.end(done("ok"));
    let document = serde_json::to_value(&history.pipeline).unwrap();
    assert!(
        document.get("budget").is_none() && document["stages"][0].get("silence_ms").is_none(),
        "{document}"
    );
    let events = serde_json::to_string(&history.events).unwrap();
    assert!(!events.contains("budget"), "{events}");
    let mut row = serde_json::to_value(&history.workflow).unwrap();
    row.as_object_mut().unwrap().remove("spent");
    let read: Workflow = serde_json::from_value(row).unwrap();
    assert!(read.spent.is_nothing() && read.stages.iter().all(|stage: &Stage| stage.counted.is_none()));
}

#[test]
fn its_events_keep_their_words() {
    let mut history = under_way(budget(Some("20"), Some(5_000_000), Some(2 * HOUR)));
    history.run(counts(1, 4, 1, used("0.3", 1_200)));
    let recorded: &Recorded = history.events.last().unwrap();
    let text = serde_json::to_string(recorded).unwrap();
    insta::assert_snapshot!(text, @r#"{"seq":4,"at":"2025-10-09T08:53:20.001Z","type":"usage_counted","stage":"implement","attempt":1,"call":4,"run":1,"agent":"mine","cost_usd":0.3,"tokens":1200}"#);
    assert_eq!(&serde_json::from_str::<Recorded>(&text).unwrap(), recorded);
    let first = serde_json::to_string(&history.events[0]).unwrap();
    insta::assert_snapshot!(&first[first.find("\"pipeline\"").unwrap()..], @r#""pipeline":{"name":"default","hash":"ac2ff368bf789a070d4db2a7c2bbc14fd621955d655e16092b0f168c326735b7","budget":{"cost_usd":20.0,"tokens":5000000,"wall_ms":7200000}},"stages":["implement","test"]}"#);
    assert_eq!(serde_json::from_str::<Recorded>(&first).unwrap(), history.events[0]);
    let row = serde_json::to_string(&history.workflow.spent).unwrap();
    insta::assert_snapshot!(row, @r#"{"cost_usd":0.3,"tokens":1200,"wall_ms":0,"wall_since":"2025-10-09T08:53:20.000Z"}"#);
}
