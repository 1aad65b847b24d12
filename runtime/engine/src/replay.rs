//! An attempt once more over its record: the plugin runs, and nothing else happens. Whether it does the same shows what a
//! changed plugin would have done, and whether one is deterministic.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use adw_core::{
    AdwId, Command, EndAttempt, Event, FoldError, Pipeline, PluginPin, Present, Recorded, Refusal, Stage,
    StageName, StageSpec, Workflow, apply, decide,
};
use adw_host::{
    Answer, Call, CallError, Cause as Trouble, Divergence, Effects, Entry, EntryKind, Journal, JournalError,
    Journaled, LoadError, OnRecord, Plugin, PluginName, Ran, Recording, Reply, Run, RunError, Stop,
};
use adw_store::AttemptKey;
use async_trait::async_trait;
use serde_json::Value;

use crate::{
    CommandError,
    attempt::{context, result},
    inner::Inner,
    journal::{RecordedError, entries},
    record::request,
    results::find,
};

/// How many events are read at once.
const PAGE: u32 = 1_000;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The plugin that made the record.
    pub recorded_by: PluginPin,
    /// The one that ran now.
    pub plugin: PluginPin,
    /// How many calls are on record.
    pub calls: u32,
    /// How long it took.
    pub took: Duration,
    /// How it ended now, as the event that would tell of it; none where it was stopped, at a call that is not on record.
    pub end: Option<Event>,
    /// The first thing that was different.
    pub difference: Option<Difference>,
}

/// Where the plugin does something else than the record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// A call.
    Call {
        /// Its number in the attempt.
        n: u32,
        /// The one on record; none where there is none.
        recorded: Option<Request>,
        /// The one that the plugin makes now; none where it ends without.
        now: Option<Request>,
    },
    /// The end.
    End {
        /// The event that told of it.
        recorded: Box<Event>,
        /// The event that would tell of it now.
        now: Box<Event>,
    },
}

/// A call, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is called, such as `agent.run`; none where the record can't be read.
    pub name: Option<&'static str>,
    /// What is asked; long texts are cut.
    pub request: Value,
}

/// Why nothing could be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It can't be read.
    #[error(transparent)]
    Workflow(#[from] CommandError),
    /// The stage has made no such attempt.
    #[error("stage {stage} has made no attempt {attempt}; its newest is {newest}")]
    NoAttempt {
        /// The stage.
        stage: StageName,
        /// The attempt.
        attempt: u32,
        /// 0 where it has made none.
        newest: u32,
    },
    /// The plugin that was handed over doesn't load.
    #[error("the plugin {0}")]
    Plugin(LoadError),
}

/// Runs an attempt's plugin, or these bytes in its place, over the attempt's record.
pub(crate) async fn replay(
    engine: &Inner,
    adw_id: &AdwId,
    stage: &StageName,
    attempt: u32,
    other: Option<Arc<[u8]>>,
) -> Result<Replay, ReplayError> {
    // One at a time: each takes a place of the host's, and there is one more than runs need.
    let _alone = engine.replaying.lock().await;
    let broken = |reason: String| CommandError::Broken { adw_id: adw_id.clone(), reason };
    let stored = find(engine, adw_id).await?;
    let history = history(engine, adw_id).await?;
    let begun = Begun::find(&history, stage, attempt).map_err(|error| broken(error.to_string()))?;
    let begun = begun.ok_or_else(|| ReplayError::NoAttempt {
        stage: stage.clone(),
        attempt,
        newest: stored.workflow.newest_attempt(stage),
    })?;
    // By which the attempt went: a retry may have taken up another one since.
    let pipeline = engine.ledger.pipeline(&begun.workflow).await?;
    let spec = pipeline.stage(stage).ok_or_else(|| broken(format!("its pipeline has no stage {stage}")))?;
    let is_other = other.is_some();
    let plugin = match other {
        Some(bytes) => engine.host.load(bytes).await.map_err(ReplayError::Plugin)?,
        None => engine.catalog.plugin(&spec.plugin).await.map_err(broken)?,
    };
    let key = AttemptKey { workflow: stored.id, stage: stage.clone(), attempt };
    let record = Record::read(engine, &key).await.map_err(|error| match error {
        RecordedError::Store(error) => error.into(),
        error => broken(error.to_string()),
    })?;
    let (ran, past, took) = again(engine, &plugin, &begun, spec, &record).await;
    if is_other {
        engine.host.forget(&plugin);
    }
    let difference = record.differs(&ran, past.as_ref(), begun.end.is_some());
    let end = begun.would_end(&pipeline, &*engine.catalog.served(), spec, ran).map_err(CommandError::from)?;
    let difference = difference.or_else(|| differing_ends(begun.end, end.as_ref()));
    Ok(Replay {
        recorded_by: spec.plugin.clone(),
        plugin: pin(&plugin),
        calls: record.calls(),
        took,
        end,
        difference,
    })
}

/// Runs the plugin; what it came to, the call that had no answer, and how long it took.
async fn again(
    engine: &Inner,
    plugin: &Plugin,
    begun: &Begun,
    spec: &StageSpec,
    record: &Record,
) -> (Ran, Option<(u32, Call)>, Duration) {
    let start = Instant::now();
    let past = Arc::new(PastTheRecord::default());
    let effects = Arc::new(Journaled::new(Unwritten, Arc::clone(&past), record.0.clone()));
    let context = context(&begun.workflow, &begun.stage, spec);
    let ran = engine.host.run(plugin, Run { context, limits: spec.limits, effects }).await;
    (ran, past.call.get().cloned(), start.elapsed())
}

/// An attempt in its workflow's history.
struct Begun {
    /// The workflow as the attempt was given it.
    workflow: Workflow,
    stage: Stage,
    /// The workflow as it stood when the attempt ended by itself; where it hasn't, as the attempt was given it.
    before_the_end: Workflow,
    end: Option<Event>,
}

impl Begun {
    fn find(history: &[Recorded], stage: &StageName, attempt: u32) -> Result<Option<Self>, FoldError> {
        let (mut workflow, mut begun): (Option<Workflow>, Option<Self>) = (None, None);
        for recorded in history {
            if let Some(begun) = &mut begun
                && let Some(workflow) = &workflow
                && ends(&recorded.event, stage, attempt)
            {
                begun.before_the_end = workflow.clone();
                begun.end = Some(recorded.event.clone());
                break;
            }
            let now = apply(workflow.take(), recorded)?;
            if begins(&recorded.event, stage, attempt)
                && let Some(stage) = now.stage(stage).cloned()
            {
                let workflow = now.clone();
                begun = Some(Self { before_the_end: workflow.clone(), workflow, stage, end: None });
            }
            workflow = Some(now);
        }
        Ok(begun)
    }

    /// The event that would tell of this end; none where it was stopped.
    fn would_end(
        &self,
        pipeline: &Pipeline,
        present: &dyn Present,
        spec: &StageSpec,
        mut ran: Ran,
    ) -> Result<Option<Event>, Refusal> {
        if matches!(&ran.result, Err(RunError { cause: Trouble::Stopped(_), .. })) {
            return Ok(None);
        }
        // By the name that stands in the record, so that another build's words can be the same.
        let plugin = PluginName::pinned(&spec.plugin);
        if let Err(error) = &mut ran.result {
            error.plugin = plugin.clone();
        }
        let (stage, attempt) = (self.stage.name.clone(), self.stage.attempt);
        let command = EndAttempt { stage, attempt, result: result(ran, &plugin), chance: 0 };
        let workflow = &self.before_the_end;
        let events = decide(workflow, pipeline, present, &Command::EndAttempt(command), workflow.updated_at)?;
        Ok(events.into_iter().next())
    }
}

fn begins(event: &Event, stage: &StageName, attempt: u32) -> bool {
    matches!(event, Event::StageStarted { stage: of, attempt: number, .. } if of == stage && *number == attempt)
}

fn ends(event: &Event, stage: &StageName, attempt: u32) -> bool {
    match event {
        Event::StageCompleted { stage: of, attempt: number, .. }
        | Event::StageSkipped { stage: of, attempt: number, .. }
        | Event::StageAttemptFailed { stage: of, attempt: number, .. }
        | Event::StageReworked { stage: of, attempt: number, .. }
        | Event::StageFailed { stage: of, attempt: number, .. } => of == stage && *number == attempt,
        _ => false,
    }
}

async fn history(engine: &Inner, adw_id: &AdwId) -> Result<Vec<Recorded>, CommandError> {
    let mut history: Vec<Recorded> = Vec::new();
    loop {
        let after = history.last().map_or(0, |recorded| recorded.seq);
        let page = engine.store.events(adw_id, after, PAGE).await?;
        if page.is_empty() {
            return Ok(history);
        }
        history.extend(page);
    }
}

/// What an attempt wrote.
struct Record(Vec<Entry>);

impl Record {
    async fn read(engine: &Inner, key: &AttemptKey) -> Result<Self, RecordedError> {
        let records = engine.store.journal(key).await?;
        entries(&engine.blobs, records).await.map(Self)
    }

    fn calls(&self) -> u32 {
        let numbers: std::collections::BTreeSet<u32> = self.0.iter().map(|entry| entry.n).collect();
        u32::try_from(numbers.len()).unwrap_or(u32::MAX)
    }

    /// Whether a call had no answer when the attempt was cut off in it.
    fn is_open(&self, n: u32) -> bool {
        let mut of_call = self.0.iter().filter(|entry| entry.n == n).peekable();
        of_call.peek().is_some() && of_call.all(|entry| entry.kind != EntryKind::Answered)
    }

    /// The first call that was different, if one was; `past` is the one that found no answer.
    fn differs(&self, ran: &Ran, past: Option<&(u32, Call)>, has_ended: bool) -> Option<Difference> {
        match (&ran.result, past) {
            (Err(RunError { cause: Trouble::Stopped(Stop::Diverged(divergence)), .. }), _) => {
                Some(self.diverged(divergence))
            }
            (_, Some((n, call))) if has_ended && !self.is_open(*n) => {
                Some(Difference::Call { n: *n, recorded: None, now: Some(Request::of(call)) })
            }
            (_, Some(_)) => None,
            (_, None) => self.left_out(ran.usage.calls),
        }
    }

    fn diverged(&self, divergence: &Divergence) -> Difference {
        let recorded = match &divergence.recorded {
            OnRecord::Call(call) => Some(Request::of(call)),
            // Calls that are not written down lie in between.
            OnRecord::Nothing { later } => self.request(*later),
            OnRecord::Unreadable(why) => Some(Request { name: None, request: Value::String(why.clone()) }),
        };
        Difference::Call { n: divergence.n, recorded, now: Some(Request::of(&divergence.asked)) }
    }

    /// The first call that the record has and that wasn't made.
    fn left_out(&self, made: u32) -> Option<Difference> {
        let n = self.0.iter().map(|entry| entry.n).filter(|n| *n > made).min()?;
        Some(Difference::Call { n, recorded: self.request(n), now: None })
    }

    fn request(&self, n: u32) -> Option<Request> {
        use adw_host::Record as Said;
        let mut of_call = self.0.iter().filter(|entry| entry.n == n).map(Entry::decode);
        of_call.find_map(|said| match said {
            Ok(Said::Asked(call) | Said::Answered { call: Some(call), .. }) => Some(Request::of(&call)),
            _ => None,
        })
    }
}

fn differing_ends(recorded: Option<Event>, now: Option<&Event>) -> Option<Difference> {
    match (recorded, now) {
        (Some(recorded), Some(now)) if recorded != *now => {
            Some(Difference::End { recorded: Box::new(recorded), now: Box::new(now.clone()) })
        }
        _ => None,
    }
}

impl Request {
    fn of(call: &Call) -> Self {
        Self { name: Some(call.name()), request: request(call) }
    }
}

fn pin(plugin: &Plugin) -> PluginPin {
    let description = plugin.description();
    PluginPin {
        name: description.name.clone(),
        version: description.version.clone(),
        sha256: plugin.sha256().to_string(),
    }
}

/// Stands where things would happen: the attempt ends at the first call that the record doesn't answer.
#[derive(Default)]
struct PastTheRecord {
    call: OnceLock<(u32, Call)>,
}

#[async_trait]
impl Effects for PastTheRecord {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        if call.recording() == Recording::Never {
            return Ok(Ok(Reply::Log));
        }
        let _ = self.call.set((n, call));
        Err(Stop::Failed("the record ends here".to_owned()))
    }
}

/// Nothing is written by a replay.
struct Unwritten;

#[async_trait]
impl Journal for Unwritten {
    async fn append(&self, _entries: Vec<Entry>) -> Result<(), JournalError> {
        Ok(())
    }
}
