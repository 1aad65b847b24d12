//! What holds for every workflow, whatever is asked of it and in whichever order.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use adw_core::{
    Answer, AttemptResult, Backoff, Budget, Cancel, Command, CountUsage, Counted, DefaultAnswer, EndAttempt,
    Expire, Interrupt, Money, Pause, Pipeline, Question, Recorded, Resume, Retry, RetryBy, SetStatus,
    StageName, StageStatus, Start, Status, Suspend, Timestamp, Usage, Waiting, Workflow, fold,
};
use proptest::prelude::*;
use support::{History, done, name, pipeline};

const STAGES: [&str; 4] = ["plan", "implement", "review", "test"];
/// Those that a pipeline may have later.
const KNOWN: [&str; 5] = ["plan", "implement", "review", "test", "lint"];

fn stage() -> impl Strategy<Value = StageName> {
    prop_oneof![9 => prop::sample::select(&STAGES[..]), 1 => Just("unknown")].prop_map(name)
}

fn result() -> impl Strategy<Value = AttemptResult> {
    prop_oneof![
        4 => Just(done("ok")),
        1 => Just(AttemptResult::Skipped { reason: "nothing to do".to_owned() }),
        1 => prop::sample::select(vec!["network", "other"]).prop_map(|class| AttemptResult::Retryable {
            class: class.to_owned(),
            message: String::new()
        }),
        1 => Just(AttemptResult::Fatal { message: String::new() }),
        2 => Just(AttemptResult::Rework { feedback: "wrong".to_owned() }),
    ]
}

fn usage() -> impl Strategy<Value = Command> {
    (stage(), 0u32..4, 0u32..3, 1u32..3, 0u64..1_000_000, 0u64..1_000).prop_map(
        |(stage, attempt, call, run, micros, tokens)| {
            let used = Usage { cost_usd: Money::from_micros(micros), tokens };
            let run = Counted { attempt, call, run, used };
            Command::CountUsage(CountUsage { stage, agent: "mine".to_owned(), run })
        },
    )
}

/// What is asked; an end of the attempt under way is far likelier than one of another.
#[derive(Clone, Debug)]
enum Step {
    EndCurrent(AttemptResult, u32),
    /// The attempt under way asks a person, who may have no more than so many milliseconds to answer.
    Question(u32, Option<u64>),
    /// A person answers, perhaps what was asked before.
    Answer {
        stage: StageName,
        attempt: u32,
        call: u32,
        fits: bool,
    },
    Ask(Command),
    /// The pipeline has these stages from now on.
    Configure(Vec<&'static str>),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let end = (stage(), 0u32..4, result(), any::<u32>()).prop_map(|(stage, attempt, result, chance)| {
        Command::EndAttempt(EndAttempt { stage, attempt, result, chance })
    });
    let set = (
        prop::option::of(prop::sample::select(&Status::ALL[..])),
        prop::option::of(stage()),
        prop::option::of(Just(serde_json::json!({"note": 1}))),
        prop::option::of("[a-z ]{0,3}"),
    )
        .prop_map(|(status, current_stage, result, error_message)| {
            Command::SetStatus(SetStatus { status, current_stage, result, error_message })
        });
    prop_oneof![
        8 => (result(), any::<u32>()).prop_map(|(result, chance)| Step::EndCurrent(result, chance)),
        4 => Just(Step::Ask(Command::Start(Start))),
        2 => (1u32..4, prop::option::of(0u64..100_000)).prop_map(|(call, within)| Step::Question(call, within)),
        2 => (stage(), 0u32..4, 1u32..4, any::<bool>())
            .prop_map(|(stage, attempt, call, fits)| Step::Answer { stage, attempt, call, fits }),
        1 => end.prop_map(Step::Ask),
        1 => set.prop_map(Step::Ask),
        1 => Just(Step::Ask(Command::Interrupt(Interrupt { cause: "stop".to_owned() }))),
        2 => usage().prop_map(Step::Ask),
        1 => Just(Step::Ask(Command::Cancel(Cancel::default()))),
        3 => Just(Step::Ask(Command::Expire(Expire))),
        1 => Just(Step::Ask(Command::Pause(Pause::default()))),
        2 => Just(Step::Ask(Command::Resume(Resume))),
        2 => (prop::option::of(stage()), prop::bool::weighted(0.2)).prop_map(|(from, pinned)| {
            let by = if pinned { RetryBy::Pinned } else { RetryBy::Present };
            Step::Ask(Command::Retry(Retry { from, by }))
        }),
        1 => prop::sample::subsequence(&KNOWN[..], 1..=KNOWN.len()).prop_shuffle().prop_map(Step::Configure),
        2 => (0u64..100_000).prop_map(Step::Wait),
    ]
}

fn take(history: &mut History, step: Step) {
    match step {
        Step::Wait(millis) => history.at = history.at.plus_millis(millis),
        Step::Ask(command) => drop(history.try_run(command)),
        Step::Configure(stages) => history.present = pipeline(&stages),
        Step::Question(call, within) => {
            let Some(stage) = history.workflow.running_stage() else { return };
            let (stage, attempt, message) = (stage.name.clone(), stage.attempt, "?".to_owned());
            let default = within
                .map(|within| DefaultAnswer { until: history.at.plus_millis(within), answer: "no".into() });
            let question =
                Question { stage, attempt, call, message, choices: Vec::new(), schema: None, default };
            history
                .run(Command::Suspend(Suspend { waiting: Waiting::Question(Box::new(question)), attempt }));
        }
        Step::Answer { stage, attempt, call, fits } => {
            let given = match history.workflow.question().filter(|_| fits) {
                Some(question) => Answer::to(question, "yes".into(), None),
                None => Answer { stage, attempt, call, answer: "yes".into(), note: None },
            };
            let asked =
                history.workflow.question().map(|asked| (asked.stage.clone(), asked.attempt, asked.call));
            let fits = asked == Some((given.stage.clone(), given.attempt, given.call));
            assert_eq!(history.try_run(Command::Answer(given)).is_ok(), fits);
        }
        Step::EndCurrent(result, chance) => {
            let Some(stage) = history.workflow.running_stage() else { return };
            let (stage, attempt) = (stage.name.clone(), stage.attempt);
            history.run(Command::EndAttempt(EndAttempt { stage, attempt, result, chance }));
        }
    }
}

fn holds(before: &Workflow, after: &Workflow) {
    assert!(
        after.progress >= before.progress,
        "progress fell from {} to {}",
        before.progress,
        after.progress
    );
    let running = after.stages.iter().filter(|stage| stage.status == StageStatus::Running).count();
    assert!(running <= 1, "{running} stages run at once");
    assert_eq!(after.completed_at.is_some(), after.status.is_ended());
    let busy =
        after.stages.iter().any(|stage| matches!(stage.status, StageStatus::Running | StageStatus::Waiting));
    assert!(
        !busy || after.status == Status::Running,
        "a stage is at work in a workflow that is {:?}",
        after.status
    );
    assert_eq!(
        after.waiting.is_some(),
        after.stages.iter().any(|stage| stage.status == StageStatus::Waiting)
    );
    if after.paused.is_some() {
        assert!(running == 0 && !after.status.is_ended() && !after.is_runnable());
        assert_eq!(after.due(), None);
    }
    assert!(after.spent.usage.cost_usd >= before.spent.usage.cost_usd);
    assert!(
        after.spent.usage.tokens >= before.spent.usage.tokens && after.spent.wall_ms >= before.spent.wall_ms
    );
    assert_eq!(after.spent.wall_since.is_some(), after.is_on_the_clock());
    if before.status != after.status {
        assert!(before.status.moves().contains(&after.status) || before.status == Status::Pending);
    }
    if after.status == Status::Failed {
        assert!(after.error_message.is_some());
    }
    if after.status == Status::Completed {
        assert_eq!(after.progress, 100);
    }
    for earlier in before.every_stage() {
        let of_its_name: Vec<_> = after.every_stage().filter(|stage| stage.name == earlier.name).collect();
        let [later] = of_its_name[..] else { panic!("{of_its_name:#?}") };
        assert!(later.attempt >= earlier.attempt && later.round >= earlier.round);
        assert!(later.reworks <= 3 && later.failures <= 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn folding_the_events_gives_the_row_and_the_rules_hold(steps in prop::collection::vec(step(), 1..60), wall_ms in prop::option::of(1u64..1_000_000)) {
        let budget = Budget { wall_ms, ..Budget::default() };
        let mut history = History::new(Pipeline { budget, ..pipeline(&STAGES) });
        for step in steps {
            let before = history.workflow.clone();
            take(&mut history, step);
            holds(&before, &history.workflow);
        }
        let folded = fold(&history.events).unwrap();
        prop_assert_eq!(folded.as_ref(), Some(&history.workflow));
        for (recorded, seq) in history.events.iter().zip(1..) {
            prop_assert_eq!(recorded.seq, seq);
        }
        let text = serde_json::to_string(&history.events).unwrap();
        let read: Vec<Recorded> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, history.events);
    }

    /// Nothing is ever stuck: what has not ended runs, waits, or can be started.
    #[test]
    fn an_open_workflow_always_has_a_way_on(steps in prop::collection::vec(step(), 1..60)) {
        let mut history = History::new(pipeline(&STAGES));
        for step in steps {
            take(&mut history, step);
            let open = !history.workflow.status.is_ended();
            let mut later = history.clone();
            later.at = Timestamp::from_millis(i64::MAX);
            if later.workflow.paused.is_some() {
                later.run(Command::Resume(Resume));
            }
            later.run(Command::Expire(Expire));
            if let Some(question) = later.workflow.question().cloned() {
                assert_eq!(question.default, None, "its time is up");
                later.run(Command::Answer(Answer::to(&question, "yes".into(), None)));
            }
            if open && history.workflow.running_stage().is_none() {
                later.start();
            }
        }
    }

    #[test]
    fn a_backoff_stays_between_half_its_wait_and_its_wait(
        first_ms in 0u64..100_000, longest_ms in 0u64..1_000_000, failures in 0u32..200, chance in any::<u32>()
    ) {
        let wait = Backoff { first_ms, longest_ms }.wait_ms(failures, chance);
        prop_assert!(wait <= longest_ms);
        prop_assert!(wait >= first_ms.min(longest_ms) / 2);
    }

    #[test]
    fn names_from_outside_never_panic(text in ".{0,120}") {
        let _ = text.parse::<adw_core::AdwId>();
        let _ = text.parse::<StageName>();
        let _ = text.parse::<Timestamp>();
    }
}
