//! The database: would it open?

use std::path::{Path, PathBuf};

use adw_store::StoreError;
use adw_store::sqlite::{Found, look};
use tokio::runtime::Handle;

use super::surroundings::database;
use super::{Finding, Surroundings, quoted};
use crate::holder::Holder;

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.config() else { return Vec::new() };
    let database = database(config);
    let (shown, quoted) = (database.display(), quoted(database));
    let scratch = match tempfile::tempdir() {
        Ok(scratch) => scratch,
        Err(error) => {
            let message = format!("a folder for temporary files can't be made: {error}");
            return vec![Finding::fail(message, "export TMPDIR=/var/tmp")];
        }
    };
    vec![match Handle::current().block_on(look(database, scratch.path())) {
        Ok(Found::Nothing) => Finding::ok(format!("{shown} is made at the first start")),
        Ok(Found::InUse) => {
            let holder = Holder::of_database(database);
            let by = holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
            Finding::ok(format!("{shown} is open in {by}"))
        }
        Ok(Found::Free { schema }) => Finding::ok(format!("{shown} opens; it has schema {schema}")),
        Ok(Found::Unfinished) => {
            Finding::ok(format!("{shown} is free; its log is taken in at the next start"))
        }
        Err(error) => {
            let fix = match &error {
                StoreError::Newer { .. } => "adw --version   # a newer one wrote it: use that".to_owned(),
                StoreError::Damaged(_) | StoreError::Lost(_) | StoreError::Gone(_) => {
                    let files = files_of(database).join(" ");
                    format!("mkdir {quoted}.damaged && mv {files} {quoted}.damaged/   # keeps the evidence")
                }
                _ => format!("ls -l {quoted}   # it must be a file that you may read and write"),
            };
            Finding::fail(error.to_string(), fix)
        }
    }]
}

/// The database, and what there is beside it of its log, as a shell takes them.
fn files_of(database: &Path) -> Vec<String> {
    let beside = |end: &str| PathBuf::from(format!("{}{end}", database.display()));
    ["", "-wal", "-shm", "-journal"].map(beside).iter().filter(|file| file.exists()).map(quoted).collect()
}
