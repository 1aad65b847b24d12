//! The statements of a group. Each takes all of the group's rows of its table at once.
//!
//! `?1` is one blob that holds every text of the group, and `?2` a JSON object with a list of rows per table, in which a
//! text is `[offset, length]` in that blob. So texts of any size and content are neither escaped nor parsed on their
//! way, and a group is one call whatever it holds.

/// A member of a row: `plain` stands in the JSON itself, `blob` and `text` lie in the blob.
macro_rules! member {
    (plain $name:ident) => {
        concat!("item.value ->> '", stringify!($name), "'")
    };
    (blob $name:ident) => {
        concat!(
            "substr(?1, item.value ->> '$.", stringify!($name), "[0]', item.value ->> '$.", stringify!($name), "[1]')"
        )
    };
    (text $name:ident) => {
        concat!("CAST(", member!(blob $name), " AS TEXT)")
    };
}

/// Adds the rows of a list to a table whose columns are named as the rows' members.
macro_rules! insert {
    ($table:ident from $list:ident: $kind:ident $name:ident $(, $kinds:ident $names:ident)*; $($rest:expr),+) => {
        concat!(
            "INSERT INTO ", stringify!($table), " (", stringify!($name) $(, ", ", stringify!($names))*, ") SELECT ",
            member!($kind $name) $(, ", ", member!($kinds $names))*,
            " FROM jsonb_each(?2, '$.", stringify!($list), "') AS item " $(, $rest)+, ";\n"
        )
    };
}

pub(super) const BEGIN: &str = "BEGIN IMMEDIATE;\n";
pub(super) const COMMIT: &str = "COMMIT;\n";
pub(super) const ROLLBACK: &str = "ROLLBACK";
pub(super) const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

pub(super) const HEADS: &str =
    "SELECT id, version, checksum FROM workflows WHERE id IN (SELECT value FROM json_each(?1))";

pub(super) const DOCUMENTS: &str = insert!(
    documents from documents: plain hash, text body;
    "WHERE true ON CONFLICT (hash) DO NOTHING"
);

/// A taken id makes no row, and returns none.
pub(super) const CREATED: &str = insert!(
    workflows from created:
        plain id, plain adw_id, plain status, plain task_type, plain priority, text project, text title, text search,
        plain document, plain created_at, plain updated_at, plain completed_at, plain version, blob checksum,
        blob state_checksum, text state;
    "WHERE true ON CONFLICT (adw_id) DO NOTHING RETURNING id"
);

/// A workflow that isn't what the writer takes it for stays as it is, and returns no row.
pub(super) const CHANGED: &str = concat!(
    "UPDATE workflows SET",
    " status = ",
    member!(plain status),
    ", updated_at = ",
    member!(plain updated_at),
    ", completed_at = ",
    member!(plain completed_at),
    ", version = ",
    member!(plain version),
    ", checksum = ",
    member!(blob checksum),
    ", state_checksum = ",
    member!(blob state_checksum),
    ", state = ",
    member!(text state),
    " FROM jsonb_each(?2, '$.changed') AS item",
    " WHERE workflows.id = ",
    member!(plain id),
    " AND workflows.version = ",
    member!(plain expected),
    " AND workflows.checksum = ",
    member!(blob before),
    " RETURNING id;\n"
);

/// Only where the row was changed by the same write. Apart, since it is rare and each one looks for its document.
pub(super) const REPINNED: &str = concat!(
    "UPDATE workflows SET document = ",
    member!(plain document),
    " FROM jsonb_each(?2, '$.repinned') AS item",
    " WHERE workflows.id = ",
    member!(plain id),
    " AND workflows.checksum = ",
    member!(blob last),
    ";\n"
);

/// Only where the row was made or changed by the same write: it then holds the checksum of that write's last event.
pub(super) const EVENTS: &str = insert!(
    events from events: plain workflow, plain seq, plain type, plain at, blob checksum, text body;
    "CROSS JOIN workflows WHERE workflows.id = ", member!(plain workflow),
    " AND workflows.checksum = ", member!(blob last)
);

/// A record that is there already was written by someone who could not know that, and is not written twice.
pub(super) const JOURNAL: &str = insert!(
    journal from journal:
        plain workflow, plain stage, plain attempt, plain n, plain kind, text hash, plain at, text body, plain blob, plain size;
    "WHERE NOT EXISTS (SELECT 1 FROM journal AS there",
    " WHERE there.workflow = ", member!(plain workflow), " AND there.stage = ", member!(plain stage),
    " AND there.attempt = ", member!(plain attempt), " AND there.n = ", member!(plain n),
    " AND there.kind = ", member!(plain kind), " AND there.at = ", member!(plain at),
    " AND there.hash = ", member!(text hash), " AND there.body = ", member!(text body),
    " AND there.blob IS ", member!(plain blob), ")",
    " ORDER BY item.key"
);

pub(super) const VALUES: &str = insert!(
    stage_values from values: plain workflow, plain stage, text key, blob value;
    "WHERE true ORDER BY item.key ON CONFLICT (workflow, stage, key) DO UPDATE SET value = excluded.value"
);

pub(super) const ARTIFACTS: &str = insert!(
    artifacts from artifacts:
        plain workflow, text name, text media_type, text sha256, plain size, plain stage, plain at;
    "WHERE true ORDER BY item.key ON CONFLICT (workflow, name) DO UPDATE SET media_type = excluded.media_type,",
    " sha256 = excluded.sha256, size = excluded.size, stage = excluded.stage, at = excluded.at"
);

pub(super) const PROBE: &str = "INSERT INTO meta (key, value) VALUES ('probes', '1') \
     ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1;\n";
