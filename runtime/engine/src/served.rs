//! What adw.toml says, with its plugins loaded, and the documents that workflows are pinned to by it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use adw_config::{Config, ConfigWarning, PipelineConfig};
use adw_core::{Document, Pipeline, Present, ProjectPin, StageName, StageSpec, Unfit, Workflow, quoted};

use crate::{CreateError, Route, blobs::Held};

/// Resolved documents kept in memory, one for each route and project that was asked for.
const ROUTES: usize = 256;

/// One reading of adw.toml. Whoever takes a task holds one, so that all of it is pinned by the same.
pub(crate) struct Served {
    pub(crate) config: Arc<Config>,
    /// What its stages would fail of as they stand.
    pub(crate) warnings: Vec<ConfigWarning>,
    stages: BTreeMap<StageName, StageSpec>,
    routes: Mutex<HashMap<(Route, String), Document>>,
    /// The plugins' bytes, which a workflow may be about to name.
    _held: Vec<Held>,
}

impl Served {
    pub(crate) fn new(
        config: Arc<Config>,
        stages: BTreeMap<StageName, StageSpec>,
        held: Vec<Held>,
        warnings: Vec<ConfigWarning>,
    ) -> Self {
        Self { config, warnings, stages, routes: Mutex::default(), _held: held }
    }

    /// The document for a route through a project.
    pub(crate) fn resolve(&self, route: &Route, project: &str) -> Result<Document, CreateError> {
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

    fn pin(&self, route: &Route, project: &str) -> Result<Document, CreateError> {
        let config = &self.config;
        let (project, budget) = (project_pin(config, project)?, config.budget);
        let pipeline = match route {
            Route::Pipeline(name) => {
                let PipelineConfig { name, stages, finally } = pipeline(config, name)?;
                let (stages, finally) = (self.specs(stages), self.specs(finally));
                Pipeline { name: Some(name.clone()), project, stages, finally, budget }
            }
            Route::Stages(stages) => {
                let stages = self.specs(&canonical(config, stages)?);
                Pipeline { name: None, project, stages, finally: Vec::new(), budget }
            }
        };
        Document::of(pipeline).map_err(|error| CreateError::Invalid {
            field: "pipeline",
            message: format!("the pipeline can't be written down: {error}"),
        })
    }

    fn specs(&self, names: &[StageName]) -> Vec<StageSpec> {
        names.iter().filter_map(|name| self.stages.get(name).cloned()).collect()
    }
}

impl Present for Served {
    /// By the name of its pipeline; where its task listed the stages, by theirs.
    fn document(&self, workflow: &Workflow) -> Result<Document, Unfit> {
        let stages = || workflow.stages.iter().map(|stage| stage.name.clone()).collect();
        let route = workflow.pipeline.name.clone().map_or_else(|| Route::Stages(stages()), Route::Pipeline);
        self.resolve(&route, &workflow.task.project).map_err(|error| Unfit::Nothing(error.to_string()))
    }
}

fn pipeline<'a>(config: &'a Config, name: &str) -> Result<&'a PipelineConfig, CreateError> {
    config.pipeline(name).ok_or_else(|| CreateError::Invalid {
        field: "pipeline",
        message: format!(
            "there is no pipeline {}; adw.toml has {}",
            quoted(name),
            listed(config.pipelines.iter().map(|pipeline| &pipeline.name))
        ),
    })
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
