//! The task that writes. Whatever waits when it is free is one group: one transaction, one wait for the disk.

mod batch;
mod connection;
#[cfg(feature = "failure-points")]
mod failing;
mod queue;
mod sql;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::failure::Failure;
use super::open::Database;
use crate::StoreError;
use connection::Verdicts;
use queue::Queue;

pub(super) use connection::WriterConnection;
#[cfg(feature = "failure-points")]
pub use failing::FailingCommits;
pub(super) use queue::Queued;
pub(super) use write::{Change, Creation, Write};

/// Callers beyond this many wait for a place.
const QUEUE: usize = 1024;

/// The way to the writer's task.
#[derive(Clone)]
pub(super) struct WriterHandle {
    sender: mpsc::Sender<Queued>,
}

impl WriterHandle {
    /// Resolves when the write is durable, or why it isn't.
    pub(super) async fn write(&self, write: Write) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Queued { write, reply }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

/// Starts the task. It ends when every handle is gone and everything queued is answered; it then closes the database,
/// the readers before the writer.
pub(super) fn start(
    database: Database,
    connection: WriterConnection,
    readers: SqlitePool,
    commits: Arc<AtomicU64>,
) -> (WriterHandle, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let writer = Writer { database, connection: Some(connection), is_lost: false, readers, commits };
    (WriterHandle { sender }, tokio::spawn(writer.run(Queue::new(receiver))))
}

struct Writer {
    database: Database,
    /// None after an error that leaves in doubt what the database holds, until it was opened and read again.
    connection: Option<WriterConnection>,
    /// The file that was opened isn't where it was. It stays so, even if it is put back: what happened to it meanwhile
    /// isn't known.
    is_lost: bool,
    readers: SqlitePool,
    commits: Arc<AtomicU64>,
}

impl Writer {
    async fn run(mut self, mut queue: Queue) {
        while let Some(group) = queue.next_group().await {
            let span = tracing::debug_span!("commit", writes = group.len());
            self.answer(group).instrument(span).await;
        }
        // The last connection of all makes the log a part of the database and removes it, and a reader can't.
        self.readers.close().await;
        if let Some(mut connection) = self.connection.take() {
            connection.empty_log().await;
            connection.close().await;
        }
    }

    async fn answer(&mut self, group: Vec<Queued>) {
        let (writes, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|Queued { write, reply }| (write, reply)).unzip();
        for (reply, verdict) in replies.into_iter().zip(self.write(&writes).await) {
            // A caller that stopped waiting has no use for the answer.
            drop(reply.send(verdict));
        }
    }

    async fn write(&mut self, writes: &[Write]) -> Verdicts {
        let group: Vec<&Write> = writes.iter().collect();
        match self.commit(&group).await {
            Ok(verdicts) => verdicts,
            Err(failure) if failure.may_spare_others() && group.len() > 1 => {
                tracing::debug!(?failure, "the group failed, each write is tried by itself");
                let mut verdicts = Vec::with_capacity(group.len());
                for write in group {
                    let alone = self.commit(&[write]).await;
                    verdicts.extend(alone.unwrap_or_else(|failure| vec![Err(failure.to_error())]));
                }
                verdicts
            }
            Err(failure) => group.iter().map(|_| Err(failure.to_error())).collect(),
        }
    }

    /// One transaction. After a failure that isn't the rows' own, the next one begins by opening the database anew.
    async fn commit(&mut self, group: &[&Write]) -> Result<Verdicts, Failure> {
        self.see_in_place()?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.reopen().await?,
        };
        let committed = connection.commit(group);
        #[cfg(feature = "failure-points")]
        let committed = FailingCommits::commit(committed);
        let failure = match committed.await {
            Ok(verdicts) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.connection = Some(connection);
                return Ok(verdicts);
            }
            Err(failure) => failure,
        };
        if failure.may_spare_others() && connection.roll_back().await.is_ok() {
            self.connection = Some(connection);
        } else {
            tracing::error!(
                ?failure,
                "a commit failed; nothing is written until the database was read again"
            );
            connection.close().await;
        }
        Err(failure)
    }

    /// Nothing is written to a file that its path doesn't lead to any more.
    fn see_in_place(&mut self) -> Result<(), StoreError> {
        let identity = self.database.identity();
        if !self.is_lost && identity.is_in_place()? {
            return Ok(());
        }
        let lost = identity.lost();
        if !self.is_lost {
            tracing::error!(error = %lost, "nothing is written any more");
            self.is_lost = true;
        }
        Err(lost)
    }
}
