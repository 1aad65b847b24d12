//! The layer that writes calls down, and answers from what is written.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::call::{Answer, Call, CallError, Recording};
use crate::digest::Sha256;
use crate::effects::{Divergence, Effects, OnRecord, Stop, Suspension};
use crate::journal::{Entry, EntryKind, Journal, Record};

/// Answers of reads are held back until an effect is written; beyond this many they are written anyway.
const HELD_BACK_BYTES: usize = 1 << 20;
const HELD_BACK: usize = 256;
/// What one attempt may have written: what is kept needs a bound of its own, since fuel bounds only the guest.
const MOST_BYTES: usize = 256 << 20;
const MOST_ENTRIES: usize = 40_000;

/// Writes every call to a [`Journal`] around `inner`, and answers from `recorded` what was answered before.
///
/// A call that is answered in the record is answered from there. Otherwise `inner` is asked whether it may be made
/// (a refusal is recorded as an answer, with no intent before it); an effect's intent is durable before it starts,
/// its answer before the guest sees it; answers of reads are written together with the next effect. A call whose
/// intent is on record but no answer has been admitted already and is performed without asking again.
pub struct Journaled<J, E> {
    journal: J,
    inner: E,
    recorded: BTreeMap<u32, Vec<Entry>>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    /// Answers of reads, not durable yet.
    held_back: Vec<Entry>,
    held_back_bytes: usize,
    /// Over the whole attempt.
    bytes: usize,
    entries: usize,
}

impl Written {
    /// What is held back and these, counted against what an attempt may write.
    fn batch(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Stop> {
        let mut batch = std::mem::take(&mut self.held_back);
        batch.extend(entries);
        self.held_back_bytes = 0;
        self.entries += batch.len();
        self.bytes += batch.iter().map(|entry| entry.body.len()).sum::<usize>();
        let wrote = |most: String| Stop::Exceeded {
            what: format!("wrote more than {most} into its journal in one attempt"),
            remedy: "no setting raises that: ask for more in one call, or split the work over several stages",
        };
        if self.entries > MOST_ENTRIES {
            return Err(wrote(format!("{MOST_ENTRIES} records of calls")));
        }
        if self.bytes > MOST_BYTES {
            return Err(wrote(format!("{} MiB", MOST_BYTES >> 20)));
        }
        Ok(batch)
    }
}

/// What the record knows of a call.
enum Known {
    Nothing,
    /// Its intent, or that it waits.
    Asked,
    Answered(Answer),
}

impl<J: Journal, E: Effects> Journaled<J, E> {
    /// A new layer for one attempt; `recorded` is what an earlier run of the same attempt wrote.
    pub fn new(journal: J, inner: E, recorded: Vec<Entry>) -> Self {
        let bytes = recorded.iter().map(|entry| entry.body.len()).sum();
        let entries = recorded.len();
        let mut by_number: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
        for entry in recorded {
            by_number.entry(entry.n).or_default().push(entry);
        }
        let written = Written { bytes, entries, ..Written::default() };
        Self { journal, inner, recorded: by_number, written: Mutex::new(written) }
    }

    /// Makes the answers of reads durable that no effect came after. To be called at the attempt's end.
    pub async fn flush(&self) -> Result<(), Stop> {
        self.write(Vec::new()).await
    }

    /// What the record says of this call, if it is the one that was made then.
    fn known(&self, n: u32, call: &Call, hash: Sha256) -> Result<Known, Stop> {
        let Some(entries) = self.recorded.get(&n) else {
            return match self.recorded.range(n..).next() {
                None => Ok(Known::Nothing),
                Some((later, _)) => Err(diverged(n, OnRecord::Nothing { later: *later }, call)),
            };
        };
        let mut known = Known::Asked;
        for entry in entries {
            if entry.hash != hash {
                return Err(diverged(n, recorded_request(entries), call));
            }
            if entry.kind == EntryKind::Answered {
                match entry.decode() {
                    Ok(Record::Answered { answer, .. }) => known = Known::Answered(answer),
                    Ok(_) => {}
                    Err(error) => return Err(diverged(n, OnRecord::Unreadable(error.to_string()), call)),
                }
            }
        }
        Ok(known)
    }

    async fn read(&self, n: u32, call: Call, hash: Sha256) -> Result<Answer, Stop> {
        let answer = self.inner.perform(n, call.clone()).await?;
        let overflowing = {
            let mut written = self.written();
            let entry = Entry::answered_at_once(n, hash, &call, &answer);
            written.held_back_bytes += entry.body.len();
            written.held_back.push(entry);
            written.held_back_bytes > HELD_BACK_BYTES || written.held_back.len() > HELD_BACK
        };
        if overflowing {
            self.flush().await?;
        }
        Ok(answer)
    }

    async fn effect(&self, n: u32, call: Call, hash: Sha256) -> Result<Answer, Stop> {
        match self.inner.perform(n, call).await {
            Ok(answer) => {
                self.write(vec![Entry::answered(n, hash, &answer)]).await?;
                Ok(answer)
            }
            Err(Stop::Suspended(suspension)) => Err(self.park(n, hash, suspension).await?),
            Err(stop) => Err(stop),
        }
    }

    async fn park(&self, n: u32, hash: Sha256, suspension: Suspension) -> Result<Stop, Stop> {
        self.write(vec![Entry::parked(n, hash, &suspension)]).await?;
        Ok(Stop::Suspended(suspension))
    }

    async fn refuse(&self, n: u32, call: &Call, hash: Sha256, error: CallError) -> Result<Answer, Stop> {
        let answer = Err(error);
        self.write(vec![Entry::answered_at_once(n, hash, call, &answer)]).await?;
        Ok(answer)
    }

    /// Writes what is held back, and these after it, in one go.
    async fn write(&self, entries: Vec<Entry>) -> Result<(), Stop> {
        let batch = self.written().batch(entries)?;
        if batch.is_empty() {
            return Ok(());
        }
        self.journal.append(batch).await.map_err(|error| Stop::Failed(error.to_string()))
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<J: Journal, E: Effects> Effects for Journaled<J, E> {
    /// Always: whether the call may be made is asked of `inner`, once it is known that it wasn't answered before.
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        if call.recording() == Recording::Never {
            return self.unrecorded(n, call).await;
        }
        let hash = call.hash();
        match self.known(n, &call, hash)? {
            Known::Answered(answer) => return Ok(answer),
            Known::Asked => return self.effect(n, call, hash).await,
            Known::Nothing => {}
        }
        if let Err(error) = self.inner.admit(&call).await {
            return self.refuse(n, &call, hash, error).await;
        }
        if call.recording() == Recording::Read {
            return self.read(n, call, hash).await;
        }
        self.write(vec![Entry::asked(n, &call)]).await?;
        self.effect(n, call, hash).await
    }
}

impl<J: Journal, E: Effects> Journaled<J, E> {
    /// A log line. Those before the last recorded call were written by the run that recorded it, and are passed over; those
    /// after it were perhaps written too, and come again.
    async fn unrecorded(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        if let Some(entries) = self.recorded.get(&n) {
            return Err(diverged(n, recorded_request(entries), &call));
        }
        if self.recorded.range(n..).next().is_some() {
            return Ok(Ok(crate::call::Reply::Log));
        }
        match self.inner.admit(&call).await {
            Ok(()) => self.inner.perform(n, call).await,
            Err(error) => Ok(Err(error)),
        }
    }
}

/// The request that entries of one call hold.
fn recorded_request(entries: &[Entry]) -> OnRecord {
    entries
        .iter()
        .find_map(|entry| match entry.decode() {
            Ok(Record::Asked(call) | Record::Answered { call: Some(call), .. }) => Some(OnRecord::Call(call)),
            _ => None,
        })
        .unwrap_or_else(|| OnRecord::Unreadable("a request that can't be read".to_owned()))
}

fn diverged(n: u32, recorded: OnRecord, asked: &Call) -> Stop {
    Stop::Diverged(Box::new(Divergence { n, recorded, asked: asked.clone() }))
}
