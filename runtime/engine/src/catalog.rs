//! The plugins that adw.toml names, loaded once at the start, and the documents that workflows are pinned to.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use adw_config::{Config, PluginSource, StageConfig};
use adw_core::{Pipeline, PipelineHash, PluginPin, ProjectPin, StageName, StageSpec, quoted};
use adw_host::{Host, LARGEST_PLUGIN, LoadError, Plugin};
use futures_util::future::join_all;

use crate::{CreateError, Route, StartError, blobs::Blobs};

/// Resolved documents kept in memory, one for each route and project that was asked for.
const ROUTES: usize = 256;

/// A document that workflows are pinned to.
#[derive(Clone, Debug)]
pub(crate) struct Pinned {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) hash: PipelineHash,
    pub(crate) document: Arc<str>,
}

/// Plugins, and pipelines made of them.
pub(crate) struct Catalog {
    host: Arc<Host>,
    blobs: Blobs,
    stages: BTreeMap<StageName, StageSpec>,
    plugins: Mutex<HashMap<String, Plugin>>,
    routes: Mutex<HashMap<(Route, String), Pinned>>,
}

impl Catalog {
    /// None of adw.toml's; those that workflows are pinned to are loaded when they are asked for.
    pub(crate) fn empty(host: Arc<Host>, blobs: Blobs) -> Self {
        let (stages, plugins, routes) = Default::default();
        Self { host, blobs, stages, plugins, routes }
    }

    /// Loads every plugin of adw.toml; what is wrong with any of them is told together.
    pub(crate) async fn load(config: &Config, host: Arc<Host>, blobs: Blobs) -> Result<Self, StartError> {
        let loading = config.stages.iter().map(|stage| load(config, stage, &host, &blobs));
        let (mut stages, mut plugins, mut wrong) = (BTreeMap::new(), HashMap::new(), Vec::new());
        for loaded in join_all(loading).await {
            match loaded {
                Ok((spec, plugin)) => {
                    plugins.insert(spec.plugin.sha256.clone(), plugin);
                    stages.insert(spec.name.clone(), spec);
                }
                Err(message) => wrong.push(message),
            }
        }
        if !wrong.is_empty() {
            return Err(StartError::Plugins(wrong));
        }
        Ok(Self { host, blobs, stages, plugins: Mutex::new(plugins), routes: Mutex::default() })
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

    /// The document for a route through a project.
    pub(crate) fn resolve(
        &self,
        config: &Config,
        route: &Route,
        project: &str,
    ) -> Result<Pinned, CreateError> {
        let key = (route.clone(), project.to_owned());
        let known = self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(pinned) = known {
            return Ok(pinned);
        }
        let pinned = self.pin(config, route, project)?;
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES {
            routes.clear();
        }
        routes.insert(key, pinned.clone());
        Ok(pinned)
    }

    fn pin(&self, config: &Config, route: &Route, project: &str) -> Result<Pinned, CreateError> {
        let (name, stages) = match route {
            Route::Pipeline(name) => (Some(name.clone()), pipeline_stages(config, name)?),
            Route::Stages(stages) => (None, canonical(config, stages)?),
        };
        let specs = stages.iter().filter_map(|stage| self.stages.get(stage).cloned()).collect();
        let pipeline = Pipeline { name, project: project_pin(config, project)?, stages: specs };
        let (hash, document) = pipeline.to_document().map_err(|error| CreateError::Invalid {
            field: "pipeline",
            message: format!("the pipeline can't be written down: {error}"),
        })?;
        Ok(Pinned { pipeline: Arc::new(pipeline), hash, document: document.into() })
    }
}

fn pipeline_stages(config: &Config, name: &str) -> Result<Vec<StageName>, CreateError> {
    match config.pipeline(name) {
        Some(pipeline) => Ok(pipeline.stages.clone()),
        None => Err(CreateError::Invalid {
            field: "pipeline",
            message: format!(
                "there is no pipeline {}; adw.toml has {}",
                quoted(name),
                listed(config.pipelines.iter().map(|pipeline| &pipeline.name))
            ),
        }),
    }
}

fn canonical(config: &Config, asked: &[StageName]) -> Result<Vec<StageName>, CreateError> {
    let invalid = |message| CreateError::Invalid { field: "stages", message };
    let mut stages = Vec::with_capacity(asked.len());
    for name in asked {
        let Some(stage) = config.stage_alias(name.as_str()) else {
            return Err(invalid(format!(
                "there is no stage {name}; adw.toml has {}",
                listed(config.stages.iter().map(|stage| &stage.name))
            )));
        };
        if stages.contains(stage) {
            return Err(invalid(format!("stage {stage} is named twice; a workflow runs each stage once")));
        }
        stages.push(stage.clone());
    }
    if stages.is_empty() {
        return Err(invalid(format!(
            "name at least one stage; adw.toml has {}",
            listed(config.stages.iter().map(|stage| &stage.name))
        )));
    }
    Ok(stages)
}

fn project_pin(config: &Config, name: &str) -> Result<ProjectPin, CreateError> {
    match config.project(name) {
        Some(project) => {
            Ok(ProjectPin { name: name.to_owned(), repo: project.repo.clone(), base: project.base.clone() })
        }
        None => Err(CreateError::Invalid {
            field: "project",
            message: format!(
                "there is no project {}; adw.toml has {}",
                quoted(name),
                listed(config.projects.iter().map(|project| &project.name))
            ),
        }),
    }
}

fn listed<T: std::fmt::Display>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

async fn load(
    config: &Config,
    stage: &StageConfig,
    host: &Host,
    blobs: &Blobs,
) -> Result<(StageSpec, Plugin), String> {
    let wrong =
        |message: String| config.error_at(&["stages", stage.name.as_str()], message, None).to_string();
    let bytes = bytes(&stage.plugin).map_err(&wrong)?;
    let loaded = host.load(Arc::clone(&bytes)).await;
    let plugin = loaded.map_err(|error| wrong(format!("plugin {} {error}", named(&stage.plugin))))?;
    check(stage, &plugin).map_err(&wrong)?;
    // Kept before any workflow names it: the file may have changed by the time that one goes on.
    let sha256 =
        blobs.put(bytes).await.map_err(|error| wrong(format!("its plugin can't be kept: {error}")))?;
    let description = plugin.description();
    let pin = PluginPin { name: description.name.clone(), version: description.version.clone(), sha256 };
    Ok((spec(stage, pin), plugin))
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

fn spec(stage: &StageConfig, plugin: PluginPin) -> StageSpec {
    StageSpec {
        name: stage.name.clone(),
        plugin,
        config: stage.config.clone(),
        grants: stage.grants.clone(),
        limits: stage.limits,
        timeout_ms: u64::try_from(stage.timeout.as_millis()).unwrap_or(u64::MAX),
        retry: stage.retry.clone(),
        on_rework: stage.on_rework.clone(),
        max_rework: stage.max_rework,
        agent: stage.agent.clone(),
    }
}
