//! `[projects.NAME]`: the repositories that workflows work on.

use std::path::{Component, Path, PathBuf};

use crate::{
    form::{Form, TEXT, Wrong, name},
    reader::{Entry, Keys, Table},
};

/// `[projects.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectConfig {
    /// NAME.
    pub name: String,
    /// The repository, absolute.
    pub repo: PathBuf,
    /// The branch or commit that work begins from; none for what is checked out.
    pub base: Option<String>,
}

const BASE: Form<String> = Form {
    expected: "a branch or a commit, such as \"main\"",
    read: |text| {
        let fits = !text.is_empty()
            && !text.starts_with('-')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c))
            && !text.contains("..");
        fits.then(|| text.to_owned()).ok_or_else(|| {
            Wrong::new(format!("{text:?} is not the name of a branch or a commit"))
                .help("write it as `git branch` shows it, as in `base = \"main\"`")
        })
    },
};

/// In the order of the file; at least one.
pub(crate) fn read(root: &Table<'_>, folder: &Path) -> Vec<ProjectConfig> {
    let table = root
        .get("projects")
        .and_then(|entry| entry.free_table("a table of projects, each written [projects.NAME]"));
    let mut projects: Vec<ProjectConfig> =
        table.iter().flat_map(Table::named).filter_map(|entry| project(&entry, folder)).collect();
    if projects.is_empty() {
        projects.push(ProjectConfig { name: "default".to_owned(), repo: folder.to_owned(), base: None });
    }
    projects
}

fn project(entry: &Entry<'_>, folder: &Path) -> Option<ProjectConfig> {
    let name = name("a project", &entry.name).map_err(|wrong| entry.fail_key(wrong)).ok();
    let table = entry.table(&Keys::flat(&["repo", "base"]))?;
    let repo = table.require("repo", "repo = \".\"").and_then(|entry| entry.read(&TEXT));
    let base = table.read("base", &BASE);
    Some(ProjectConfig { name: name?, repo: beneath(folder, &repo?), base })
}

/// A path of the file's, taken from the file's folder; `.` is left out, so that it reads as a person would write it.
pub(super) fn beneath(folder: &Path, path: &str) -> PathBuf {
    folder.join(path).components().filter(|part| *part != Component::CurDir).collect()
}
