//! Repositories within the worktree: what is in them isn't lost with it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::path::Path;

use adw_workspace::{Held, Work, Workspace};
use support::{DATE, Place, commit_all, files, git, make_repository, read, second, write};

fn on_branch(place: &Place, file: &str) -> String {
    git(&place.repo(), &["show", &format!("adw-task/one:{file}")])
}

async fn held(workspace: &Workspace) -> Vec<(String, Work)> {
    let held = workspace.held_within().await.unwrap();
    held.into_iter().map(|Held { path, what }| (path.display().to_string(), what)).collect()
}

fn identify(repository: &Path) {
    git(repository, &["config", "user.name", "Ada"]);
    git(repository, &["config", "user.email", "ada@example.com"]);
}

#[tokio::test]
async fn the_files_of_a_repository_without_a_commit_are_files() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    git(workspace.path(), &["init", "--quiet", "app"]);
    git(workspace.path(), &["init", "--quiet", "app/deep in/it"]);
    git(workspace.path(), &["init", "--quiet", "empty"]);
    write(workspace.path(), "app/main.rb", "precious\n");
    write(workspace.path(), "app/deep in/it/ä.rb", "deep\n");
    let before = workspace.last_checkpoint().await.unwrap();
    assert_eq!(workspace.changes(&before.id).await.unwrap(), ["app/deep in/it/ä.rb", "app/main.rb"]);
    workspace.commit("feat: app", DATE).await.unwrap().unwrap();
    assert_eq!(on_branch(&place, "app/main.rb"), "precious");
    assert_eq!(on_branch(&place, "app/deep in/it/ä.rb"), "deep");
    assert!(held(&workspace).await.is_empty());
    assert!(workspace.remove_if_committed().await.unwrap());
}

#[tokio::test]
async fn a_repository_with_a_commit_gives_its_files_and_the_worktree_stays_for_its_history() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let before = workspace.last_checkpoint().await.unwrap();
    let app = workspace.path().join("app");
    make_repository(&app);
    workspace.commit("feat: app", DATE).await.unwrap().unwrap();
    assert_eq!(on_branch(&place, "app/README.md"), "# Sums");
    let links = git(&place.repo(), &["ls-tree", "-r", "adw-task/one"]);
    assert!(!links.contains("160000"), "{links}");
    assert_eq!(held(&workspace).await, [("app".to_owned(), Work::Commits)]);
    assert!(!workspace.remove_if_committed().await.unwrap());
    assert!(workspace.remove().await.unwrap_err().to_string().contains("a repository of its own"));
    // The files go with a restore and come back; its history stays.
    let restored = workspace.restore(&before.id, second(1)).await.unwrap();
    assert!(!app.join("README.md").exists());
    assert_eq!(workspace.changes(&before.id).await.unwrap(), [""; 0]);
    workspace.restore(&restored.found.id, second(2)).await.unwrap();
    assert_eq!(read(&app, "README.md"), "# Sums\n");
    assert_eq!(git(&app, &["status", "--porcelain"]), "");
    // Pushed elsewhere, it holds nothing back.
    git(&app, &["clone", "--quiet", "--bare", ".", "../../elsewhere.git"]);
    git(&app, &["remote", "add", "origin", "../../elsewhere.git"]);
    git(&app, &["fetch", "--quiet", "origin"]);
    assert!(workspace.remove_if_committed().await.unwrap());
}

#[tokio::test]
async fn a_repository_that_git_ignores_is_no_part_of_the_work() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write(".gitignore", b"/scratch/\n".to_vec()).await.unwrap();
    make_repository(&workspace.path().join("scratch/it"));
    workspace.commit("chore: ignore", DATE).await.unwrap().unwrap();
    assert!(held(&workspace).await.is_empty());
    assert!(workspace.remove_if_committed().await.unwrap());
}

#[tokio::test]
async fn a_further_worktree_of_the_projects_is_left_out_and_kept_while_it_is_dirty() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    git(workspace.path(), &["worktree", "add", "--quiet", "-b", "side", "side"]);
    write(workspace.path(), "side/new.txt", "new\n");
    write(workspace.path(), "a.txt", "a\n");
    workspace.commit("feat: a", DATE).await.unwrap().unwrap();
    assert_eq!(workspace.changes(workspace.base()).await.unwrap(), ["a.txt"]);
    assert_eq!(held(&workspace).await, [("side".to_owned(), Work::Changes)]);
    commit_all(&workspace.path().join("side"), "on the side");
    assert!(held(&workspace).await.is_empty());
}

/// A workspace of a project with a submodule `lib`, which a program has initialised.
async fn with_submodule(place: &Place) -> Workspace {
    let library = place.root().join("library");
    make_repository(&library);
    let address = library.display().to_string();
    git(&place.repo(), &["submodule", "--quiet", "add", &address, "lib"]);
    commit_all(&place.repo(), "a library");
    let workspace = place.workspace().await;
    git(workspace.path(), &["submodule", "--quiet", "update", "--init"]);
    identify(&workspace.path().join("lib"));
    workspace
}

#[tokio::test]
async fn a_submodule_is_a_link_and_the_worktree_stays_while_it_is_dirty_or_ahead() {
    let place = Place::with_repository();
    let workspace = with_submodule(&place).await;
    let lib = workspace.path().join("lib");
    assert!(held(&workspace).await.is_empty());
    assert_eq!(workspace.commit("feat: nothing", DATE).await.unwrap(), None);

    write(&lib, "new.txt", "new\n");
    assert_eq!(held(&workspace).await, [("lib".to_owned(), Work::Changes)]);
    assert!(!workspace.remove_if_committed().await.unwrap());

    let ahead = commit_all(&lib, "ahead");
    workspace.commit("feat: ahead", DATE).await.unwrap().unwrap();
    assert_eq!(git(&place.repo(), &["rev-parse", "adw-task/one:lib"]), ahead);
    assert_eq!(held(&workspace).await, [("lib".to_owned(), Work::Commits)]);
    assert!(!workspace.remove_if_committed().await.unwrap());
    assert!(files(&lib).contains_key("new.txt"));

    git(&lib, &["push", "--quiet", "origin", "HEAD:refs/heads/ahead"]);
    assert!(held(&workspace).await.is_empty());
    assert!(workspace.remove_if_committed().await.unwrap());
}

#[tokio::test]
async fn a_submodule_that_an_agent_added_is_a_link_too() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let library = place.root().join("library");
    make_repository(&library);
    git(workspace.path(), &["submodule", "--quiet", "add", &library.display().to_string(), "lib"]);
    workspace.commit("feat: library", DATE).await.unwrap().unwrap();
    let linked = git(&place.repo(), &["ls-tree", "adw-task/one", "lib"]);
    assert!(linked.starts_with("160000 commit "), "{linked}");
    assert!(workspace.remove_if_committed().await.unwrap());
}
