//! `decide` and `apply` are held against a small model of a workflow, command by command, in sequences made by chance.
//!
//! `cargo xtask test model` runs the longer forms of this, and prints the figures; ADW_SEED repeats a run's choices.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "a test program has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod adapter;
mod campaign;
mod reference;
mod steps;

use std::sync::atomic::{AtomicU64, Ordering};

use adw_core::{Backoff, Event, Pipeline, Recorded, fold};
use campaign::{Agreed, Campaign};
use proptest::prelude::*;
use reference::{Asked, How, Model, Policy, Standing, Waits};
use steps::{Step, Wish};
use support::History;

/// A workflow as core has it, beside the model of it.
struct Pair {
    policies: Vec<Policy>,
    history: History,
    model: Model,
    /// The questions that there were: stage, attempt, call.
    questions: Vec<(usize, u32, u32)>,
}

#[derive(Default)]
struct Figures {
    sequences: AtomicU64,
    steps: AtomicU64,
    refused: AtomicU64,
    events: AtomicU64,
}

#[test]
fn a_workflow_does_what_the_model_does() {
    let campaign = Campaign::new("core", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/regressions.txt"));
    let figures = Figures::default();
    let sequence = || (steps::policies(), prop::collection::vec(steps::step(), 1..60));
    campaign.run(campaign.form.sequences(500), 1, sequence, |(policies, steps)| {
        let mut pair = Pair::new(policies);
        count(&figures.sequences, 1);
        for step in steps {
            count(&figures.steps, 1);
            pair.take(&step, &figures)?;
        }
        pair.check_history(&figures);
        Ok(())
    });
    campaign.tell(&[
        ("sequences", figures.sequences.into_inner()),
        ("steps", figures.steps.into_inner()),
        ("commands refused", figures.refused.into_inner()),
        ("events", figures.events.into_inner()),
    ]);
}

fn count(figure: &AtomicU64, more: usize) {
    figure.fetch_add(more as u64, Ordering::Relaxed);
}

impl Pair {
    fn new(policies: Vec<Policy>) -> Self {
        let history = History::new(pipeline(&policies));
        let model = Model::new(policies.len());
        Self { policies, history, model, questions: Vec::new() }
    }

    fn now(&self) -> u64 {
        adapter::millis(self.history.at)
    }

    fn take(&mut self, step: &Step, figures: &Figures) -> Agreed {
        let (asked, chance) = match *step {
            Step::Wait(millis) => {
                self.wait(millis);
                return Ok(());
            }
            Step::GoOn(..) if self.is_over() => {
                self.check_history(figures);
                *self = Self::new(self.policies.clone());
                return Ok(());
            }
            Step::Wish(wish, chance) => (self.asked(wish), chance),
            Step::GoOn(how, chance) => (self.next(how), chance),
        };
        let before = self.model.clone();
        let when = |wrong: String| format!("{asked:?}, asked of {before:#?}: {wrong}");
        let expected = self.model.take(&self.policies, asked, self.now());
        let answer = self.history.try_run(adapter::command(asked, chance));
        count(&figures.refused, usize::from(answer.is_err()));
        let answered = answer.as_ref().map(drop).map_err(adapter::no);
        if answered != expected {
            return Err(when(format!("the answer is {answered:?} and by the model {expected:?}")));
        }
        adapter::compare(&mut self.model, &self.history.workflow).map_err(when)?;
        if answer.is_ok_and(|events| events.is_empty()) && self.model != before {
            return Err(when("it changes something, and no event says so".to_owned()));
        }
        Ok(())
    }

    /// Nothing lets it go on any more.
    fn is_over(&self) -> bool {
        matches!(self.model.standing, Standing::Completed | Standing::Cancelled)
    }

    fn wait(&mut self, millis: u64) {
        self.history.at = self.history.at.plus_millis(millis);
    }

    /// What it takes for it to go on. The time that it waits for comes.
    fn next(&mut self, how: How) -> Asked {
        if self.model.paused {
            return Asked::Resume;
        }
        if self.model.standing == Standing::Failed {
            return Asked::Retry { from: None };
        }
        match self.model.waits {
            Some(Waits::Question { stage, attempt, call, .. }) => {
                return Asked::Answer { stage, attempt, call };
            }
            Some(Waits::Timer { latest: over, .. } | Waits::Sleep { until: over, .. }) => {
                self.wait(over.saturating_sub(self.now()));
            }
            None => {}
        }
        let under_way = self.model.under_way();
        under_way.map_or(Asked::Start, |(stage, attempt)| Asked::End { stage, attempt, how })
    }

    /// What it comes to that somebody wishes, as things are.
    fn asked(&mut self, wish: Wish) -> Asked {
        let under_way = self.model.under_way();
        match wish {
            Wish::Plain(asked) => asked,
            Wish::End(whose, how) => {
                let (stage, attempt) = whose.of(under_way, self.policies.len());
                Asked::End { stage, attempt, how }
            }
            Wish::Question(whose, within) => {
                let (stage, attempt) = whose.of(under_way, self.policies.len());
                let call = u32::try_from(self.questions.len()).unwrap();
                self.questions.push((stage, attempt, call));
                Asked::Question { stage, attempt, call, until: within.map(|within| self.now() + within) }
            }
            Wish::Sleep(whose, millis) => {
                let (stage, attempt) = whose.of(under_way, self.policies.len());
                Asked::Sleep { stage, attempt, until: self.now() + millis }
            }
            Wish::Answer { back } => {
                let which = self.questions.len().checked_sub(1 + back).map(|which| self.questions[which]);
                let (stage, attempt, call) = which.unwrap_or((0, 1, 1));
                Asked::Answer { stage, attempt, call }
            }
        }
    }

    /// The events have each number once, are the same after they were stored, and give the workflow again.
    fn check_history(&self, figures: &Figures) {
        let events = &self.history.events;
        count(&figures.events, events.len());
        assert!(events.iter().map(|event| event.seq).eq(1..=events.len() as u64));
        let text = serde_json::to_string(events).unwrap();
        let read: Vec<Recorded> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, *events);
        assert_eq!(fold(&read).unwrap().as_ref(), Some(&self.history.workflow));
        let ended =
            events.iter().filter(|event| matches!(event.event, Event::WorkflowCompleted { .. })).count();
        assert!(ended <= 1, "it completed {ended} times");
    }
}

/// A pipeline with these policies.
fn pipeline(policies: &[Policy]) -> Pipeline {
    let mut pipeline = support::pipeline(&adapter::NAMES[..policies.len()]);
    for (stage, policy) in pipeline.stages.iter_mut().zip(policies) {
        stage.retry.attempts = policy.tries;
        stage.retry.on = policy.tried_again.iter().map(|class| (*class).to_owned()).collect();
        stage.retry.backoff = Backoff { first_ms: policy.waits.0, longest_ms: policy.waits.1 };
        stage.on_rework = policy.gives_back_to.map(adapter::name);
        stage.max_rework = policy.most_reworks;
    }
    pipeline
}
