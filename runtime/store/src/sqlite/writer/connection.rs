//! The one connection that writes, and what it knows without asking.

use std::collections::{HashMap, HashSet};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _, SqliteConnection};

use super::batch::Batch;
use super::sql;
use super::write::{Change, Write};
use crate::checksum::Checksum;
use crate::sqlite::failure::Failure;
use crate::{RowId, StoreError};

/// Open workflows are kept in mind up to this many, which is more than a queue holds.
const MOST_HEADS: usize = 65_536;

pub(crate) struct WriterConnection {
    connection: SqliteConnection,
    /// The last event of workflows that are under way. Nobody else writes, so this is what the database holds.
    heads: HashMap<RowId, Head>,
}

/// The end of a workflow's history.
#[derive(Clone, Copy)]
struct Head {
    version: u64,
    checksum: Checksum,
}

/// What became of each write of a group, in its order.
pub(super) type Verdicts = Vec<Result<(), StoreError>>;

impl WriterConnection {
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        Self { connection, heads: HashMap::new() }
    }

    /// Carries out a group in one transaction. A write whose precondition doesn't hold is left out, and takes no other
    /// with it. On a failure nothing of the group was written, or that isn't known.
    pub(super) async fn commit(&mut self, group: &[&Write]) -> Result<Verdicts, Failure> {
        self.load_heads(group).await?;
        let mut batch = Batch::new();
        let after: Vec<Option<Head>> = group.iter().map(|write| self.add(&mut batch, write)).collect();
        let written = self.execute(batch).await?;
        Ok(group.iter().zip(after).map(|(write, after)| self.verdict(write, after, &written)).collect())
    }

    /// Undoes what a failed group left behind.
    pub(super) async fn roll_back(&mut self) -> Result<(), Failure> {
        match self.connection.execute(sql::ROLLBACK).await.map_err(Failure::from) {
            Ok(_) => Ok(()),
            // Some failures end the transaction themselves.
            Err(failure) if failure.is_no_transaction() => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Makes what is in the write-ahead log a part of the database's own file, so that this file alone is all of it.
    pub(super) async fn empty_log(&mut self) {
        if let Err(error) = self.connection.execute(sql::EMPTY_LOG).await {
            tracing::warn!(%error, "the write-ahead log could not be emptied; keep it beside the database");
        }
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the database did not close properly; it is made good when it is opened again");
        }
    }

    /// Asks for the heads that the group needs and that aren't known.
    async fn load_heads(&mut self, group: &[&Write]) -> Result<(), Failure> {
        if self.heads.len() > MOST_HEADS {
            self.heads.clear();
        }
        let unknown: Vec<i64> = group
            .iter()
            .filter_map(|write| if let Write::Append(change) = write { Some(change.id) } else { None })
            .filter(|id| !self.heads.contains_key(id))
            .map(|id| id.0)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let ids = serde_json::Value::from(unknown).to_string();
        for row in sqlx::query(sql::HEADS).bind(ids).fetch_all(&mut self.connection).await? {
            let id = RowId(row.try_get(0)?);
            let checksum = Checksum::from_bytes(row.try_get(2)?)
                .ok_or_else(|| Failure::damaged(format!("the checksum of row {} is no checksum", id.0)))?;
            let version = u64::try_from(row.try_get::<i64, _>(1)?)
                .map_err(|_| Failure::damaged(format!("the version of row {} is negative", id.0)))?;
            self.heads.insert(id, Head { version, checksum });
        }
        Ok(())
    }

    /// Adds a write to the batch, and answers with the head that it gives; none where it gives none or may not be.
    fn add(&self, batch: &mut Batch, write: &Write) -> Option<Head> {
        match write {
            Write::Create(creation) => {
                Some(Head { version: creation.row.version, checksum: batch.create(creation) })
            }
            Write::Append(change) => {
                let before = self.heads.get(&change.id).filter(|head| head.version == change.expected)?;
                Some(Head { version: change.row.version, checksum: batch.change(change, before.checksum) })
            }
            Write::Journal { key, records } => {
                batch.journal(key, records);
                None
            }
            Write::Value { workflow, stage, key, value } => {
                batch.value(*workflow, stage, key, value);
                None
            }
            Write::Artifact { workflow, artifact } => {
                batch.artifact(*workflow, artifact);
                None
            }
            Write::Probe => {
                batch.probe();
                None
            }
        }
    }

    /// One call from BEGIN to COMMIT; answers with the workflows whose rows were made or changed.
    async fn execute(&mut self, batch: Batch) -> Result<HashSet<RowId>, Failure> {
        let Some(statements) = batch.statements() else { return Ok(HashSet::new()) };
        let (texts, rows) = batch.into_arguments()?;
        // Only numbered parameters may stand in a text of several statements: they mean the same in each.
        let query = sqlx::query(AssertSqlSafe(statements)).bind(texts).bind(rows);
        let returned = query.fetch_all(&mut self.connection).await?;
        returned.iter().map(|row| Ok(RowId(row.try_get(0)?))).collect()
    }

    fn verdict(
        &mut self,
        write: &Write,
        after: Option<Head>,
        written: &HashSet<RowId>,
    ) -> Result<(), StoreError> {
        match write {
            Write::Create(creation) if written.contains(&creation.id) => {
                self.remember(creation.id, after, creation.row.ended);
                Ok(())
            }
            Write::Create(creation) => Err(StoreError::Taken(creation.adw_id.clone())),
            Write::Append(change) if after.is_some() && written.contains(&change.id) => {
                self.remember(change.id, after, change.row.ended);
                Ok(())
            }
            Write::Append(change) => Err(Change::conflict(change)),
            Write::Journal { .. } | Write::Value { .. } | Write::Artifact { .. } | Write::Probe => Ok(()),
        }
    }

    fn remember(&mut self, id: RowId, head: Option<Head>, ended: bool) {
        match head {
            Some(head) if !ended => self.heads.insert(id, head),
            _ => self.heads.remove(&id),
        };
    }
}
