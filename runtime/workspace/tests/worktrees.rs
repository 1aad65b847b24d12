//! Worktrees are found, made again when they are damaged, and removed only when nothing is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_workspace::{ErrorKind, WorkspaceError};
use support::{DATE, Place, commit_all, files, git, read, second, status, write};

#[tokio::test]
async fn a_workspace_is_found_again_as_it_was_left() {
    let place = Place::with_repository();
    let first = place.workspace().await;
    first.write("made.txt", b"made\n".to_vec()).await.unwrap();
    write(first.path(), "target/ignored.o", "object\n");
    let again = place.workspace().await;
    assert_eq!(read(again.path(), "made.txt"), "made\n");
    assert_eq!(read(again.path(), "target/ignored.o"), "object\n");
    assert_eq!(again.base(), first.base());
    let repository = place.open().await;
    let found = place.workspaces.find("one", &repository, "adw-task/one").await.unwrap().unwrap();
    assert_eq!(found.path(), first.path());
    assert!(place.workspaces.find("two", &repository, "adw-task/two").await.unwrap().is_none());
    assert!(!place.data().join("trees/two").exists());
}

#[tokio::test]
async fn many_workspaces_are_made_at_once() {
    let place = Place::with_repository();
    let repository = place.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12 {
        // Each is asked for twice: the second finds what the first made.
        let (workspaces, repository) = (place.workspaces.clone(), repository.clone());
        let adw_id = format!("w{}", number / 2);
        tasks.spawn(
            async move { workspaces.ensure(&adw_id, &repository, &format!("adw-task/{adw_id}")).await },
        );
    }
    let made = tasks.join_all().await;
    for workspace in made {
        assert_eq!(files(workspace.unwrap().path()), files(&place.repo()));
    }
    assert_eq!(git(&place.repo(), &["worktree", "list"]).lines().count(), 7);
}

#[tokio::test]
async fn a_folder_that_was_deleted_comes_back_with_all_that_was_kept() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("committed.txt", b"committed\n".to_vec()).await.unwrap();
    workspace.commit("feat: commit", DATE).await.unwrap();
    workspace.write("kept.txt", b"kept\n".to_vec()).await.unwrap();
    workspace.checkpoint("kept", DATE).await.unwrap();
    std::fs::remove_dir_all(workspace.path()).unwrap();
    let error = workspace.diff(None).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::Gone { .. }), "{error}");
    let again = place.workspace().await;
    assert_eq!(read(again.path(), "committed.txt"), "committed\n");
    assert_eq!(read(again.path(), "kept.txt"), "kept\n");
    assert_eq!(status(again.path()), "## adw-task/one\n?? kept.txt");
}

#[tokio::test]
async fn what_was_committed_after_the_last_checkpoint_comes_back() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("a.txt", b"kept\n".to_vec()).await.unwrap();
    workspace.checkpoint("kept", DATE).await.unwrap();
    workspace.write("a.txt", b"committed\n".to_vec()).await.unwrap();
    workspace.commit("feat: commit", DATE).await.unwrap();
    std::fs::remove_dir_all(workspace.path()).unwrap();
    let again = place.workspace().await;
    assert_eq!(read(again.path(), "a.txt"), "committed\n");
    assert_eq!(status(again.path()), "## adw-task/one");
}

/// Done to a worktree and its repository.
type Damage = fn(&std::path::Path, &std::path::Path);

#[tokio::test]
async fn a_folder_that_git_lost_sight_of_is_kept_and_made_again() {
    let place = Place::with_repository();
    let repo = place.repo();
    let damages: [(&str, Damage); 4] = [
        ("the pointer is gone", |tree, _| std::fs::remove_file(tree.join(".git")).unwrap()),
        ("the note is gone", |_, repo| std::fs::remove_dir_all(repo.join(".git/worktrees/one")).unwrap()),
        ("the pointer is garbage", |tree, _| std::fs::write(tree.join(".git"), "garbage").unwrap()),
        ("an agent made it a repository", |tree, _| {
            std::fs::remove_file(tree.join(".git")).unwrap();
            git(tree, &["init", "--quiet"]);
        }),
    ];
    for (number, (name, damage)) in damages.into_iter().enumerate() {
        let workspace = place.workspace().await;
        let file = format!("uncommitted-{number}.txt");
        workspace.write(&file, name.as_bytes().to_vec()).await.unwrap();
        damage(workspace.path(), &repo);
        let again = place.workspace().await;
        assert_eq!(read(again.path(), &file), name);
        assert!(status(again.path()).starts_with("## adw-task/one\n"), "{name}");
    }
    assert_eq!(git(&repo, &["worktree", "list"]).lines().count(), 2);
}

#[tokio::test]
async fn a_branch_that_was_deleted_is_made_again_where_it_was_last_kept() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let made = workspace.commit("feat: a", DATE).await.unwrap().unwrap();
    workspace.checkpoint("end", DATE).await.unwrap();
    workspace.remove().await.unwrap();
    git(&place.repo(), &["branch", "-D", "adw-task/one"]);
    let again = place.workspace().await;
    assert_eq!(again.head().await.unwrap(), made);
    assert_eq!(read(again.path(), "a.txt"), "a\n");
}

#[tokio::test]
async fn what_is_someone_elses_is_not_taken() {
    let place = Place::with_repository();
    let repository = place.open().await;
    // A branch of that name.
    git(&place.repo(), &["branch", "adw-task/one"]);
    let error = place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap_err();
    assert!(matches!(error, WorkspaceError::BranchTaken { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    // A folder with files.
    write(&place.data(), "trees/two/file.txt", "precious\n");
    let error = place.workspaces.ensure("two", &repository, "adw-task/two").await.unwrap_err();
    assert!(matches!(error, WorkspaceError::ForeignFolder { .. }), "{error}");
    assert_eq!(read(&place.data(), "trees/two/file.txt"), "precious\n");
    // A worktree of another repository.
    let other = place.root().join("other");
    support::make_repository(&other);
    let others = place.workspaces.open(&other, None).await.unwrap();
    let theirs = place.workspaces.ensure("three", &others, "adw-task/three").await.unwrap();
    let error = place.workspaces.ensure("three", &repository, "adw-task/three").await.unwrap_err();
    assert!(matches!(error, WorkspaceError::ForeignFolder { .. }), "{error}");
    assert_eq!(files(theirs.path()).len(), 2);
    assert_eq!(git(&place.repo(), &["branch", "--list", "adw-task/t*"]), "");
}

#[tokio::test]
async fn names_that_can_not_be_are_refused() {
    let place = Place::with_repository();
    let repository = place.open().await;
    for bad in ["../x", "a/b", "", "a b"] {
        let error = place.workspaces.ensure(bad, &repository, "branch").await.unwrap_err();
        assert!(matches!(error, WorkspaceError::InvalidAdwId { .. }), "{error}");
    }
    for bad in ["", "a..b", "-b", "a b", "x.lock", "@{-1}", "adw/one", "a\nb"] {
        let error = place.workspaces.ensure("one", &repository, bad).await.unwrap_err();
        assert!(matches!(error, WorkspaceError::InvalidBranch { .. }), "{bad}: {error}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    assert_eq!(git(&place.repo(), &["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
}

#[tokio::test]
async fn locks_that_dead_gits_left_are_no_obstacle() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let note = place.repo().join(".git/worktrees/one");
    for (seconds, name) in [(1, "a.txt"), (2, "b.txt")] {
        std::fs::write(note.join("index.lock"), "").unwrap();
        std::fs::write(place.data().join("index/one.lock"), "").unwrap();
        workspace.write(name, b"x\n".to_vec()).await.unwrap();
        let kept = workspace.checkpoint(name, second(seconds)).await.unwrap();
        workspace.write(name, b"y\n".to_vec()).await.unwrap();
        workspace.restore(&kept.id, second(seconds)).await.unwrap();
        workspace.commit(name, second(seconds)).await.unwrap().unwrap();
        assert_eq!(status(workspace.path()), "## adw-task/one");
    }
    git(workspace.path(), &["commit", "--quiet", "--allow-empty", "-m", "an agent's git works again"]);
}

#[tokio::test]
async fn a_stage_begins_without_the_locks_that_killed_gits_left_and_with_those_of_the_living() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let git_dir = place.repo().join(".git");
    let of_worktree = [git_dir.join("worktrees/one/index.lock"), git_dir.join("worktrees/one/HEAD.lock")];
    let of_refs = [git_dir.join("refs/heads/adw-task/one.lock"), git_dir.join("refs/adw/one.lock")];
    let of_the_person =
        [git_dir.join("index.lock"), git_dir.join("HEAD.lock"), git_dir.join("packed-refs.lock")];
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_mins(1);
    for lock in of_worktree.iter().chain(&of_refs).chain(&of_the_person) {
        std::fs::File::create(lock).unwrap().set_modified(long_ago).unwrap();
    }
    let mut at_work =
        std::process::Command::new("sleep").arg("60").current_dir(workspace.path()).spawn().unwrap();
    place.workspace().await;
    assert!(of_worktree.iter().chain(&of_refs).all(|lock| lock.exists()), "somebody is at work there");
    at_work.kill().unwrap();
    at_work.wait().unwrap();
    place.workspace().await;
    assert!(!of_worktree.iter().chain(&of_refs).any(|lock| lock.exists()));
    assert!(of_the_person.iter().all(|lock| lock.exists()));
    // A lock on a ref may be somebody's for an instant.
    std::fs::write(&of_refs[0], "").unwrap();
    place.workspace().await;
    assert!(of_refs[0].exists());
}

#[tokio::test]
async fn a_worktree_whose_files_were_all_removed_is_made_again() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    workspace.checkpoint("kept", DATE).await.unwrap();
    for entry in std::fs::read_dir(workspace.path()).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => std::fs::remove_dir_all(path).unwrap(),
            false if path.ends_with(".git") => {}
            false => std::fs::remove_file(path).unwrap(),
        }
    }
    let again = place.workspace().await;
    assert_eq!(files(again.path()).into_keys().collect::<Vec<_>>(), ["README.md", "a.txt", "src/sum.py"]);
    assert_eq!(again.changes(again.base()).await.unwrap(), ["a.txt"]);
}

#[tokio::test]
async fn what_stands_in_a_branchs_way_is_named() {
    let place = Place::with_repository();
    let repository = place.open().await;
    git(&place.repo(), &["branch", "task"]);
    git(&place.repo(), &["branch", "deep/one/more"]);
    for (branch, other) in [("task/one", "task"), ("task/one/more", "task"), ("deep/one", "deep/one/more")] {
        match place.workspaces.ensure("one", &repository, branch).await.unwrap_err() {
            WorkspaceError::BranchBlocked { other: found, .. } => assert_eq!(found, other),
            error => panic!("{branch}: {error}"),
        }
    }
    let workspace = place.workspace().await;
    std::fs::remove_dir_all(workspace.path()).unwrap();
    git(&place.repo(), &["worktree", "prune"]);
    git(&place.repo(), &["checkout", "--quiet", "adw-task/one"]);
    match place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap_err() {
        WorkspaceError::BranchInUse { path, .. } => assert_eq!(path, place.repo()),
        error => panic!("{error}"),
    }
    git(&place.repo(), &["checkout", "--quiet", "main"]);
    place.workspace().await;
}

#[tokio::test]
async fn a_private_index_is_only_a_cache() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let index = place.data().join("index/one");
    for damage in [
        |path: &std::path::Path| std::fs::remove_file(path),
        |path: &std::path::Path| std::fs::write(path, "garbage"),
    ] {
        damage(&index).unwrap();
        assert_eq!(workspace.changes(workspace.base()).await.unwrap(), ["a.txt"]);
    }
}

#[tokio::test]
async fn only_what_is_kept_elsewhere_is_removed() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let error = workspace.remove().await.unwrap_err();
    assert!(matches!(error, WorkspaceError::Unsaved { what: "changed files", .. }), "{error}");
    assert_eq!(read(workspace.path(), "a.txt"), "a\n");
    workspace.checkpoint("kept", DATE).await.unwrap();
    // Commits that an agent made on no branch.
    git(workspace.path(), &["checkout", "--quiet", "--detach"]);
    commit_all(workspace.path(), "by an agent");
    let error = workspace.remove().await.unwrap_err();
    assert!(matches!(error, WorkspaceError::Unsaved { what: "commits on no branch", .. }), "{error}");
    git(workspace.path(), &["branch", "agents"]);
    workspace.remove().await.unwrap();
    assert!(!workspace.path().exists());
    assert!(!place.data().join("index/one").exists());
    assert_eq!(git(&place.repo(), &["worktree", "list"]).lines().count(), 1);
    workspace.remove().await.expect("what is gone can be removed");
    let again = place.workspace().await;
    assert_eq!(read(again.path(), "a.txt"), "a\n");
}

#[tokio::test]
async fn a_worktree_whose_work_is_committed_is_put_away_and_its_diff_stays() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("README.md", b"# Sum\n".to_vec()).await.unwrap();
    assert!(!workspace.remove_if_committed().await.unwrap(), "the change is on no branch yet");
    workspace.commit("docs: name", DATE).await.unwrap().unwrap();
    let diff = workspace.diff(Some("base")).await.unwrap();
    assert!(workspace.remove_if_committed().await.unwrap());
    assert!(!workspace.path().exists());
    git(&place.repo(), &["checkout", "--quiet", workspace.branch()]);

    let repository = place.workspaces.open(place.repo(), None).await.unwrap();
    let read = |branch: &str| {
        let (workspaces, repository, branch) =
            (place.workspaces.clone(), repository.clone(), branch.to_owned());
        async move { workspaces.diff("one", &repository, &branch).await.unwrap() }
    };
    assert_eq!(read(workspace.branch()).await.as_deref(), Some(diff.as_str()));
    git(&place.repo(), &["checkout", "--quiet", "main"]);
    git(&place.repo(), &["branch", "-D", workspace.branch()]);
    assert_eq!(
        read(workspace.branch()).await.as_deref(),
        Some(""),
        "the last that was remembered is the beginning"
    );
    assert_eq!(place.workspaces.diff("two", &repository, "adw-task/two").await.unwrap(), None);
}
