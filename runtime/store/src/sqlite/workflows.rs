//! Reading workflows: one, a list, the open ones.

use adw_core::AdwId;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row as _, SqlitePool};

use super::failure::Failure;
use super::history::{Found, checksum, damaged};
use crate::checksum::Checksum;
use crate::{Filter, Page, Pagination, RowId, StoreError, Stored, encoding};

/// A workflow's row and its first event, which holds the task.
macro_rules! stored {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.adw_id, w.checksum AS last, w.state_checksum, w.state, e.seq, e.at, e.checksum, e.body ",
            $rest
        )
    };
}

const ONE: &str = stored!(
    "FROM workflows AS w LEFT JOIN events AS e ON e.workflow = w.id AND e.seq = 1 WHERE w.adw_id = ?1"
);

const OPEN: &str = stored!(
    "FROM workflows AS w LEFT JOIN events AS e ON e.workflow = w.id AND e.seq = 1 \
     WHERE w.status IN ('pending', 'running') ORDER BY w.id"
);

/// The rows are chosen first, so that those before the page are counted and not read.
const CHOSEN: &str = stored!(
    "FROM chosen AS c JOIN workflows AS w ON w.id = c.id \
     LEFT JOIN events AS e ON e.workflow = w.id AND e.seq = 1 ORDER BY w.id DESC"
);

pub(super) async fn one(readers: &SqlitePool, adw_id: &AdwId) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query(ONE).bind(adw_id.as_str()).fetch_optional(readers).await.map_err(Failure::from)?;
    Ok(row.as_ref().map(stored).transpose()?)
}

pub(super) async fn open(readers: &SqlitePool) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query(OPEN).fetch_all(readers).await.map_err(Failure::from)?;
    Ok(rows.iter().map(stored).collect::<Result<_, _>>()?)
}

pub(super) async fn list(
    readers: &SqlitePool,
    filter: &Filter,
    pagination: &Pagination,
) -> Result<Page, StoreError> {
    match *pagination {
        Pagination::Cursor { before, limit } => after_cursor(readers, filter, before, limit).await,
        Pagination::Numbered { page, per_page } => numbered(readers, filter, page, per_page).await,
    }
    .map_err(StoreError::from)
}

/// One more than asked for tells whether there are more.
async fn after_cursor(
    readers: &SqlitePool,
    filter: &Filter,
    before: Option<RowId>,
    limit: u32,
) -> Result<Page, Failure> {
    let mut query = QueryBuilder::new("WITH chosen AS (SELECT id FROM workflows");
    conditions(&mut query, filter, before);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit) + 1).push(") ").push(CHOSEN);
    let rows = query.build().fetch_all(readers).await?;
    let limit = limit as usize;
    let items = rows.iter().take(limit).map(stored).collect::<Result<_, _>>()?;
    Ok(Page { items, more: rows.len() > limit, total: None })
}

/// Page and total are of one moment, since they are read in one transaction.
async fn numbered(readers: &SqlitePool, filter: &Filter, page: u32, per_page: u32) -> Result<Page, Failure> {
    let offset = u64::from(page.max(1) - 1) * u64::from(per_page);
    let mut transaction = readers.begin().await?;

    let mut query = QueryBuilder::new("SELECT count(*) FROM workflows");
    conditions(&mut query, filter, None);
    let total: i64 = query.build_query_scalar().fetch_one(&mut *transaction).await?;
    let total = total.unsigned_abs();

    let mut query = QueryBuilder::new("WITH chosen AS (SELECT id FROM workflows");
    conditions(&mut query, filter, None);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(per_page));
    query.push(" OFFSET ").push_bind(i64::try_from(offset).unwrap_or(i64::MAX)).push(") ").push(CHOSEN);
    let rows = query.build().fetch_all(&mut *transaction).await?;
    transaction.commit().await?;

    let items: Vec<_> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    let more = offset.saturating_add(items.len() as u64) < total;
    Ok(Page { items, more, total: Some(total) })
}

fn conditions(query: &mut QueryBuilder<Sqlite>, filter: &Filter, before: Option<RowId>) {
    let Filter { status, task_type, project, text } = filter;
    query.push(" WHERE true");
    if let Some(before) = before {
        query.push(" AND id < ").push_bind(before.0);
    }
    if let Some(status) = status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(task_type) = task_type {
        query.push(" AND task_type = ").push_bind(task_type.as_str());
    }
    if let Some(project) = project {
        query.push(" AND project = ").push_bind(project.clone());
    }
    if let Some(text) = text {
        // Not LIKE: it has wildcards, and takes only ASCII letters of either case for the same.
        query.push(" AND instr(search, ").push_bind(encoding::searchable(text)).push(") > 0");
    }
}

fn stored(row: &SqliteRow) -> Result<Stored, Failure> {
    let adw_id: &str = row.try_get("adw_id")?;
    let first = Found::of(row)?.ok_or_else(|| damaged(adw_id, 1, "is missing"))?;
    if Checksum::START.then(first.seq, first.at, first.body) != first.checksum {
        return Err(damaged(adw_id, first.seq, "does not fit its checksum"));
    }
    let state: &[u8] = row.try_get("state")?;
    if checksum(row, "last")?.of_state(state) != checksum(row, "state_checksum")? {
        return Err(Failure::damaged(format!("the state of workflow {adw_id} does not fit its checksum")));
    }
    let workflow = encoding::workflow(state, first.decode(adw_id)?).map_err(|error| {
        Failure::damaged(format!("the state of workflow {adw_id} can't be read: {error}"))
    })?;
    Ok(Stored { id: RowId(row.try_get("id")?), workflow })
}

pub(super) async fn documents(readers: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let rows =
        sqlx::query("SELECT hash, body FROM documents").fetch_all(readers).await.map_err(Failure::from)?;
    let document = |row: &SqliteRow| -> Result<_, StoreError> {
        let (hash, body): (String, String) =
            (row.try_get(0).map_err(Failure::from)?, row.try_get(1).map_err(Failure::from)?);
        checked(body, &hash)
    };
    rows.iter().map(document).collect()
}

/// A document, once it is sure that it is the one of this hash.
pub(super) fn checked(document: String, hash: &str) -> Result<String, StoreError> {
    if encoding::document_hash(&document) == hash {
        return Ok(document);
    }
    Err(StoreError::Damaged(format!("the pipeline {hash} does not have that hash")))
}
