//! Reading what attempts leave: journals, values, artifacts.

use std::collections::HashSet;

use adw_core::{StageName, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};

use super::failure::Failure;
use super::history::unsigned;
use crate::{Artifact, AttemptKey, JournalBody, JournalKind, JournalRecord, RowId, StoreError, ValuesKept};

const JOURNAL: &str = "SELECT n, kind, hash, at, body, blob, size FROM journal \
     WHERE workflow = ?1 AND stage = ?2 AND attempt = ?3 ORDER BY id";

const JOURNAL_PART: &str = "SELECT n, kind, hash, at, body, blob, size FROM journal \
     WHERE workflow = ?1 AND stage = ?2 AND attempt = ?3 AND n IN ( \
         SELECT DISTINCT n FROM journal WHERE workflow = ?1 AND stage = ?2 AND attempt = ?3 AND n > ?4 ORDER BY n LIMIT ?5 \
     ) ORDER BY n, id";

const VALUE: &str = "SELECT value FROM stage_values WHERE workflow = ?1 AND stage = ?2 AND key = ?3";

const VALUES_KEPT: &str = "SELECT count(*), coalesce(sum(length(CAST(key AS BLOB)) + length(value)), 0) \
     FROM stage_values WHERE workflow = ?1 AND substr(key, 1, length(?2)) = ?2";

const ARTIFACTS: &str =
    "SELECT name, media_type, sha256, size, stage, at FROM artifacts WHERE workflow = ?1 ORDER BY name";

pub(super) async fn journal(
    readers: &SqlitePool,
    key: &AttemptKey,
) -> Result<Vec<JournalRecord>, StoreError> {
    let rows = sqlx::query(JOURNAL)
        .bind(key.workflow.0)
        .bind(key.stage.as_str())
        .bind(key.attempt)
        .fetch_all(readers)
        .await
        .map_err(Failure::from)?;
    Ok(rows.iter().map(record).collect::<Result<_, _>>()?)
}

pub(super) async fn journal_part(
    readers: &SqlitePool,
    key: &AttemptKey,
    after: u32,
    calls: u32,
) -> Result<Vec<JournalRecord>, StoreError> {
    let rows = sqlx::query(JOURNAL_PART)
        .bind(key.workflow.0)
        .bind(key.stage.as_str())
        .bind(key.attempt)
        .bind(after)
        .bind(calls)
        .fetch_all(readers)
        .await
        .map_err(Failure::from)?;
    Ok(rows.iter().map(record).collect::<Result<_, _>>()?)
}

fn record(row: &SqliteRow) -> Result<JournalRecord, Failure> {
    let kind: &str = row.try_get("kind")?;
    let kind = JournalKind::from_stored(kind)
        .ok_or_else(|| Failure::damaged(format!("{kind:?} is no kind of journal record")))?;
    Ok(JournalRecord {
        n: unsigned(row.try_get("n")?)?,
        kind,
        hash: row.try_get("hash")?,
        body: body(row)?,
        at: Timestamp::from_millis(row.try_get("at")?),
    })
}

fn body(row: &SqliteRow) -> Result<JournalBody, Failure> {
    let blob: Option<String> = row.try_get("blob")?;
    Ok(match blob {
        None => JournalBody::Inline(row.try_get("body")?),
        Some(sha256) => JournalBody::Blob { sha256, size: unsigned(row.try_get("size")?)? },
    })
}

pub(super) async fn value(
    readers: &SqlitePool,
    workflow: RowId,
    stage: &StageName,
    key: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let value = sqlx::query_scalar(VALUE)
        .bind(workflow.0)
        .bind(stage.as_str())
        .bind(key)
        .fetch_optional(readers)
        .await
        .map_err(Failure::from)?;
    Ok(value)
}

pub(super) async fn values_kept(
    readers: &SqlitePool,
    workflow: RowId,
    prefix: &str,
) -> Result<ValuesKept, StoreError> {
    let kept_under = sqlx::query(VALUES_KEPT).bind(workflow.0).bind(prefix);
    let row = kept_under.fetch_one(readers).await.map_err(Failure::from)?;
    Ok(kept(&row)?)
}

fn kept(row: &SqliteRow) -> Result<ValuesKept, Failure> {
    Ok(ValuesKept { values: unsigned(row.try_get(0)?)?, bytes: unsigned(row.try_get(1)?)? })
}

pub(super) async fn artifacts(readers: &SqlitePool, workflow: RowId) -> Result<Vec<Artifact>, StoreError> {
    let rows = sqlx::query(ARTIFACTS).bind(workflow.0).fetch_all(readers).await.map_err(Failure::from)?;
    Ok(rows.iter().map(artifact).collect::<Result<_, _>>()?)
}

pub(super) async fn artifact_blobs(readers: &SqlitePool) -> Result<HashSet<String>, StoreError> {
    named(readers, "SELECT DISTINCT sha256 FROM artifacts").await
}

pub(super) async fn journal_blobs(readers: &SqlitePool) -> Result<HashSet<String>, StoreError> {
    named(readers, "SELECT DISTINCT blob FROM journal WHERE blob IS NOT NULL").await
}

async fn named(readers: &SqlitePool, select: &'static str) -> Result<HashSet<String>, StoreError> {
    let names = sqlx::query_scalar(select).fetch_all(readers).await;
    Ok(names.map_err(Failure::from)?.into_iter().collect())
}

fn artifact(row: &SqliteRow) -> Result<Artifact, Failure> {
    let stage: String = row.try_get("stage")?;
    Ok(Artifact {
        name: row.try_get("name")?,
        media_type: row.try_get("media_type")?,
        sha256: row.try_get("sha256")?,
        size: unsigned(row.try_get("size")?)?,
        stage: stage.parse().map_err(|error| Failure::damaged(format!("an artifact's {error}")))?,
        at: Timestamp::from_millis(row.try_get("at")?),
    })
}
