//! What is found of the repositories that adw.toml names.

use std::path::Path;

use adw_config::{Config, ConfigError, ProjectConfig};

use crate::git::{self, Found};

/// What keeps workflows of a project from beginning.
pub(crate) fn fault(config: &Config, project: &ProjectConfig) -> Option<ConfigError> {
    let at = |key: &str, message: String, help: &str| {
        let path = ["projects", project.name.as_str(), key];
        Some(config.error_at(&path, message, Some(help.to_owned())))
    };
    let folder = project.repo.display();
    if !project.repo.is_dir() {
        return at("repo", format!("{folder} is no folder"), "name the folder of a git repository");
    }
    match git::find(&project.repo) {
        Found::Unreadable(reason) => {
            let message = format!("git doesn't open the repository in {folder}: {reason}");
            return at("repo", message, unreadable(&reason));
        }
        // The runtime makes one of its own.
        Found::Nothing => return None,
        Found::Repository => {}
    }
    let base = project.base.as_deref()?;
    let commit = format!("{base}^{{commit}}");
    if git::answer(&project.repo, ["rev-parse", "--verify", "--quiet", &commit]).is_none() {
        let message = format!("{folder} has no commit called {base}");
        return at("base", message, "name a branch that is there; a new repository needs a first commit");
    }
    None
}

fn unreadable(reason: &str) -> &'static str {
    if reason.contains("dubious ownership") {
        "run what git names above as the user that runs adw, or give the folder to that user"
    } else if reason.contains("can't be run") {
        "install git, or put it on your PATH"
    } else {
        "mend what `git status` complains of there; or move .git away, and workflows work on a copy of the folder"
    }
}

/// Where work begins, for a person who is somewhere else in the project and may not think of it.
pub(crate) fn elsewhere(project: &ProjectConfig, folder: &Path) -> Option<String> {
    let base = project.base.as_deref()?;
    if !folder.starts_with(&project.repo) {
        return None;
    }
    let commit =
        |of: &str| git::answer(folder, ["rev-parse", "--verify", "--quiet", &format!("{of}^{{commit}}")]);
    let (here, there) = (commit("HEAD")?, commit(base)?);
    let branch = git::answer(folder, ["symbolic-ref", "--quiet", "--short", "HEAD"]);
    (here != there).then(|| {
        let here = branch.as_deref().unwrap_or("the commit that you are on");
        format!("work begins from {base}, as adw.toml says, and not from {here}")
    })
}

/// What is good to know of each project before results are looked for.
pub(crate) fn advice(config: &Config) -> impl Iterator<Item = String> {
    config.projects.iter().filter(|project| matches!(git::find(&project.repo), Found::Nothing)).map(|project| {
        format!(
            "{} is no git repository: workflows work on a private copy of it, kept in {}; take a result over with \
             `adw diff ID | patch -p1`, or make it a repository with `git init`",
            project.repo.display(),
            config.data_dir().join("repositories").display(),
        )
    })
}
