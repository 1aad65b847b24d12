//! Reading events, each held against the checksum that it should have.

use adw_core::{AdwId, Recorded, Timestamp};
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use super::failure::Failure;
use crate::checksum::Checksum;
use crate::{StoreError, encoding};

/// One row per event, and one without an event where there is none, so that a lost history is told from a short one.
const HISTORY: &str = "SELECT w.adw_id, w.version, w.checksum AS last, e.seq, e.at, e.checksum, e.body \
     FROM workflows AS w LEFT JOIN events AS e ON e.workflow = w.id AND e.seq >= ?2 \
     WHERE w.adw_id = ?1 ORDER BY e.seq LIMIT ?3";

const OPEN_HISTORIES: &str = "SELECT w.id, w.adw_id, w.version, w.checksum AS last, e.seq, e.at, e.checksum, e.body \
     FROM workflows AS w LEFT JOIN events AS e ON e.workflow = w.id \
     WHERE w.status IN ('pending', 'running') ORDER BY w.id, e.seq";

/// The events after one, whose own checksum is where the chain is taken up.
pub(super) async fn events_after(
    readers: &SqlitePool,
    adw_id: &AdwId,
    after: u64,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let first = i64::try_from(after).unwrap_or(i64::MAX);
    let overlap = u64::from(after > 0);
    let rows = sqlx::query(HISTORY)
        .bind(adw_id.as_str())
        .bind(first)
        .bind(i64::from(limit) + i64::from(after > 0))
        .fetch_all(readers)
        .await
        .map_err(Failure::from)?;
    let Some(end) = rows.first().map(End::of).transpose()? else { return Ok(Vec::new()) };
    if after >= end.version {
        return Ok(Vec::new());
    }
    let mut chain = Chain::new(adw_id.as_str());
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(found) = Found::of(row)? else { continue };
        if after > 0 && found.seq == after {
            chain.take_up(after, found.checksum);
            continue;
        }
        chain.follow(&found)?;
        events.push(found.decode(adw_id.as_str())?);
    }
    let complete = (rows.len() as u64) < u64::from(limit) + overlap;
    if complete {
        chain.expect(end)?;
    }
    Ok(events)
}

/// Walks through the histories of all workflows that have not ended.
pub(super) async fn verify_open_workflows(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let mut rows = sqlx::query(OPEN_HISTORIES).fetch(connection);
    let mut under_way: Option<(i64, Chain, End)> = None;
    while let Some(row) = rows.try_next().await? {
        let id: i64 = row.try_get("id")?;
        if under_way.as_ref().is_none_or(|(last, ..)| *last != id) {
            let next = (id, Chain::new(row.try_get("adw_id")?), End::of(&row)?);
            if let Some((_, chain, end)) = under_way.replace(next) {
                chain.expect(end)?;
            }
        }
        if let (Some((_, chain, _)), Some(found)) = (&mut under_way, Found::of(&row)?) {
            chain.follow(&found)?;
        }
    }
    under_way.map_or(Ok(()), |(_, chain, end)| chain.expect(end))
}

/// A workflow's history as far as it was read.
struct Chain {
    adw_id: String,
    seq: u64,
    checksum: Checksum,
}

impl Chain {
    fn new(adw_id: &str) -> Self {
        Self { adw_id: adw_id.to_owned(), seq: 0, checksum: Checksum::START }
    }

    /// Goes on after an event that isn't read itself.
    fn take_up(&mut self, seq: u64, checksum: Checksum) {
        (self.seq, self.checksum) = (seq, checksum);
    }

    fn follow(&mut self, found: &Found<'_>) -> Result<(), Failure> {
        let seq = self.seq + 1;
        if found.seq != seq {
            return Err(damaged(&self.adw_id, seq, "is missing"));
        }
        if self.checksum.then(seq, found.at, found.body) != found.checksum {
            return Err(damaged(&self.adw_id, seq, "does not fit its checksum"));
        }
        self.take_up(seq, found.checksum);
        Ok(())
    }

    /// The history that was read must end where the workflow's row says.
    fn expect(&self, end: End) -> Result<(), Failure> {
        if self.seq < end.version {
            return Err(damaged(&self.adw_id, self.seq + 1, "is missing"));
        }
        if self.seq > end.version || self.checksum != end.checksum {
            return Err(damaged(&self.adw_id, self.seq, "is not the one that its workflow ends with"));
        }
        Ok(())
    }
}

pub(super) fn damaged(adw_id: &str, seq: u64, what: &str) -> Failure {
    Failure::damaged(format!("event {seq} of workflow {adw_id} {what}"))
}

/// Where a history ends, by the workflow's row.
#[derive(Clone, Copy)]
struct End {
    version: u64,
    checksum: Checksum,
}

impl End {
    fn of(row: &SqliteRow) -> Result<Self, Failure> {
        Ok(Self { version: unsigned(row.try_get("version")?)?, checksum: checksum(row, "last")? })
    }
}

/// An event as it was found.
pub(super) struct Found<'r> {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) checksum: Checksum,
    /// Bytes, since damaged text may be no text at all.
    pub(super) body: &'r [u8],
}

impl<'r> Found<'r> {
    pub(super) fn of(row: &'r SqliteRow) -> Result<Option<Self>, Failure> {
        let Some(seq) = row.try_get::<Option<i64>, _>("seq")? else { return Ok(None) };
        let at = Timestamp::from_millis(row.try_get("at")?);
        Ok(Some(Self {
            seq: unsigned(seq)?,
            at,
            checksum: checksum(row, "checksum")?,
            body: row.try_get("body")?,
        }))
    }

    pub(super) fn decode(&self, adw_id: &str) -> Result<Recorded, Failure> {
        encoding::event(self.seq, self.at, self.body)
            .map_err(|error| damaged(adw_id, self.seq, &format!("can't be read: {error}")))
    }
}

/// A count or number that SQLite keeps with a sign.
pub(super) fn unsigned<N: TryFrom<i64>>(number: i64) -> Result<N, Failure> {
    N::try_from(number).map_err(|_| Failure::damaged(format!("{number} stands where it can't")))
}

pub(super) fn checksum(row: &SqliteRow, column: &str) -> Result<Checksum, Failure> {
    Checksum::from_bytes(row.try_get(column)?)
        .ok_or_else(|| Failure::damaged(format!("a {column} checksum has the wrong length")))
}
