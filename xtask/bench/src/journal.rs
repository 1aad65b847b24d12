//! What it costs to write an attempt's calls down, and what it takes to go over them again.

use std::{future::Future, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use adw_core::{StageName, Timestamp};
use adw_host::{
    Answer, Bytes, Call, CallError, Effects, Entry, EntryKind, JournalError, Journaled, Reply, Stop,
    capability::{
        exec::{self, Command, Exit},
        workspace,
    },
};
use adw_store::{
    AttemptKey, Journal as _, JournalBody, JournalKind, JournalRecord, Store as _, WriteWorkflows as _,
    sqlite::SqliteStore,
};
use anyhow::{Result, bail, ensure};
use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    figures::{Figures, Times, Unit, microseconds, milliseconds},
    history::Model,
    ids::new_id,
    options::Options,
    server::Home,
};

const READS: u32 = 1_000;
const PROGRAMS: u32 = 300;
/// What one read brings: a source file of the usual length.
const FILE: usize = 4 << 10;
/// How often the record of so many calls is gone over.
const REPLAYS: usize = 30;

pub(crate) async fn measure(options: &Options, figures: &mut Figures) -> Result<()> {
    let home = Home::new(options)?;
    let model = Model::run(options, &home).await?;
    let store = Arc::new(SqliteStore::open(home.database()).await?);
    let workflow = store.create(model.create(&new_id())?).await?.id;
    let stage: StageName = "first".parse()?;
    let attempt = |attempt| AttemptKey { workflow, stage: stage.clone(), attempt };
    let file = options.scratch.join("source.rs");
    std::fs::write(&file, [b'x'; FILE])?;
    let work = Arc::new(Work { file });
    let written =
        |key| Journaled::new(Kept { store: Arc::clone(&store), key }, Arc::clone(&work), Vec::new());

    let bare = reads(&work).await?;
    let journaled = written(attempt(1));
    let read = reads(&journaled).await? + time(journaled.flush()).await?;
    compare(figures, "a read of 4 KiB", bare / READS, read / READS);

    let bare = programs(&work).await?;
    let run = programs(&written(attempt(2))).await?;
    compare(figures, "a program that does nothing", bare / PROGRAMS, run / PROGRAMS);

    let mut replays = Vec::with_capacity(REPLAYS);
    for _ in 0..REPLAYS {
        let began = Instant::now();
        let records = store.journal(&attempt(1)).await?;
        let recorded = records.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
        reads(&Journaled::new(Forbidden, Forbidden, recorded)).await?;
        replays.push(began.elapsed());
    }
    let mut replays: Times = replays.into_iter().collect();
    figures
        .add(
            "the journal",
            "going over 1,000 reads, p50",
            milliseconds(replays.percentile(0.5)),
            Unit::Milliseconds,
        )
        .aim(100.0);
    store.close().await;
    Ok(())
}

fn compare(figures: &mut Figures, what: &str, bare: Duration, written: Duration) {
    let of = format!("the journal: {what}");
    figures.add(&of, "without it", microseconds(bare), Unit::Microseconds);
    figures.add(&of, "with it", microseconds(written), Unit::Microseconds);
    figures.add(&of, "ratio", 100.0 * written.as_secs_f64() / bare.as_secs_f64(), Unit::Percent);
}

async fn reads(effects: &impl Effects) -> Result<Duration> {
    let call = |n| Call::Workspace(workspace::Call::Read { path: format!("src/file_{n}.rs") });
    calls(effects, READS, call).await
}

async fn programs(effects: &impl Effects) -> Result<Duration> {
    let call = |n: u32| {
        let program = "true".to_owned();
        let args = vec![n.to_string()];
        Call::Exec(Command { program, args, env: Vec::new(), cwd: None, stdin: None, timeout_ms: None })
    };
    calls(effects, PROGRAMS, call).await
}

/// How long so many calls take, one after the other.
async fn calls(effects: &impl Effects, count: u32, call: impl Fn(u32) -> Call) -> Result<Duration> {
    let began = Instant::now();
    for n in 1..=count {
        let answer = effects.perform(n, call(n)).await?;
        ensure!(answer.is_ok(), "call {n} was answered with {answer:?}");
    }
    Ok(began.elapsed())
}

async fn time(work: impl Future<Output = Result<(), Stop>>) -> Result<Duration> {
    let began = Instant::now();
    work.await?;
    Ok(began.elapsed())
}

/// Reads a file, and runs programs.
struct Work {
    file: PathBuf,
}

#[async_trait]
impl Effects for Work {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, _n: u32, call: Call) -> Result<Answer, Stop> {
        let failed = |error: std::io::Error| Stop::Failed(error.to_string());
        Ok(match call {
            Call::Exec(command) => {
                let mut program = tokio::process::Command::new(command.program);
                program.args(command.args).stdin(Stdio::null());
                let output = program.output().await.map_err(failed)?;
                let exit = Exit::Code(output.status.code().unwrap_or_default());
                let (stdout, stderr) = (Bytes(output.stdout), Bytes(output.stderr));
                Ok(Reply::Exec(exec::Output { exit, stdout, stderr, duration_ms: 1 }))
            }
            Call::Workspace(_) => {
                let read = tokio::fs::read(&self.file).await.map_err(failed)?;
                Ok(Reply::Workspace(workspace::Reply::File(Bytes(read))))
            }
            other => Err(CallError::Unavailable(format!("{} is not measured", other.name()))),
        })
    }
}

/// Nothing is done again, and nothing written, where all is on record.
struct Forbidden;

#[async_trait]
impl Effects for Forbidden {
    async fn admit(&self, call: &Call) -> Result<(), CallError> {
        Err(CallError::Unavailable(format!("{} is not on record", call.name())))
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        Err(Stop::Failed(format!("call {n}, {}, is not on record", call.name())))
    }
}

#[async_trait]
impl adw_host::Journal for Forbidden {
    async fn append(&self, _entries: Vec<Entry>) -> Result<(), JournalError> {
        Err(JournalError("all is on record".to_owned()))
    }
}

/// The journal of an attempt in the store, as the engine keeps it.
struct Kept {
    store: Arc<SqliteStore>,
    key: AttemptKey,
}

#[async_trait]
impl adw_host::Journal for Kept {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        let records = entries.into_iter().map(record).collect();
        let kept = self.store.append_journal(&self.key, records).await;
        kept.map_err(|error| JournalError(error.to_string()))
    }
}

fn record(entry: Entry) -> JournalRecord {
    let kind = match entry.kind {
        EntryKind::Asked => JournalKind::Asked,
        EntryKind::Parked => JournalKind::Parked,
        EntryKind::Answered => JournalKind::Answered,
    };
    let at = Timestamp::from_millis(1_760_000_000_000);
    // The engine puts what is larger than any of these into blobs.
    let body = JournalBody::Inline(entry.body);
    JournalRecord { n: entry.n, kind, hash: entry.hash.to_string(), body, at }
}

fn entry(record: JournalRecord) -> Result<Entry> {
    let kind = match record.kind {
        JournalKind::Asked => EntryKind::Asked,
        JournalKind::Parked => EntryKind::Parked,
        JournalKind::Answered => EntryKind::Answered,
    };
    let JournalBody::Inline(body) = record.body else { bail!("call {} is in a blob", record.n) };
    Ok(Entry { n: record.n, kind, hash: record.hash.parse()?, body })
}
