//! What a workflow does, as the documentation tells it, in the plainest form: what `decide` and the engine are held
//! against. It shares nothing with them, so that both would have to be wrong in the same way.
//!
//! A command is refused, or it changes what is here. A stage is named by its place in the pipeline; a place beyond the
//! last is a stage that there isn't. Times are milliseconds.

/// What the pipeline says of a stage.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Tries in all.
    pub tries: u32,
    /// The classes of failure that are tried again.
    pub tried_again: &'static [&'static str],
    /// How long the first wait is at the most, and how long any is; each is cut by half at the most.
    pub waits: (u64, u64),
    /// Who gets the work back.
    pub gives_back_to: Option<usize>,
    /// How often.
    pub most_reworks: u32,
}

/// Where a workflow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Pending,
    Running,
    Waiting,
    Completed,
    Skipped,
    Failed,
    Cancelled,
}

/// What a workflow waits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Its next try, which comes between these two times: chance says when.
    Timer { stage: usize, earliest: u64, latest: u64 },
    /// The end of its sleep.
    Sleep { stage: usize, until: u64 },
    /// A person, and for how long before the answer that stands ready is taken.
    Question { stage: usize, attempt: u32, call: u32, until: Option<u64> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    pub at: At,
    /// The number of its newest attempt.
    pub attempt: u32,
    /// Failed tries since its work was last given to it, each followed by another.
    pub failures: u32,
    /// How often it has sent the work back.
    pub reworks: u32,
    /// Its newest attempt goes on instead of a new one: it was cut off, or sleeps, or has its answer.
    pub goes_on: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Done,
    Skipped,
    Retryable { class: &'static str },
    Fatal,
    Rework,
}

/// What is asked of a workflow.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    Start,
    End { stage: usize, attempt: u32, how: How },
    Question { stage: usize, attempt: u32, call: u32, until: Option<u64> },
    Answer { stage: usize, attempt: u32, call: u32 },
    Sleep { stage: usize, attempt: u32, until: u64 },
    TimeIsUp,
    CutOff,
    Pause,
    Resume,
    Cancel,
    Retry { from: Option<usize> },
    ByHand { to: Option<Standing>, stage: Option<usize>, result: bool, error: bool },
}

/// Why something can't be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    NothingToStart,
    StaleAttempt,
    NothingAsked,
    NothingToPause,
    IllegalMove,
    UnknownStage,
    StageOfEnded,
}

/// A workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub standing: Standing,
    pub stages: Vec<Stage>,
    pub waits: Option<Waits>,
    pub paused: bool,
    pub has_result: bool,
    pub has_error: bool,
    /// In percent; it never falls.
    pub progress: usize,
}

impl Model {
    pub fn new(stages: usize) -> Self {
        let stage = Stage { at: At::Pending, attempt: 0, failures: 0, reworks: 0, goes_on: false };
        Self {
            standing: Standing::Pending,
            stages: vec![stage; stages],
            waits: None,
            paused: false,
            has_result: false,
            has_error: false,
            progress: 0,
        }
    }

    /// Does what is asked, or says why not; then nothing has changed.
    pub fn take(&mut self, policies: &[Policy], asked: Asked, now: u64) -> Result<(), No> {
        match asked {
            Asked::Start if self.can_start(now) => self.start(),
            Asked::Start => return Err(No::NothingToStart),
            Asked::End { stage, attempt, .. }
            | Asked::Question { stage, attempt, .. }
            | Asked::Sleep { stage, attempt, .. }
                if !self.is_under_way(stage, attempt) =>
            {
                return Err(No::StaleAttempt);
            }
            Asked::End { stage, how, .. } => self.end(stage, &policies[stage], how, now),
            Asked::Question { stage, attempt, call, until } => {
                self.stages[stage].at = At::Waiting;
                self.waits = Some(Waits::Question { stage, attempt, call, until });
            }
            Asked::Sleep { stage, until, .. } => {
                self.stages[stage].at = At::Waiting;
                self.stages[stage].goes_on = true;
                self.waits = Some(Waits::Sleep { stage, until });
            }
            Asked::Answer { stage, attempt, call } => match self.waits {
                Some(Waits::Question { stage: s, attempt: a, call: c, .. })
                    if (s, a, c) == (stage, attempt, call) =>
                {
                    self.answered(stage);
                }
                _ => return Err(No::NothingAsked),
            },
            Asked::TimeIsUp => {
                if let Some(Waits::Question { stage, until: Some(until), .. }) = self.waits
                    && until <= now
                    && !self.paused
                {
                    self.answered(stage);
                }
            }
            Asked::CutOff => self.cut_off(),
            Asked::Pause | Asked::Resume if self.has_ended() => return Err(No::NothingToPause),
            Asked::Pause => {
                self.cut_off();
                self.paused = true;
            }
            Asked::Resume => self.paused = false,
            Asked::Cancel => return self.move_to(Standing::Cancelled, None),
            Asked::Retry { from } => return self.retry(from),
            Asked::ByHand { to, stage, result, error } => {
                self.by_hand(to, stage)?;
                self.has_result |= result;
                self.has_error |= error;
            }
        }
        Ok(())
    }

    /// It has work, none of it is under way, what it waited on is over, and nobody holds it.
    pub fn can_start(&self, now: u64) -> bool {
        let waits = match self.waits {
            None => false,
            Some(Waits::Timer { latest: over, .. } | Waits::Sleep { until: over, .. }) => now < over,
            Some(Waits::Question { .. }) => true,
        };
        !waits && !self.has_ended() && !self.paused && self.under_way().is_none()
    }

    pub fn has_ended(&self) -> bool {
        !matches!(self.standing, Standing::Pending | Standing::Running)
    }

    /// The stage at work, and its attempt.
    pub fn under_way(&self) -> Option<(usize, u32)> {
        let stage = self.stages.iter().position(|stage| stage.at == At::Running)?;
        Some((stage, self.stages[stage].attempt))
    }

    /// The stage that a person would point at.
    pub fn current(&self) -> Option<usize> {
        let first = |at: &[At]| self.stages.iter().position(|stage| at.contains(&stage.at));
        match self.standing {
            Standing::Pending | Standing::Completed => None,
            Standing::Running => first(&[At::Running, At::Waiting]).or_else(|| first(&[At::Pending])),
            Standing::Failed => first(&[At::Failed, At::Cancelled]),
            Standing::Cancelled => first(&[At::Cancelled]),
        }
    }

    fn is_under_way(&self, stage: usize, attempt: u32) -> bool {
        self.under_way() == Some((stage, attempt))
    }

    fn start(&mut self) {
        self.standing = Standing::Running;
        self.waits = None;
        self.begin_next();
    }

    /// The first stage that is neither done nor passed over begins, or goes on; after the last one all is done.
    fn begin_next(&mut self) {
        let Some(stage) = self.stages.iter_mut().find(|stage| !stage.is_passed()) else {
            return self.complete();
        };
        stage.at = At::Running;
        if !stage.goes_on {
            stage.attempt += 1;
        }
        stage.goes_on = false;
    }

    fn end(&mut self, number: usize, policy: &Policy, how: How, now: u64) {
        let stage = &mut self.stages[number];
        match how {
            How::Done => self.pass(number, At::Completed),
            How::Skipped => self.pass(number, At::Skipped),
            How::Retryable { class }
                if policy.tried_again.contains(&class) && stage.failures + 1 < policy.tries =>
            {
                stage.failures += 1;
                stage.at = At::Waiting;
                let (first, longest) = policy.waits;
                let wait = first.saturating_mul(1 << (stage.failures - 1)).min(longest);
                let (earliest, latest) = (now + wait - wait / 2, now + wait);
                self.waits = Some(Waits::Timer { stage: number, earliest, latest });
            }
            How::Rework
                if policy.gives_back_to.is_some_and(|to| to < number)
                    && stage.reworks < policy.most_reworks =>
            {
                stage.reworks += 1;
                self.run_again(policy.gives_back_to.unwrap_or(number));
                self.begin_next();
            }
            How::Retryable { .. } | How::Fatal | How::Rework => {
                stage.at = At::Failed;
                self.standing = Standing::Failed;
                self.has_error = true;
            }
        }
    }

    fn pass(&mut self, stage: usize, at: At) {
        self.stages[stage].at = at;
        let passed = self.stages.iter().filter(|stage| stage.is_passed()).count();
        self.progress = self.progress.max(passed * 100 / self.stages.len());
        self.begin_next();
    }

    /// The work of this stage and of those after it is to be done again.
    fn run_again(&mut self, from: usize) {
        for stage in &mut self.stages[from..] {
            *stage = Stage { at: At::Pending, failures: 0, goes_on: false, ..stage.clone() };
        }
    }

    fn answered(&mut self, number: usize) {
        let stage = &mut self.stages[number];
        *stage = Stage { at: At::Pending, goes_on: true, ..stage.clone() };
        self.waits = None;
    }

    /// What is at work goes on later.
    fn cut_off(&mut self) {
        if let Some((stage, _)) = self.under_way() {
            self.stages[stage].at = At::Pending;
            self.stages[stage].goes_on = true;
        }
    }

    fn by_hand(&mut self, to: Option<Standing>, stage: Option<usize>) -> Result<(), No> {
        let to = match (to, stage) {
            (Some(to), _) => to,
            (None, Some(_)) if !self.has_ended() => Standing::Running,
            (None, _) => self.standing,
        };
        self.move_to(to, stage)
    }

    fn move_to(&mut self, to: Standing, stage: Option<usize>) -> Result<(), No> {
        use Standing::{Cancelled, Completed, Failed, Pending, Running};
        let from = self.standing;
        match (from, to) {
            (Failed, Pending) => return self.retry(stage),
            (Pending | Running, Running | Completed | Failed | Cancelled) => {}
            (from, to) if from == to => {}
            _ => return Err(No::IllegalMove),
        }
        if stage.is_some_and(|stage| stage >= self.stages.len()) {
            return Err(No::UnknownStage);
        }
        // What it has already is no move.
        if from == to && (stage.is_none() || stage == self.current()) {
            return Ok(());
        }
        if stage.is_some() && self.has_ended() {
            return Err(No::StageOfEnded);
        }
        match to {
            Running => self.jump(stage),
            Completed | Failed | Cancelled => self.end_by_hand(to),
            Pending => {}
        }
        Ok(())
    }

    /// The attempt under way is ended, the stages passed over are skipped, and the one named and those after it are to run.
    fn jump(&mut self, to: Option<usize>) {
        self.standing = Standing::Running;
        let Some(to) = to else { return };
        self.waits = None;
        for stage in &mut self.stages[..to] {
            if !stage.is_passed() {
                stage.at = At::Skipped;
                stage.goes_on = false;
            }
        }
        self.run_again(to);
        let passed = self.stages.iter().filter(|stage| stage.is_passed()).count();
        self.progress = self.progress.max(passed * 100 / self.stages.len());
    }

    fn end_by_hand(&mut self, to: Standing) {
        self.standing = to;
        self.waits = None;
        self.paused = false;
        for stage in self.stages.iter_mut().filter(|stage| !stage.is_passed()) {
            stage.goes_on = false;
            stage.at = match (to, stage.at) {
                // A retry may let it run.
                (Standing::Failed, At::Pending) => At::Pending,
                (Standing::Completed, At::Pending) => At::Skipped,
                _ => At::Cancelled,
            };
        }
        self.has_error |= to == Standing::Failed;
        if to == Standing::Completed {
            self.complete();
        }
    }

    /// What came of it takes the place of what was noted before.
    fn complete(&mut self) {
        self.standing = Standing::Completed;
        self.has_result = true;
        self.has_error = false;
        self.progress = 100;
    }

    /// From the stage that failed, or from an earlier one.
    fn retry(&mut self, from: Option<usize>) -> Result<(), No> {
        if self.standing != Standing::Failed {
            return Err(No::IllegalMove);
        }
        let failed = self.stages.iter().position(|stage| !stage.is_passed()).unwrap_or(0);
        if from.is_some_and(|from| from > failed) {
            return Err(No::UnknownStage);
        }
        let from = from.unwrap_or(failed);
        self.run_again(from);
        self.stages[from..].iter_mut().for_each(|stage| stage.reworks = 0);
        self.standing = Standing::Pending;
        self.has_error = false;
        Ok(())
    }
}

impl Stage {
    fn is_passed(&self) -> bool {
        matches!(self.at, At::Completed | At::Skipped)
    }
}
