//! What can go wrong in a store.

use adw_core::AdwId;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The id of a new workflow exists.
    #[error("adw_id {0} is taken")]
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
    #[error("the store is closed")]
    Closed,
}
