//! The repositories that tasks are for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use adw_config::{Config, ProjectConfig};
use rustix::fs::{Access, access};

use super::{Finding, Surroundings, config, quoted};
use crate::git::{self, Found};
use crate::projects;

/// A git that still runs holds its lock for less long.
const STALE: Duration = Duration::from_mins(2);

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.config() else { return Vec::new() };
    config.projects.iter().flat_map(|project| of_project(config, project)).collect()
}

fn of_project(config: &Config, project: &ProjectConfig) -> Vec<Finding> {
    if let Some(error) = projects::fault(config, project) {
        return vec![config::wrong(&error)];
    }
    let (name, folder) = (&project.name, project.repo.display());
    if matches!(git::find(&project.repo), Found::Nothing) {
        let message = format!("{name}: {folder} is no git repository; tasks work on a private copy of it");
        let fix = format!(
            "cd {} && git init && git add --all && git commit --message Begin",
            quoted(&project.repo)
        );
        return vec![Finding::warn(message, fix)];
    }
    if projects::is_without_commits(&project.repo) {
        let message = format!("{name}: nothing is committed in {folder} yet; tasks begin from nothing");
        let fix = format!("cd {} && git add --all && git commit --message Begin", quoted(&project.repo));
        return vec![Finding::warn(message, fix)];
    }
    let git_dir = path(&project.repo, &["rev-parse", "--absolute-git-dir"]);
    let mut findings = vec![match &git_dir {
        Some(git_dir) if access(git_dir, Access::WRITE_OK).is_err() => Finding::fail(
            format!("{name}: {} can't be written to, and branches are made there", git_dir.display()),
            format!("ls -ld {}   # let its owner give you write access, or clone it", quoted(git_dir)),
        ),
        _ => Finding::ok(format!("{name}: {folder} is {}", kind(project))),
    }];
    findings.extend(git_dir.as_deref().and_then(stale_lock));
    findings
}

/// What sort of repository it is, and where work begins.
fn kind(project: &ProjectConfig) -> String {
    let ask = |question: &str| git::answer(&project.repo, ["rev-parse", question]);
    let kind = if ask("--is-bare-repository").as_deref() == Some("true") {
        "a bare repository"
    } else if ask("--git-dir") != ask("--git-common-dir") {
        "a worktree of another repository"
    } else {
        "a git repository"
    };
    let head = || git::answer(&project.repo, ["symbolic-ref", "--quiet", "--short", "HEAD"]);
    let base =
        project.base.clone().or_else(head).unwrap_or_else(|| "the commit that is checked out".to_owned());
    format!("{kind}, work begins from {base}")
}

/// A lock that a git left which was broken off. It stops a person's own git, and none of ours.
fn stale_lock(git_dir: &Path) -> Option<Finding> {
    let lock = git_dir.join("index.lock");
    let age = lock.metadata().ok()?.modified().ok()?.elapsed().ok().filter(|age| *age >= STALE)?;
    let message =
        format!("{} was left by a git that was broken off {} min ago", lock.display(), age.as_secs() / 60);
    Some(Finding::warn(message, format!("rm {}", quoted(&lock))))
}

fn path(folder: &Path, arguments: &[&str]) -> Option<PathBuf> {
    git::answer(folder, arguments).map(PathBuf::from)
}
