//! A plugin that is loaded: what it is, what it wants, and whether it may have it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use adw_core::{Grants, PluginPin};
use serde_json::Value;

use crate::bindings::StagePre;
use crate::capability::Capability;
use crate::digest::Sha256;
use crate::granted::key;
use crate::guest::Guest;
use crate::json_schema::{JsonSchema, Mismatch};
use crate::stage::Description;

/// A plugin, ready to run. Clones are the same plugin.
#[derive(Clone)]
pub struct Plugin(pub(crate) Arc<Loaded>);

pub(crate) struct Loaded {
    pub(crate) sha256: Sha256,
    pub(crate) imports: BTreeSet<Capability>,
    pub(crate) description: Description,
    pub(crate) name: PluginName,
    pub(crate) stage: StagePre<Guest>,
}

/// A plugin's name and version, as errors give them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PluginName(Arc<str>);

impl PluginName {
    /// That of the plugin that a workflow is pinned to.
    pub fn pinned(pin: &PluginPin) -> Self {
        Self(format!("{} {}", pin.name, pin.version).into())
    }

    pub(crate) fn described(description: &Description) -> Self {
        Self(format!("{} {}", description.name, description.version).into())
    }

    /// Before it has said what it is.
    pub(crate) fn undescribed(sha256: Sha256) -> Self {
        Self(format!("{sha256:.12}").into())
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Plugin {
    /// The digest of the bytes that it was loaded from.
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// What it wants to be given.
    pub fn imports(&self) -> &BTreeSet<Capability> {
        &self.0.imports
    }

    /// What it says of itself.
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// Name and version.
    pub fn name(&self) -> &PluginName {
        &self.0.name
    }

    /// Whether the grants of a stage name everything that it wants. A grant that it doesn't need does no harm.
    pub fn check_grants(&self, grants: &Grants, stage: &str) -> Result<(), MissingGrant> {
        let missing: Vec<Capability> =
            self.0.imports.iter().copied().filter(|capability| !capability.is_granted(grants)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(MissingGrant { plugin: self.0.name.clone(), stage: stage.to_owned(), missing })
    }

    /// Whether this is a config that it says it takes. Of one whose schema can't be used nothing is known before it runs.
    pub fn check_config(&self, config: &Value) -> Result<(), UnfitConfig> {
        let Ok(schema) = JsonSchema::new(&self.0.description.config_schema) else { return Ok(()) };
        schema.check(config).map_err(|mismatch| UnfitConfig { plugin: self.0.name.clone(), mismatch })
    }

    /// The keys that a config of it may have, as far as its schema names them.
    pub fn config_keys(&self) -> impl Iterator<Item = &str> {
        let keys = self.0.description.config_schema.get("properties").and_then(Value::as_object);
        keys.into_iter().flatten().map(|(key, _)| key.as_str())
    }
}

/// A config that a plugin doesn't take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin {plugin} doesn't take this config: {}", .mismatch.0.join("; "))]
pub struct UnfitConfig {
    /// The plugin.
    pub plugin: PluginName,
    /// What is wrong.
    pub mismatch: Mismatch,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.0.name)
            .field("sha256", &self.0.sha256)
            .field("imports", &self.0.imports)
            .finish_non_exhaustive()
    }
}

/// A plugin that wants what its stage is not granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "plugin {plugin} uses {}, which stage `{stage}` is not granted; add to adw.toml:\n[stages.{}.grants]\n{}",
    names(missing),
    key(stage),
    lines(missing)
)]
pub struct MissingGrant {
    /// The plugin.
    pub plugin: PluginName,
    /// The stage that it shall run as.
    pub stage: String,
    /// What is missing.
    pub missing: Vec<Capability>,
}

fn names(missing: &[Capability]) -> String {
    missing.iter().map(|capability| capability.interface()).collect::<Vec<_>>().join(", ")
}

/// The least that makes it load. Writing includes reading, and a key stands but once in a table.
fn lines(missing: &[Capability]) -> String {
    let writes = missing.contains(&Capability::WorkspaceWrite);
    let needed = missing.iter().filter(|capability| !(writes && **capability == Capability::Workspace));
    needed.filter_map(|capability| capability.least_grant()).collect::<Vec<_>>().join("\n")
}
