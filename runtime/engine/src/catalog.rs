//! The plugins that adw.toml names, loaded at the start and whenever that is read anew.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use adw_config::{Config, ConfigError, ConfigErrors, ConfigWarning, PluginSource, StageConfig};
use adw_core::{PluginPin, StageName, StageSpec};
use adw_host::{Host, LARGEST_PLUGIN, LoadError, Plugin, UnfitConfig};
use futures_util::future::join_all;

use crate::{
    StartError,
    blobs::{Blobs, Held},
    served::Served,
    warnings,
};

/// Plugins by their hash, and what adw.toml makes of them.
pub(crate) struct Catalog {
    host: Arc<Host>,
    blobs: Blobs,
    plugins: Mutex<HashMap<String, Plugin>>,
    served: RwLock<Arc<Served>>,
}

/// What there is to a reading of adw.toml before anything goes by it.
struct Loaded {
    stages: BTreeMap<StageName, StageSpec>,
    plugins: HashMap<String, Plugin>,
    /// The plugins' bytes.
    held: Vec<Held>,
    /// What the stages would fail of as they stand, in the order of the file.
    warnings: Vec<ConfigWarning>,
}

/// The same of one stage.
struct LoadedStage {
    spec: StageSpec,
    plugin: Plugin,
    held: Held,
    warnings: Vec<ConfigWarning>,
}

impl Catalog {
    /// None of adw.toml's; those that workflows are pinned to are loaded when they are asked for.
    pub(crate) fn empty(config: Arc<Config>, host: Arc<Host>, blobs: Blobs) -> Self {
        let served = RwLock::new(Arc::new(Served::new(config, BTreeMap::new(), Vec::new(), Vec::new())));
        Self { host, blobs, plugins: Mutex::default(), served }
    }

    /// Loads every plugin of adw.toml; what is wrong with any of them is told together.
    pub(crate) async fn load(config: Arc<Config>, host: Arc<Host>, blobs: Blobs) -> Result<Self, StartError> {
        let Loaded { stages, plugins, held, warnings } = load_all(&config, &host, &blobs).await?;
        let served = RwLock::new(Arc::new(Served::new(config, stages, held, warnings)));
        Ok(Self { host, blobs, plugins: Mutex::new(plugins), served })
    }

    /// Goes by another reading of adw.toml from now on; or by none of it, where anything is wrong.
    pub(crate) async fn replace(&self, config: Arc<Config>) -> Result<Arc<Served>, StartError> {
        let Loaded { stages, plugins, held, warnings } = load_all(&config, &self.host, &self.blobs).await?;
        // Those that only workflows under way still name come back from their blobs.
        *self.plugins.lock().unwrap_or_else(PoisonError::into_inner) = plugins;
        let served = Arc::new(Served::new(config, stages, held, warnings));
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&served);
        Ok(served)
    }

    /// What is gone by now.
    pub(crate) fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The plugin of these bytes, whether adw.toml still names it or not.
    pub(crate) async fn plugin(&self, pin: &PluginPin) -> Result<Plugin, String> {
        let known = self.plugins.lock().unwrap_or_else(PoisonError::into_inner).get(&pin.sha256).cloned();
        if let Some(plugin) = known {
            return Ok(plugin);
        }
        let named = format!("plugin {} {} ({})", pin.name, pin.version, pin.sha256);
        let bytes =
            self.blobs.get(&pin.sha256).await.map_err(|error| format!("{named} can't be read: {error}"))?;
        let bytes = bytes.ok_or_else(|| format!("{named} is missing from the data folder"))?;
        let plugin = self.host.load(bytes).await.map_err(|error| format!("{named} {error}"))?;
        self.plugins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(pin.sha256.clone(), plugin.clone());
        Ok(plugin)
    }
}

async fn load_all(config: &Config, host: &Host, blobs: &Blobs) -> Result<Loaded, StartError> {
    let loading = config.stages.iter().map(|stage| load(config, stage, host, blobs));
    let (mut stages, mut plugins, mut held) = (BTreeMap::new(), HashMap::new(), Vec::new());
    let (mut wrong, mut warnings) = (Vec::new(), Vec::new());
    for loaded in join_all(loading).await {
        match loaded {
            Ok(stage) => {
                plugins.insert(stage.spec.plugin.sha256.clone(), stage.plugin);
                stages.insert(stage.spec.name.clone(), stage.spec);
                held.push(stage.held);
                warnings.extend(stage.warnings);
            }
            Err(error) => wrong.push(error),
        }
    }
    match ConfigErrors::of(wrong) {
        None => Ok(Loaded { stages, plugins, held, warnings: ConfigWarning::in_order(warnings) }),
        Some(wrong) => Err(StartError::Plugins(wrong)),
    }
}

async fn load(
    config: &Config,
    stage: &StageConfig,
    host: &Host,
    blobs: &Blobs,
) -> Result<LoadedStage, ConfigError> {
    let wrong = |message: String| config.error_at(&["stages", stage.name.as_str()], message, None);
    let bytes = bytes(&stage.plugin).map_err(&wrong)?;
    let loaded = host.load(Arc::clone(&bytes)).await;
    let plugin = loaded.map_err(|error| wrong(format!("plugin {} {error}", named(&stage.plugin))))?;
    check(stage, &plugin).map_err(&wrong)?;
    let mut warnings = check_config(config, stage, &plugin).await?;
    warnings.extend(warnings::of_retries(config, stage));
    // Kept before any workflow names it: the file may have changed by the time that one goes on.
    let held = blobs.put(bytes).await.map_err(|error| wrong(format!("its plugin can't be kept: {error}")))?;
    let description = plugin.description();
    let (name, version) = (description.name.clone(), description.version.clone());
    let pin = PluginPin { name, version, sha256: held.sha256().to_owned() };
    Ok(LoadedStage { spec: spec(stage, pin), plugin, held, warnings })
}

/// What a plugin is called before it has said so itself.
fn named(source: &PluginSource) -> String {
    match source {
        PluginSource::Builtin(name) => format!("builtin:{name}"),
        PluginSource::File(path) => path.display().to_string(),
    }
}

fn bytes(source: &PluginSource) -> Result<Arc<[u8]>, String> {
    match source {
        PluginSource::Builtin(name) => adw_plugins_bundle::builtin(name)
            .map(Arc::from)
            .ok_or_else(|| format!("there is no built-in plugin {name}")),
        PluginSource::File(path) => read(path),
    }
}

fn read(path: &Path) -> Result<Arc<[u8]>, String> {
    let unreadable = |error: std::io::Error| {
        format!("{} can't be read: {error}; build the plugin, or mend `path`", path.display())
    };
    let found = std::fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(format!("{} is not a file: name the .wasm file of a plugin", path.display()));
    }
    if found.len() > LARGEST_PLUGIN as u64 {
        let size = usize::try_from(found.len()).unwrap_or(usize::MAX);
        return Err(format!("plugin {} {}", path.display(), LoadError::TooLarge(size)));
    }
    std::fs::read(path).map(Arc::from).map_err(unreadable)
}

/// Is it the plugin that adw.toml means, and may it do what it asks for?
fn check(stage: &StageConfig, plugin: &Plugin) -> Result<(), String> {
    let description = plugin.description();
    let named = format!("plugin {} {}", description.name, description.version);
    if let Some(wanted) = stage.version.as_ref().filter(|wanted| !wanted.matches(&description.version)) {
        return Err(format!("{named} doesn't fit version = \"{wanted}\": take another, or change `version`"));
    }
    let sha256 = plugin.sha256().to_string();
    if let Some(wanted) = stage.sha256.as_ref().filter(|wanted| **wanted != sha256) {
        return Err(format!(
            "{named} has the sha256 {sha256}, and adw.toml wants {wanted}: if this is the plugin that you mean, write \
             its own there"
        ));
    }
    plugin.check_grants(&stage.grants, stage.name.as_str()).map_err(|missing| missing.to_string())
}

/// Is its config what the plugin says that it takes? What it can take and would fail of is a warning.
async fn check_config(
    config: &Config,
    stage: &StageConfig,
    plugin: &Plugin,
) -> Result<Vec<ConfigWarning>, ConfigError> {
    let (judge, judged) = (plugin.clone(), stage.clone());
    // A schema may take its time.
    let judging = tokio::task::spawn_blocking(move || {
        judge.check_config(&judged.config)?;
        Ok::<_, UnfitConfig>(judge.unrunnable(&judged.config, &judged.grants, judged.name.as_str()))
    });
    let mismatch = match judging.await {
        Ok(Ok(unrunnable)) => return Ok(warnings::of_commands(config, stage, unrunnable)),
        Ok(Err(mismatch)) => mismatch.to_string(),
        Err(error) => format!("its config could not be checked: {error}"),
    };
    let known = plugin.config_keys().collect::<Vec<_>>().join(", ");
    let help = match known.as_str() {
        "" => "it knows no keys there".to_owned(),
        known => format!("known there: {known}"),
    };
    Err(config.error_at(&["stages", stage.name.as_str(), "config"], mismatch, Some(help)))
}

fn spec(stage: &StageConfig, plugin: PluginPin) -> StageSpec {
    StageSpec {
        name: stage.name.clone(),
        plugin,
        config: stage.config.clone(),
        grants: stage.grants.clone(),
        limits: stage.limits,
        timeout_ms: u64::try_from(stage.timeout.as_millis()).unwrap_or(u64::MAX),
        silence_ms: stage.silence.map(|silence| u64::try_from(silence.as_millis()).unwrap_or(u64::MAX)),
        retry: stage.retry.clone(),
        on_rework: stage.on_rework.clone(),
        max_rework: stage.max_rework,
        agent: stage.agent.clone(),
        questions: stage.questions.clone(),
    }
}
