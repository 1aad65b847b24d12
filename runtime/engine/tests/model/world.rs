//! What an engine does with several workflows, by the documentation: places by priority and age, attempts that play their
//! parts, timers, and what a stop or a crash leaves. Each workflow by itself is a [`Model`].

use std::collections::BTreeSet;

use crate::{
    adapter::ANY_CALL,
    reference::{Asked, How, Model, No, Policy, Waits},
    script::{Act, QUANTUM, STAGE_TIME, Script},
};

/// What adw.toml says of a stage.
#[derive(Clone, Debug)]
pub struct Part {
    pub policy: Policy,
    /// How long people have to answer, in milliseconds, where that is bounded.
    pub time_to_answer: Option<u64>,
}

/// All that there is.
#[derive(Clone, Debug)]
pub struct World {
    pub now: u64,
    places: usize,
    parts: Vec<Part>,
    /// By age.
    pub workflows: Vec<Player>,
    /// Those that have a place.
    pub placed: Vec<usize>,
    /// Those that wait for one.
    pub queued: BTreeSet<usize>,
}

/// A workflow, and what its stages do.
#[derive(Clone, Debug)]
pub struct Player {
    pub model: Model,
    priority: u8,
    script: Script,
    /// How far each of its stages is.
    pub stages: Vec<Playing>,
    /// The attempt under way sleeps for longer than it may take, and keeps its place until it is cut off: real time doesn't
    /// pass here.
    pub is_asleep: bool,
}

/// How far a stage is.
#[derive(Clone, Debug, Default)]
pub struct Playing {
    /// Tries that it has begun.
    pub tries: usize,
    /// The attempt that is the last of them.
    attempt: u32,
    /// Acts that are over.
    acts: usize,
    /// Since when it sleeps.
    asleep_since: Option<u64>,
    /// How long it was to sleep without a place, in all.
    slept: u64,
}

impl World {
    pub fn new(now: u64, places: usize, parts: Vec<Part>) -> Self {
        Self { now, places, parts, workflows: Vec::new(), placed: Vec::new(), queued: BTreeSet::new() }
    }

    pub fn create(&mut self, priority: u8, script: Script) {
        let stages = vec![Playing::default(); self.parts.len()];
        let model = Model::new(self.parts.len());
        self.workflows.push(Player { model, priority, script, stages, is_asleep: false });
        self.react(self.workflows.len() - 1);
    }

    /// What a person asks of a workflow, and what follows.
    pub fn ask(&mut self, workflow: usize, asked: Asked) -> Result<(), No> {
        let policies = self.policies();
        let player = &mut self.workflows[workflow];
        player.model.take(&policies, asked, self.now)?;
        player.is_asleep &= player.model.under_way().is_some();
        self.react(workflow);
        Ok(())
    }

    /// The question that is open is answered.
    pub fn answer(&mut self, workflow: usize) -> Result<(), No> {
        let Some(Waits::Question { stage, attempt, call, .. }) = self.workflows[workflow].model.waits else {
            return Err(No::NothingAsked);
        };
        self.ask(workflow, Asked::Answer { stage, attempt, call })
    }

    /// When what it waits on is over by itself.
    pub fn due(&self, workflow: usize) -> Option<u64> {
        let model = &self.workflows[workflow].model;
        match model.waits.filter(|_| !model.paused)? {
            Waits::Timer { latest: over, .. } | Waits::Sleep { until: over, .. } => Some(over),
            Waits::Question { until, .. } => until,
        }
    }

    pub fn is_due(&self, workflow: usize) -> bool {
        self.due(workflow).is_some_and(|due| due <= self.now)
    }

    /// What it waited on may be over; and whoever has work and waits on nothing wants a place.
    pub fn react(&mut self, workflow: usize) {
        let mut wants_a_place = false;
        if self.is_due(workflow) {
            wants_a_place = true;
            let policies = self.policies();
            // Of a question; of anything else the start says that it is over.
            let _ = self.workflows[workflow].model.take(&policies, Asked::TimeIsUp, self.now);
        }
        let model = &self.workflows[workflow].model;
        wants_a_place |= model.waits.is_none() && model.can_start(self.now);
        if model.has_ended() || model.paused {
            self.queued.remove(&workflow);
        } else if wants_a_place && !self.placed.contains(&workflow) {
            self.queued.insert(workflow);
        }
    }

    /// Everything happens that can: places are given, and who has one goes on until they wait, sleep or end.
    pub fn settle(&mut self) {
        loop {
            if let Some(place) = (0..self.placed.len()).find(|place| !self.keeps(self.placed[*place])) {
                self.placed.remove(place);
            } else if self.placed.len() < self.places
                && let Some(next) = self.next()
            {
                self.queued.remove(&next);
                self.placed.push(next);
            } else {
                return;
            }
        }
    }

    /// The most urgent of those that wait for a place, and of these the oldest.
    fn next(&self) -> Option<usize> {
        self.queued.iter().copied().min_by_key(|one| (u8::MAX - self.workflows[*one].priority, *one))
    }

    /// Goes on with a workflow that has a place, and says whether it keeps that.
    fn keeps(&mut self, workflow: usize) -> bool {
        let policies = self.policies();
        let player = &mut self.workflows[workflow];
        while !player.is_asleep {
            let Some((stage, attempt)) = player.model.under_way() else {
                if player.model.take(&policies, Asked::Start, self.now).is_err() {
                    return false;
                }
                continue;
            };
            match player.act(stage, attempt) {
                Act::Sleep { millis } => player.sleep(&policies, (stage, attempt), millis, self.now),
                Act::Ask => {
                    player.stages[stage].acts += 1;
                    let until = self.parts[stage].time_to_answer.map(|time| self.now + time);
                    player.ask(
                        &policies,
                        Asked::Question { stage, attempt, call: ANY_CALL, until },
                        self.now,
                    );
                }
                Act::End(how) => player.ask(&policies, Asked::End { stage, attempt, how }, self.now),
            }
        }
        true
    }

    /// The engine is there no more, and there again: what was under way was cut off, and all that have work want a place.
    pub fn begin_again(&mut self) {
        self.placed.clear();
        self.queued.clear();
        let policies = self.policies();
        for player in &mut self.workflows {
            let _ = player.model.take(&policies, Asked::CutOff, self.now);
            player.is_asleep = false;
        }
        (0..self.workflows.len()).for_each(|workflow| self.react(workflow));
        self.settle();
    }

    /// The latest time that can come without waking somebody who sleeps: when they hear of it, nobody can say.
    pub fn latest_before_waking(&self) -> u64 {
        let wakes = self.workflows.iter().filter_map(Player::wakes);
        wakes.min().map_or(u64::MAX, |wakes| wakes - QUANTUM)
    }

    fn policies(&self) -> Vec<Policy> {
        self.parts.iter().map(|part| part.policy.clone()).collect()
    }
}

impl Player {
    fn ask(&mut self, policies: &[Policy], asked: Asked, now: u64) {
        // It speaks for the attempt under way.
        self.model.take(policies, asked, now).unwrap();
    }

    /// What the attempt does next: a new one begins with the acts of the stage's next try.
    fn act(&mut self, stage: usize, attempt: u32) -> Act {
        let playing = &mut self.stages[stage];
        if playing.attempt != attempt {
            *playing = Playing { tries: playing.tries + 1, attempt, acts: 0, asleep_since: None, slept: 0 };
        }
        let acts = self.script[stage].get(playing.tries - 1);
        acts.and_then(|acts| acts.get(playing.acts)).copied().unwrap_or(Act::End(How::Done))
    }

    /// A sleep lasts for what is left of it. Where the stage has time for that, nobody else waits for it.
    fn sleep(&mut self, policies: &[Policy], (stage, attempt): (usize, u32), millis: u64, now: u64) {
        let playing = &mut self.stages[stage];
        let until = *playing.asleep_since.get_or_insert(now) + millis;
        if until <= now {
            playing.asleep_since = None;
            playing.acts += 1;
        } else if playing.slept + (until - now) < STAGE_TIME {
            playing.slept += until - now;
            self.ask(policies, Asked::Sleep { stage, attempt, until }, now);
        } else {
            self.is_asleep = true;
        }
    }

    fn wakes(&self) -> Option<u64> {
        let (stage, _) = self.model.under_way().filter(|_| self.is_asleep)?;
        let playing = &self.stages[stage];
        match (playing.asleep_since, self.script[stage][playing.tries - 1][playing.acts]) {
            (Some(since), Act::Sleep { millis }) => Some(since + millis),
            _ => None,
        }
    }
}
