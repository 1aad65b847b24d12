//! What adw.toml says, with its plugins loaded, and the documents that workflows are pinned to by it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use adw_config::Config;
use adw_core::{Pipeline, PipelineHash, ProjectPin, StageName, StageSpec, quoted};

use crate::{CreateError, Route};

/// Resolved documents kept in memory, one for each route and project that was asked for.
const ROUTES: usize = 256;

/// A document that workflows are pinned to.
#[derive(Clone, Debug)]
pub(crate) struct Pinned {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) hash: PipelineHash,
    pub(crate) document: Arc<str>,
}

/// One reading of adw.toml. Whoever takes a task holds one, so that all of it is pinned by the same.
pub(crate) struct Served {
    pub(crate) config: Arc<Config>,
    stages: BTreeMap<StageName, StageSpec>,
    routes: Mutex<HashMap<(Route, String), Pinned>>,
}

impl Served {
    pub(crate) fn new(config: Arc<Config>, stages: BTreeMap<StageName, StageSpec>) -> Self {
        Self { config, stages, routes: Mutex::default() }
    }

    /// The document for a route through a project.
    pub(crate) fn resolve(&self, route: &Route, project: &str) -> Result<Pinned, CreateError> {
        let key = (route.clone(), project.to_owned());
        let known = self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(pinned) = known {
            return Ok(pinned);
        }
        let pinned = self.pin(route, project)?;
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if routes.len() >= ROUTES {
            routes.clear();
        }
        routes.insert(key, pinned.clone());
        Ok(pinned)
    }

    fn pin(&self, route: &Route, project: &str) -> Result<Pinned, CreateError> {
        let config = &self.config;
        let (name, stages) = match route {
            Route::Pipeline(name) => (Some(name.clone()), pipeline_stages(config, name)?),
            Route::Stages(stages) => (None, canonical(config, stages)?),
        };
        let specs = stages.iter().filter_map(|stage| self.stages.get(stage).cloned()).collect();
        let pipeline =
            Pipeline { name, project: project_pin(config, project)?, stages: specs, budget: config.budget };
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
