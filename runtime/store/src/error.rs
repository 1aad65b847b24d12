//! What can go wrong in a store.

use adw_core::AdwId;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The id of a new workflow exists.
    #[error("adw_id {0} is taken: use another, or none and get one")]
    Taken(AdwId),
    /// The workflow has changed since it was read, or isn't there.
    #[error("workflow {adw_id} is not at version {expected} any more: read it and decide again")]
    Conflict {
        /// The workflow.
        adw_id: AdwId,
        /// The version that the writer saw.
        expected: u64,
    },
    /// What was read can't be what was written.
    #[error("the database is damaged: {0}. Stop the server, keep the file, and restore a backup")]
    Damaged(String),
    /// The database's file is there, and nothing is in it.
    #[error(
        "the database {0} is empty, and what it held is lost: restore a backup in its place, or delete the file to begin anew"
    )]
    Lost(String),
    /// The database's file is gone, and the log that belongs to it is still there: a new database would take that for its own.
    #[error(
        "the database {0} is gone, and its log {0}-wal is still there: restore both from a backup, or delete the log too to \
         begin anew"
    )]
    Gone(String),
    /// Another process has the database open.
    #[error("{0} is in use by another adw: stop that one, or give this one a store of its own")]
    InUse(String),
    /// A newer program made the database, in a form that this one doesn't know.
    #[error(
        "the database has schema {found}, and this adw knows schemas up to {known}: use the newer adw that wrote it"
    )]
    Newer {
        /// The schema that the database has.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Something that no store can take: the caller's fault, and of no use to try again.
    #[error("the store can't take this: {0}. Nothing was written; this is a fault of adw, please report it")]
    Rejected(String),
    /// The SQLite that was linked has a bug that loses data.
    #[error(
        "SQLite {found} is linked, and versions before {needed} can corrupt a database: build with a newer one"
    )]
    Outdated {
        /// The version that was linked.
        found: String,
        /// The oldest that will do.
        needed: &'static str,
    },
    /// The database didn't take or give something; a full disk, most often. Whether a write that is answered so took
    /// place is not known: read before trying again.
    #[error("the database is not available: {0}. Look at free space, permissions and the log")]
    Unavailable(String),
    /// The writer has ended, after an error that it could not recover from or because the store was closed.
    #[error("the store is closed: the server is stopping, or its log says why; start it again")]
    Closed,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn messages_say_what_to_do_next() {
        let adw_id: AdwId = "adw_bug_1760000000_1a2b3c4d".parse().unwrap();
        let errors = [
            StoreError::Taken(adw_id.clone()),
            StoreError::Conflict { adw_id, expected: 7 },
            StoreError::Damaged("event 3 of workflow one is missing".to_owned()),
            StoreError::Lost("/srv/.adw/adw.db".to_owned()),
            StoreError::Gone("/srv/.adw/adw.db".to_owned()),
            StoreError::InUse("/srv/.adw/adw.db".to_owned()),
            StoreError::Newer { found: 9, known: 1 },
            StoreError::Rejected("the events of one must be numbered from 2 to 3".to_owned()),
            StoreError::Outdated { found: "3.45.0".to_owned(), needed: "3.51.3" },
            StoreError::Unavailable("disk I/O error".to_owned()),
            StoreError::Closed,
        ];
        let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(messages.join("\n"), @r"
        adw_id adw_bug_1760000000_1a2b3c4d is taken: use another, or none and get one
        workflow adw_bug_1760000000_1a2b3c4d is not at version 7 any more: read it and decide again
        the database is damaged: event 3 of workflow one is missing. Stop the server, keep the file, and restore a backup
        the database /srv/.adw/adw.db is empty, and what it held is lost: restore a backup in its place, or delete the file to begin anew
        the database /srv/.adw/adw.db is gone, and its log /srv/.adw/adw.db-wal is still there: restore both from a backup, or delete the log too to begin anew
        /srv/.adw/adw.db is in use by another adw: stop that one, or give this one a store of its own
        the database has schema 9, and this adw knows schemas up to 1: use the newer adw that wrote it
        the store can't take this: the events of one must be numbered from 2 to 3. Nothing was written; this is a fault of adw, please report it
        SQLite 3.45.0 is linked, and versions before 3.51.3 can corrupt a database: build with a newer one
        the database is not available: disk I/O error. Look at free space, permissions and the log
        the store is closed: the server is stopping, or its log says why; start it again
        ");
    }
}
