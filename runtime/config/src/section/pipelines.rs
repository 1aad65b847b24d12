//! `[pipelines.NAME]`: stages, one after the other, and those that run after them in any case.

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
    /// At least one.
    pub stages: Vec<StageName>,
    /// Those that run after them in any case. No stage comes twice in both lists.
    pub finally: Vec<StageName>,
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
    let list = table.require("stages", "stages = [\"plan\", \"implement\", \"test\"]")?;
    let elements = list.list("a list of stages, such as [\"plan\", \"implement\"]")?;
    if elements.is_empty() {
        list.fail(
            Wrong::new("a pipeline has at least one stage")
                .help(format!("the stages are {}", listed_names(names))),
        );
    }
    let through = listed_stages(&elements, &[], names);
    check_rework(&elements, &through, stages);
    let at_the_end = match table.get("finally") {
        Some(list) => list.list("a list of stages, such as [\"notify\"]")?,
        None => Vec::new(),
    };
    let finally = listed_stages(&at_the_end, &through, names);
    check_nothing_goes_back(&at_the_end, stages);
    Some(PipelineConfig { name: name?, stages: through, finally })
}

/// The stages of a list, none of which may be in the list before it.
fn listed_stages(elements: &[Entry<'_>], before: &[StageName], names: &[String]) -> Vec<StageName> {
    let mut stages: Vec<StageName> = Vec::new();
    for element in elements {
        if let Some(stage) = element_name(element, names) {
            if before.contains(&stage) || stages.contains(&stage) {
                element.fail(Wrong::new(format!("the stage {:?} comes twice", stage.as_str())));
            }
            stages.push(stage);
        }
    }
    stages
}

/// What runs when the work has come to its end can't send it back.
fn check_nothing_goes_back(elements: &[Entry<'_>], stages: &[StageConfig]) {
    for element in elements {
        let name = element.text("");
        let sender = stages.iter().find(|stage| name == Some(stage.name.as_str()));
        if let Some(StageConfig { name, on_rework: Some(target), .. }) = sender {
            element.fail(
                Wrong::new(format!(
                    "`{name}` sends work back to `{target}`, and runs here when the work has come to its end"
                ))
                .help(format!("put {:?} in `stages`, or take out stages.{name}.on_rework", name.as_str())),
            );
        }
    }
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
