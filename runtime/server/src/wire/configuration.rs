//! Which adw.toml is gone by, as clients see it.

use adw_core::Timestamp;
use adw_engine::{Configuration, RefusedConfiguration};
use serde::Serialize;
use utoipa::ToSchema;

/// Which adw.toml is gone by.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "sha256": "5f2b3c…", "since": "2026-01-31T12:00:00.000Z", "at_next_start": [], "warnings": [], "refused": null
}))]
pub(crate) struct ConfigurationObject {
    /// The sha256 of its text.
    sha256: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// What it says otherwise than the one that the server started with, and that counts at the next start only.
    at_next_start: Vec<&'static str>,
    /// What its stages would fail of as they stand, though it is gone by: each with its place in the file and what helps.
    warnings: Vec<String>,
    /// The newest reading, where that was not gone by; null else.
    #[schema(required)]
    refused: Option<RefusedObject>,
}

/// A reading that was not gone by.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedObject {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What is wrong, each with its place in the file and what helps.
    errors: Vec<String>,
}

impl From<&Configuration> for ConfigurationObject {
    fn from(configuration: &Configuration) -> Self {
        let Configuration { sha256, since, at_next_start, warnings, refused } = configuration.clone();
        let warnings = warnings.iter().map(|warning| format!("{warning:#}")).collect();
        let refused = refused.map(|RefusedConfiguration { at, errors }| RefusedObject { at, errors });
        Self { sha256, since, at_next_start, warnings, refused }
    }
}
