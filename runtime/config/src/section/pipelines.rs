//! `[pipelines.NAME]`: stages, one after the other.

use adw_core::StageName;

use super::StageConfig;
use crate::{
    form::{Wrong, name},
    reader::{Entry, Keys, Table},
    suggest::{listed, nearest},
};

/// `[pipelines.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineConfig {
    /// NAME.
    pub name: String,
    /// At least one, none twice.
    pub stages: Vec<StageName>,
}

/// In the order of the file.
pub(crate) fn read(root: &Table<'_>, stages: &[StageConfig], stage_names: &[String]) -> Vec<PipelineConfig> {
    let table = root
        .get("pipelines")
        .and_then(|entry| entry.free_table("a table of pipelines, each written [pipelines.NAME]"));
    let entries: Vec<Entry<'_>> = table.iter().flat_map(Table::named).collect();
    if !stage_names.is_empty() && !entries.iter().any(|entry| entry.name == "default") {
        let example: Vec<String> = stage_names.iter().map(|name| format!("{name:?}")).collect();
        root.fail(
            Wrong::new("there is no [pipelines.default], the pipeline of tasks that name none")
                .help(format!("add\n[pipelines.default]\nstages = [{}]", example.join(", "))),
        );
    }
    entries.iter().filter_map(|entry| pipeline(entry, stages, stage_names)).collect()
}

fn pipeline(entry: &Entry<'_>, stages: &[StageConfig], names: &[String]) -> Option<PipelineConfig> {
    let name = name("a pipeline", &entry.name).map_err(|wrong| entry.fail_key(wrong)).ok();
    let table = entry.table(&Keys::flat(&["stages", "finally"]))?;
    if let Some(finally) = table.get("finally")
        && finally.list("a list of stages").is_some_and(|stages| !stages.is_empty())
    {
        finally.fail(
            Wrong::new("`finally` stages are not available in this version").help("write `finally = []`"),
        );
    }
    let list = table.require("stages", "stages = [\"plan\", \"implement\", \"test\"]")?;
    let elements = list.list("a list of stages, such as [\"plan\", \"implement\"]")?;
    if elements.is_empty() {
        list.fail(
            Wrong::new("a pipeline has at least one stage")
                .help(format!("the stages are {}", listed_names(names))),
        );
    }
    let mut through: Vec<StageName> = Vec::new();
    for element in &elements {
        if let Some(stage) = element_name(element, names) {
            if through.contains(&stage) {
                element.fail(Wrong::new(format!("the stage {:?} comes twice", stage.as_str())));
            }
            through.push(stage);
        }
    }
    check_rework(&elements, &through, stages);
    Some(PipelineConfig { name: name?, stages: through })
}

fn listed_names(names: &[String]) -> String {
    listed(names.iter().map(String::as_str))
}

fn element_name(element: &Entry<'_>, names: &[String]) -> Option<StageName> {
    let stage = element.text("the name of a stage")?;
    if names.iter().any(|name| name == stage) {
        return stage.parse().ok();
    }
    let help = match nearest(stage, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None if names.is_empty() => format!("add [stages.{stage}]"),
        None => format!("the stages are {}", listed_names(names)),
    };
    element.fail(Wrong::new(format!("there is no stage {stage:?}")).help(help));
    None
}

/// Work goes back, so that the stage that gets it comes before the one that sends it, where both are there.
fn check_rework(elements: &[Entry<'_>], through: &[StageName], stages: &[StageConfig]) {
    for (index, name) in through.iter().enumerate() {
        let sender = stages.iter().find(|stage| stage.name == *name);
        let Some(target) = sender.and_then(|stage| stage.on_rework.as_ref()) else { continue };
        if through[index..].contains(target)
            && let Some(element) = elements.iter().find(|element| element.text("") == Some(name.as_str()))
        {
            element.fail(
                Wrong::new(format!(
                    "`{name}` sends work back to `{target}`, which does not come before it here"
                ))
                .help(format!(
                    "put {:?} before {:?}, or change stages.{name}.on_rework",
                    target.as_str(),
                    name.as_str()
                )),
            );
        }
    }
}
