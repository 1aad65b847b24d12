//! The person's checkout, index, hooks, branches and configuration stay as they are.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use support::{DATE, Place, all_files, commit_all, git, second, status, write};

/// Everything in the checkout and in `.git`, but for what is the workflow's by agreement: its branch, its one ref,
/// git's note of its worktree, and objects.
fn fingerprint(repo: &Path) -> BTreeMap<String, Vec<u8>> {
    all_files(repo, &|name| {
        let ours =
            [".git/worktrees", ".git/refs/heads/adw-task", ".git/refs/adw", ".git/logs/refs/heads/adw-task"];
        ours.contains(&name) || (name.starts_with(".git/objects/") && name != ".git/objects/info")
    })
}

/// The index also stays untouched on disk: rewriting it with the same content could break a git that is reading it.
fn index_stamp(repo: &Path) -> (u64, i64, i64) {
    let metadata = std::fs::metadata(repo.join(".git/index")).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

fn install_hooks(repo: &Path) {
    let hooks = [
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
        "pre-applypatch",
        "post-checkout",
        "post-merge",
        "post-rewrite",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
        "fsmonitor-watchman",
    ];
    for hook in hooks {
        let path = repo.join(".git/hooks").join(hook);
        write(
            repo,
            &format!(".git/hooks/{hook}"),
            "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran-$(basename \"$0\")\"\nexit 1\n",
        );
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    git(repo, &["config", "core.fsmonitor", ".git/hooks/fsmonitor-watchman"]);
}

#[tokio::test]
async fn a_dirty_checkout_with_failing_hooks_is_not_noticed() {
    let place = Place::with_repository();
    let repo = place.repo();
    write(&repo, "staged.txt", "staged\n");
    write(&repo, "README.md", "# Sums, staged\n");
    git(&repo, &["add", "-A"]);
    write(&repo, "README.md", "# Sums, changed again\n");
    write(&repo, "untracked.txt", "untracked\n");
    git(&repo, &["branch", "other"]);
    git(&repo, &["stash", "push", "--quiet", "--keep-index"]);
    git(&repo, &["config", "worktree.useRelativePaths", "true"]);
    git(&repo, &["config", "commit.gpgSign", "true"]);
    git(&repo, &["config", "gc.auto", "1"]);
    install_hooks(&repo);
    let (before, index) = (fingerprint(&repo), index_stamp(&repo));

    let workspace = place.workspace().await;
    workspace.write("src/sum.py", b"def sum(a, b):\n    return a + b\n".to_vec()).await.unwrap();
    let checkpoint = workspace.checkpoint("before", DATE).await.unwrap();
    workspace.commit("fix: add", DATE).await.unwrap().unwrap();
    workspace.diff(Some("base")).await.unwrap();
    workspace.glob("**").await.unwrap();
    workspace.restore(&checkpoint.id, DATE).await.unwrap();
    workspace.apply_patch("--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# Sums\n+# Sum\n").await.unwrap();
    workspace.commit("docs: name", second(5)).await.unwrap().unwrap();
    workspace.remove().await.unwrap();
    let again = place.workspace().await;
    assert_eq!(support::read(again.path(), "README.md"), "# Sum\n");

    let after = fingerprint(&repo);
    let changed: Vec<&String> = before
        .iter()
        .filter(|(name, content)| after.get(*name) != Some(content))
        .map(|(name, _)| name)
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
        .collect();
    assert_eq!(changed, Vec::<&String>::new());
    assert_eq!(index_stamp(&repo), index);
}

#[tokio::test]
async fn the_person_may_merge_what_came_out() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("src/sum.py", b"def sum(a, b):\n    return a + b\n".to_vec()).await.unwrap();
    let made = workspace.commit("fix: add", DATE).await.unwrap().unwrap();
    git(&place.repo(), &["merge", "--quiet", "--ff-only", "adw-task/one"]);
    assert_eq!(git(&place.repo(), &["rev-parse", "main"]), made.as_str());
    assert_eq!(status(&place.repo()), "## main");
    let author = git(&place.repo(), &["log", "-1", "--format=%an %ae %cn %B"]);
    assert_eq!(author, "Ada ada@example.com Ada fix: add");
}

#[tokio::test]
async fn a_worktree_of_the_persons_on_a_disk_that_is_away_is_not_forgotten() {
    let place = Place::with_repository();
    let repo = place.repo();
    git(&repo, &["worktree", "add", "--quiet", "-b", "away", "../away"]);
    std::fs::rename(place.root().join("away"), place.root().join("unmounted")).unwrap();
    let workspace = place.workspace().await;
    std::fs::remove_dir_all(workspace.path()).unwrap();
    place.workspace().await.remove().await.unwrap();
    std::fs::rename(place.root().join("unmounted"), place.root().join("away")).unwrap();
    assert_eq!(status(&place.root().join("away")), "## away");
}

#[tokio::test]
async fn an_agent_that_breaks_its_worktree_does_not_reach_the_checkout() {
    let place = Place::new();
    // The runtime's folder lies within the checkout: git would go up and find it.
    let repo = place.repo();
    support::make_repository(&repo);
    write(&repo, ".gitignore", ".adw/\n");
    commit_all(&repo, "ignore");
    write(&repo, "README.md", "# Changed by the person\n");
    let workspaces = adw_workspace::Workspaces::new(repo.join(".adw")).unwrap();
    let repository = workspaces.open(&repo, None).await.unwrap();
    let workspace = workspaces.ensure("one", &repository, "adw-task/one").await.unwrap();
    let before = fingerprint(&repo);
    std::fs::remove_file(workspace.path().join(".git")).unwrap();
    workspace.write("made.txt", b"made\n".to_vec()).await.unwrap();
    let made = workspace.commit("feat: make", DATE).await.unwrap().unwrap();
    let changed = git(&repo, &["diff", "--name-only", "main", made.as_str()]);
    assert_eq!(changed, "made.txt");
    let outside = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        files.into_iter().filter(|(name, _)| !name.starts_with(".adw/")).collect()
    };
    assert_eq!(outside(fingerprint(&repo)), outside(before));
    // And neither does a git that the agent runs there, with the environment that it is given.
    let output = std::process::Command::new("git")
        .args(["rev-parse", "--show-toplevel"])
        .current_dir(workspace.path())
        .envs(workspace.environment())
        .output()
        .unwrap();
    assert!(!output.status.success());
}
