//! What is found of the repositories that adw.toml names.

use std::path::Path;

use adw_config::{Config, ConfigError, ConfigWarning, ProjectConfig};

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
    if is_without_commits(&project.repo) && current_branch(&project.repo).as_deref() == Some(base) {
        return None;
    }
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

/// Whether nothing was ever committed in a repository. Work begins from nothing then.
pub(crate) fn is_without_commits(repository: &Path) -> bool {
    matches!(git::find(repository), Found::Repository)
        && git::answer(repository, ["rev-list", "--max-count=1", "--all"]).is_none()
}

fn current_branch(folder: &Path) -> Option<String> {
    git::answer(folder, ["symbolic-ref", "--quiet", "--short", "HEAD"])
}

/// What a person in a folder may take to be a part of the task, and isn't.
pub(crate) fn left_out(project: &ProjectConfig, folder: &Path) -> Vec<String> {
    if is_without_commits(&project.repo) {
        return vec![format!(
            "nothing is committed in {} yet: work begins from nothing",
            project.repo.display()
        )];
    }
    elsewhere(project, folder).into_iter().chain(uncommitted(project)).collect()
}

/// What is changed and not committed. Not adw.toml: that counts as it is.
fn uncommitted(project: &ProjectConfig) -> Option<String> {
    let question = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--"];
    let changed = git::answer(&project.repo, question.into_iter().chain([":(top,exclude,glob)**/adw.toml"]))?;
    let files = match changed.lines().count() {
        1 => "1 file is".to_owned(),
        n => format!("{n} files are"),
    };
    Some(format!(
        "what is not committed is no part of the task: {files} changed in {}",
        project.repo.display()
    ))
}

/// Where work begins, for a person who is somewhere else in the project and may not think of it.
fn elsewhere(project: &ProjectConfig, folder: &Path) -> Option<String> {
    let base = project.base.as_deref()?;
    if !folder.starts_with(project.repo.canonicalize().ok()?) {
        return None;
    }
    let commit =
        |of: &str| git::answer(folder, ["rev-parse", "--verify", "--quiet", &format!("{of}^{{commit}}")]);
    let (here, there) = (commit("HEAD")?, commit(base)?);
    let branch = current_branch(folder);
    (here != there).then(|| {
        let here = branch.as_deref().unwrap_or("the commit that you are on");
        format!("work begins from {base}, as adw.toml says, and not from {here}")
    })
}

/// What is good to know of each project before results are looked for.
pub(crate) fn advice(config: &Config) -> impl Iterator<Item = ConfigWarning> {
    config.projects.iter().filter_map(|project| {
        let folder = project.repo.display();
        let message = match git::find(&project.repo) {
            Found::Nothing => Some(format!(
                "{folder} is no git repository: workflows work on a private copy of it, kept in {}; take a result over with \
                 `adw diff ID | patch -p1`, or make it a repository with `git init`",
                config.data_dir().join("repositories").display(),
            )),
            Found::Repository if is_without_commits(&project.repo) => Some(format!(
                "nothing is committed in {folder} yet: tasks begin from nothing; commit first what they are to begin from"
            )),
            Found::Repository | Found::Unreadable(_) => None,
        };
        Some(config.warning_at(&["projects", &project.name, "repo"], message?, None))
    })
}
