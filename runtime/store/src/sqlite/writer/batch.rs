//! A group of writes as the one call that carries it out.

use serde::Serialize;

use super::sql;
use super::write::{Change, Creation, Document, Row};
use crate::checksum::Checksum;
use crate::encoding::EventText;
use crate::{Artifact, AttemptKey, JournalBody, JournalRecord, RowId, StoreError};

/// Rows for every table, and the bytes of their texts.
pub(super) struct Batch {
    texts: Texts,
    rows: Rows,
}

/// Every text of a batch, one after the other.
struct Texts(Vec<u8>);

/// Where a text lies: offset (from 1, as SQL counts) and length.
#[derive(Clone, Copy, Serialize)]
struct Span(usize, usize);

#[derive(Default, Serialize)]
struct Rows {
    documents: Vec<DocumentRow>,
    created: Vec<CreatedRow>,
    changed: Vec<ChangedRow>,
    repinned: Vec<RepinnedRow>,
    events: Vec<EventRow>,
    journal: Vec<JournalRow>,
    values: Vec<ValueRow>,
    artifacts: Vec<ArtifactRow>,
    #[serde(skip)]
    probe: bool,
}

#[derive(Serialize)]
struct DocumentRow {
    hash: String,
    body: Span,
}

#[derive(Serialize)]
struct CreatedRow {
    id: i64,
    adw_id: String,
    task_type: &'static str,
    priority: &'static str,
    project: Span,
    title: Span,
    search: Span,
    document: String,
    created_at: i64,
    #[serde(flatten)]
    row: RowMembers,
}

#[derive(Serialize)]
struct ChangedRow {
    id: i64,
    expected: u64,
    before: Span,
    #[serde(flatten)]
    row: RowMembers,
}

#[derive(Serialize)]
struct RepinnedRow {
    id: i64,
    document: String,
    /// The checksum of the last event of the same write.
    last: Span,
}

#[derive(Serialize)]
struct RowMembers {
    status: &'static str,
    updated_at: i64,
    completed_at: Option<i64>,
    version: u64,
    checksum: Span,
    state_checksum: Span,
    state: Span,
}

#[derive(Serialize)]
struct EventRow {
    workflow: i64,
    seq: u64,
    r#type: &'static str,
    at: i64,
    checksum: Span,
    body: Span,
    /// The checksum of the last event of the same write.
    last: Span,
}

#[derive(Serialize)]
struct JournalRow {
    workflow: i64,
    stage: String,
    attempt: u32,
    n: u32,
    kind: &'static str,
    hash: Span,
    at: i64,
    body: Span,
    blob: Option<String>,
    size: Option<i64>,
}

#[derive(Serialize)]
struct ValueRow {
    workflow: i64,
    stage: String,
    key: Span,
    value: Span,
}

#[derive(Serialize)]
struct ArtifactRow {
    workflow: i64,
    name: Span,
    media_type: Span,
    sha256: Span,
    size: i64,
    stage: String,
    at: i64,
}

impl Batch {
    pub(super) fn new() -> Self {
        // SQLite takes an empty blob for NULL, so there is always a byte.
        Self { texts: Texts(vec![0]), rows: Rows::default() }
    }

    /// Adds a new workflow, and answers with the checksum of its event.
    pub(super) fn create(&mut self, creation: &Creation) -> Checksum {
        let document = self.document(&creation.document);
        let checksum = self.events(creation.id, Checksum::START, std::slice::from_ref(&creation.first));
        let created = CreatedRow {
            id: creation.id.0,
            adw_id: creation.adw_id.to_string(),
            task_type: creation.task_type,
            priority: creation.priority,
            project: self.texts.add(&creation.project),
            title: self.texts.add(&creation.title),
            search: self.texts.add(&creation.search),
            document,
            created_at: creation.created_at.as_millis(),
            row: self.row(&creation.row, checksum),
        };
        self.rows.created.push(created);
        checksum
    }

    /// Adds events after the one that has the checksum `before`, and answers with that of the last.
    pub(super) fn change(&mut self, change: &Change, before: Checksum) -> Checksum {
        let checksum = self.events(change.id, before, &change.events);
        if let Some(document) = &change.document {
            let (document, last) = (self.document(document), self.texts.add(checksum.as_bytes()));
            self.rows.repinned.push(RepinnedRow { id: change.id.0, document, last });
        }
        let changed = ChangedRow {
            id: change.id.0,
            expected: change.expected,
            before: self.texts.add(before.as_bytes()),
            row: self.row(&change.row, checksum),
        };
        self.rows.changed.push(changed);
        checksum
    }

    /// Adds a document, unless the batch has it; answers with its hash.
    fn document(&mut self, document: &Document) -> String {
        let Document { hash, text } = document;
        if !self.rows.documents.iter().any(|document| document.hash == *hash) {
            let body = self.texts.add(&**text);
            self.rows.documents.push(DocumentRow { hash: hash.clone(), body });
        }
        hash.clone()
    }

    pub(super) fn journal(&mut self, key: &AttemptKey, records: &[JournalRecord]) {
        self.rows.journal.extend(records.iter().map(|record| {
            let blob = match &record.body {
                JournalBody::Inline(_) => None,
                JournalBody::Blob { sha256, size } => Some((sha256.clone(), file_size(*size))),
            };
            let (blob, size) = blob.unzip();
            JournalRow {
                workflow: key.workflow.0,
                stage: key.stage.to_string(),
                attempt: key.attempt,
                n: record.n,
                kind: record.kind.as_str(),
                hash: self.texts.add(&record.hash),
                at: record.at.as_millis(),
                body: self.texts.add(record.body.inline()),
                blob,
                size,
            }
        }));
    }

    pub(super) fn value(&mut self, workflow: RowId, stage: &str, key: &str, value: &[u8]) {
        let (key, value) = (self.texts.add(key), self.texts.add(value));
        self.rows.values.push(ValueRow { workflow: workflow.0, stage: stage.to_owned(), key, value });
    }

    pub(super) fn artifact(&mut self, workflow: RowId, artifact: &Artifact) {
        self.rows.artifacts.push(ArtifactRow {
            workflow: workflow.0,
            name: self.texts.add(&artifact.name),
            media_type: self.texts.add(&artifact.media_type),
            sha256: self.texts.add(&artifact.sha256),
            size: file_size(artifact.size),
            stage: artifact.stage.to_string(),
            at: artifact.at.as_millis(),
        });
    }

    pub(super) fn probe(&mut self) {
        self.rows.probe = true;
    }

    /// The transaction, with a statement for each table that has rows; none when there is nothing to do.
    pub(super) fn statements(&self) -> Option<String> {
        let rows = &self.rows;
        let parts = [
            (!rows.documents.is_empty(), sql::DOCUMENTS),
            (!rows.created.is_empty(), sql::CREATED),
            (!rows.changed.is_empty(), sql::CHANGED),
            (!rows.repinned.is_empty(), sql::REPINNED),
            (!rows.events.is_empty(), sql::EVENTS),
            (!rows.journal.is_empty(), sql::JOURNAL),
            (!rows.values.is_empty(), sql::VALUES),
            (!rows.artifacts.is_empty(), sql::ARTIFACTS),
            (rows.probe, sql::PROBE),
        ];
        let needed: String = parts.into_iter().filter_map(|(needed, part)| needed.then_some(part)).collect();
        (!needed.is_empty()).then(|| [sql::BEGIN, &needed, sql::COMMIT].concat())
    }

    /// `?1` and `?2` of the statements.
    pub(super) fn into_arguments(self) -> Result<(Vec<u8>, String), StoreError> {
        let rows = serde_json::to_string(&self.rows)
            .map_err(|error| StoreError::Rejected(format!("rows can't be written as JSON: {error}")))?;
        Ok((self.texts.0, rows))
    }

    fn row(&mut self, row: &Row, checksum: Checksum) -> RowMembers {
        RowMembers {
            status: row.status,
            updated_at: row.updated_at.as_millis(),
            completed_at: row.completed_at.map(adw_core::Timestamp::as_millis),
            version: row.version,
            checksum: self.texts.add(checksum.as_bytes()),
            state_checksum: self.texts.add(checksum.of_state(row.state.as_bytes()).as_bytes()),
            state: self.texts.add(&row.state),
        }
    }

    fn events(&mut self, workflow: RowId, before: Checksum, events: &[EventText]) -> Checksum {
        let mut checksum = before;
        let chained: Vec<_> = events
            .iter()
            .map(|event| {
                checksum = checksum.then(event.seq, event.at, event.body.as_bytes());
                (event, checksum)
            })
            .collect();
        let last = self.texts.add(checksum.as_bytes());
        self.rows.events.extend(chained.into_iter().map(|(event, checksum)| EventRow {
            workflow: workflow.0,
            seq: event.seq,
            r#type: event.kind,
            at: event.at.as_millis(),
            checksum: self.texts.add(checksum.as_bytes()),
            body: self.texts.add(&event.body),
            last,
        }));
        checksum
    }
}

/// No blob is larger than a file can be, and that fits.
fn file_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

impl Texts {
    fn add(&mut self, text: impl AsRef<[u8]>) -> Span {
        let text = text.as_ref();
        let span = Span(self.0.len() + 1, text.len());
        self.0.extend_from_slice(text);
        span
    }
}
