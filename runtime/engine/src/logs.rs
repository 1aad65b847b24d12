//! Log lines of attempts: a file per attempt, never events.
//!
//! `<data>/logs/<adw_id>/<stage>.<attempt>.ndjson`, one JSON object a line. A line's offset is its byte position in
//! the file, so that reading on from an offset needs no index.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use adw_core::{AdwId, StageName, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncSeekExt, AsyncWriteExt, BufReader},
    sync::Mutex,
};

use crate::feed::{Feed, Live};

/// The longest that the log of one attempt gets, in bytes.
const LONGEST: u64 = 16 << 20;

/// How many lines of the runtime's own wait for room on a disk that is full.
const MOST_WAITING: usize = 64;

/// A line that a stage, or a program that it ran, wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The workflow.
    #[serde(skip, default = "LogLine::no_id")]
    pub adw_id: Option<AdwId>,
    /// The stage.
    pub stage: StageName,
    /// Its attempt.
    pub attempt: u32,
    /// Where it stands in its attempt's file, in bytes.
    pub offset: u64,
    /// When it was written.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// Who wrote it.
    pub source: LogSource,
    /// The line.
    pub message: String,
}

impl LogLine {
    const fn no_id() -> Option<AdwId> {
        None
    }
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the usual ones")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// The stage's plugin.
    Plugin,
    /// A program that it ran.
    Exec,
    /// An agent that it asked.
    Agent,
    /// The runtime, of what it did for the stage.
    Runtime,
}

/// A line that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct NewLine {
    pub(crate) level: LogLevel,
    pub(crate) source: LogSource,
    pub(crate) message: String,
}

/// A part of the lines of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// In the order of attempts and offsets.
    pub lines: Vec<LogLine>,
    /// Where to read on: the attempt and offset after the last line; none where all was read.
    pub next: Option<LogPosition>,
}

/// Which log lines are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Of this stage only.
    pub stage: Option<StageName>,
    /// Of this attempt of it only.
    pub attempt: Option<u32>,
    /// From this place on in the first attempt that is asked for, in bytes.
    pub offset: u64,
    /// At the most.
    pub limit: usize,
}

/// A place in a workflow's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPosition {
    /// The stage.
    pub stage: StageName,
    /// Its attempt.
    pub attempt: u32,
    /// In bytes.
    pub offset: u64,
}

/// The log files of all workflows.
#[derive(Clone)]
pub(crate) struct Logs {
    folder: Arc<Path>,
    feed: Feed,
}

/// Writes the lines of one attempt.
#[derive(Clone)]
pub(crate) struct AttemptLog {
    feed: Feed,
    adw_id: AdwId,
    stage: StageName,
    attempt: u32,
    path: Arc<Path>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    file: Option<OpenLog>,
    /// What the runtime said while the disk took nothing, with the time: most likely that it takes nothing.
    waiting: Vec<(Timestamp, NewLine)>,
}

struct OpenLog {
    file: fs::File,
    offset: u64,
    /// It has its mark that the rest is left out.
    full: bool,
}

impl Logs {
    pub(crate) fn new(folder: PathBuf, feed: Feed) -> Self {
        Self { folder: folder.into(), feed }
    }

    /// The log of an attempt. Its file is made with its first line.
    pub(crate) fn attempt(&self, adw_id: &AdwId, stage: &StageName, attempt: u32) -> AttemptLog {
        AttemptLog {
            feed: self.feed.clone(),
            adw_id: adw_id.clone(),
            stage: stage.clone(),
            attempt,
            path: self.path(adw_id, stage, attempt).into(),
            state: Arc::default(),
        }
    }

    fn path(&self, adw_id: &AdwId, stage: &StageName, attempt: u32) -> PathBuf {
        self.folder.join(adw_id.as_str()).join(format!("{stage}.{attempt}.ndjson"))
    }

    /// Lines from a position on, `limit` at the most. An attempt that logged nothing has none.
    pub(crate) async fn read(
        &self,
        adw_id: &AdwId,
        attempts: &[(StageName, u32)],
        offset: u64,
        limit: usize,
    ) -> io::Result<LogPage> {
        let mut lines = Vec::new();
        let mut offset = offset;
        for (stage, attempt) in attempts {
            let path = self.path(adw_id, stage, *attempt);
            let end = read_lines(&path, offset, limit - lines.len(), &mut lines).await?;
            if lines.len() >= limit {
                let next = Some(LogPosition { stage: stage.clone(), attempt: *attempt, offset: end });
                return Ok(LogPage { lines, next });
            }
            offset = 0;
        }
        Ok(LogPage { lines, next: None })
    }
}

async fn read_lines(path: &Path, offset: u64, limit: usize, lines: &mut Vec<LogLine>) -> io::Result<u64> {
    let mut file = match fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(offset),
        Err(error) => return Err(error),
    };
    file.seek(io::SeekFrom::Start(offset)).await?;
    let mut reader = BufReader::new(file);
    let (mut at, mut text, mut read) = (offset, Vec::new(), 0);
    while read < limit {
        text.clear();
        let length = reader.read_until(b'\n', &mut text).await?;
        // A line without its end is still being written, or was cut off by a crash.
        if text.last() != Some(&b'\n') {
            break;
        }
        at += length as u64;
        if let Ok(line) = serde_json::from_slice(&text) {
            lines.push(line);
            read += 1;
        }
    }
    Ok(at)
}

impl AttemptLog {
    /// Writes lines and tells who listens. Lines that can't be written are still told, and those of the runtime itself are
    /// written with the next ones.
    pub(crate) async fn write(&self, at: Timestamp, lines: impl IntoIterator<Item = NewLine>) {
        let mut state = self.state.lock().await;
        let lines: Vec<_> = lines.into_iter().map(|line| (at, line)).collect();
        self.write_waiting(&mut state).await;
        let (placed, written) = self.append(&mut state, &lines).await;
        for line in placed {
            self.feed.publish(&self.adw_id, || Live::Log(Arc::new(line)));
        }
        if let Err(error) = written {
            tracing::warn!(adw_id = %self.adw_id, stage = %self.stage, %error, "log lines could not be written");
            state.waiting.extend(lines.into_iter().filter(|(_, line)| line.source == LogSource::Runtime));
            state.waiting.truncate(MOST_WAITING);
        }
    }

    /// Writes what waits for room, if there is some by now: no further lines come.
    pub(crate) async fn finish(&self) {
        self.write_waiting(&mut *self.state.lock().await).await;
    }

    async fn write_waiting(&self, state: &mut State) {
        let waiting = std::mem::take(&mut state.waiting);
        if !waiting.is_empty() && self.append(state, &waiting).await.1.is_err() {
            state.waiting = waiting;
        }
    }

    /// Lines with their places, and whether they are in the file.
    async fn append(
        &self,
        state: &mut State,
        lines: &[(Timestamp, NewLine)],
    ) -> (Vec<LogLine>, io::Result<()>) {
        let opened = self.open(&mut state.file).await;
        let (placed, text) = self.place(state.file.as_mut(), lines);
        let written = async {
            opened?;
            if let Some(open) = state.file.as_mut() {
                open.file.write_all(&text).await?;
                open.file.flush().await?;
            }
            Ok(())
        }
        .await;
        if written.is_err() {
            state.file = None;
        }
        (placed, written)
    }

    /// Keeps what a person is asked to do beside the log, and answers where.
    pub(crate) async fn keep_prompt(&self, prompt: &str) -> io::Result<PathBuf> {
        let path = self.path.with_extension("prompt.md");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await?;
        }
        fs::write(&path, prompt).await?;
        fs::canonicalize(&path).await
    }

    /// Lines with their places, and as they stand in the file. What is over the limit is left out, with a mark.
    fn place(
        &self,
        mut log: Option<&mut OpenLog>,
        lines: &[(Timestamp, NewLine)],
    ) -> (Vec<LogLine>, Vec<u8>) {
        let (mut placed, mut text) = (Vec::new(), Vec::new());
        for (at, NewLine { level, source, message }) in lines.iter().cloned() {
            let (offset, full) = log.as_ref().map_or((0, false), |log| (log.offset, log.full));
            if full {
                break;
            }
            let (adw_id, stage, attempt) = (Some(self.adw_id.clone()), self.stage.clone(), self.attempt);
            let mut line = LogLine { adw_id, stage, attempt, offset, at, level, source, message };
            let mut encoded = encode(&line);
            let full = offset + encoded.len() as u64 > LONGEST;
            if full {
                line.message = format!("this log has reached {} MiB; the rest is left out", LONGEST >> 20);
                encoded = encode(&line);
            }
            if let Some(log) = log.as_mut() {
                log.offset += encoded.len() as u64;
                log.full = full;
            }
            text.extend(encoded);
            placed.push(line);
        }
        (placed, text)
    }

    async fn open(&self, file: &mut Option<OpenLog>) -> io::Result<()> {
        if file.is_some() {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).await?;
        }
        let mut opened = fs::OpenOptions::new().create(true).append(true).open(&self.path).await?;
        let mut offset = opened.metadata().await?.len();
        if offset > 0 {
            // A line may have been cut off, and the next must not stick to it; an empty line is no line.
            opened.write_all(b"\n").await?;
            offset += 1;
        }
        *file = Some(OpenLog { file: opened, offset, full: offset >= LONGEST });
        Ok(())
    }
}

fn encode(line: &LogLine) -> Vec<u8> {
    // A line is made of texts and numbers, which can always be written as JSON.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}
