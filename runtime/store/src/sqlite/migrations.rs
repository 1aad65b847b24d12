//! The schema's versions, in the order in which they are applied.

use sqlx::SqliteConnection;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use super::failure::Failure;
use crate::StoreError;

/// What `PRAGMA application_id` says of a database of ours: "adw1".
pub(super) const APPLICATION_ID: i64 = 0x6164_7731;

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("../../../../migrations/sqlite/0001_initial.sql")),
    (2, "journal by call", include_str!("../../../../migrations/sqlite/0002_journal_by_call.sql")),
    (3, "large journal bodies", include_str!("../../../../migrations/sqlite/0003_large_journal_bodies.sql")),
];

/// The newest schema that this program knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default()
}

/// Brings the database to the newest schema, one transaction per version.
pub(super) async fn run(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.iter().map(|&(version, description, text)| {
        let text = AssertSqlSafe(text).into_sql_str();
        Migration::new(version, description.into(), MigrationType::Simple, text, false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    migrator.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => StoreError::Newer { found, known: newest() },
        MigrateError::VersionMismatch(version) => {
            StoreError::Damaged(format!("its schema {version} isn't the one that adw released"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            Failure::from(error).to_error()
        }
        error => StoreError::Unavailable(error.to_string()),
    })
}
