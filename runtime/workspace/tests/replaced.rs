//! What a program has put in the place of a worktree, of its folders or of its branch leads to nobody else's work.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::symlink;

use adw_workspace::WorkspaceError;
use support::{DATE, Place, files, git, read, second, status, write};

#[tokio::test]
async fn a_symlink_in_the_place_of_a_worktree_is_not_followed() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let first = workspace.last_checkpoint().await.unwrap();
    write(workspace.path(), "made.txt", "made\n");
    let kept = workspace.checkpoint("made", DATE).await.unwrap();
    write(&place.repo(), "uncommitted.txt", "precious\n");
    std::fs::rename(workspace.path(), place.root().join("moved")).unwrap();
    symlink(place.repo(), workspace.path()).unwrap();
    let before = (files(&place.repo()), status(&place.repo()));

    let gone = |error: WorkspaceError| assert!(matches!(error, WorkspaceError::Gone { .. }), "{error}");
    gone(workspace.restore(&first.id, second(1)).await.unwrap_err());
    gone(workspace.commit("feat: theirs", second(1)).await.unwrap_err());
    gone(workspace.checkpoint("theirs", second(1)).await.unwrap_err());
    gone(workspace.write("README.md", b"ours\n".to_vec()).await.unwrap_err());
    gone(workspace.remove_file("README.md").await.unwrap_err());
    gone(workspace.read("README.md", 100).await.unwrap_err());
    gone(workspace.glob("**").await.unwrap_err());
    assert!(!workspace.remove_if_committed().await.unwrap());
    let repository = place.open().await;
    assert!(place.workspaces.find("one", &repository, "adw-task/one").await.unwrap().is_none());
    assert!(!place.workspaces.has_folder("one"));

    let again = place.workspace().await;
    assert!(!again.path().is_symlink());
    assert_eq!(again.last_checkpoint().await.unwrap(), kept);
    assert_eq!(read(again.path(), "made.txt"), "made\n");
    again.restore(&first.id, second(2)).await.unwrap();
    assert_eq!((files(&place.repo()), status(&place.repo())), before);
    assert_eq!(read(&place.root(), "moved/made.txt"), "made\n");
}

#[tokio::test]
async fn what_else_is_in_the_place_of_a_worktree_is_left_as_it_is() {
    let place = Place::with_repository();
    let repository = place.open().await;
    let workspace = place.workspace().await;
    let aside = place.root().join("aside");
    let foreign =
        |error: WorkspaceError| assert!(matches!(error, WorkspaceError::ForeignFolder { .. }), "{error}");
    // A worktree of the person's, moved there.
    git(&place.repo(), &["worktree", "add", "--quiet", "-b", "theirs", "../theirs"]);
    write(&place.root(), "theirs/uncommitted.txt", "precious\n");
    std::fs::rename(workspace.path(), &aside).unwrap();
    std::fs::rename(place.root().join("theirs"), workspace.path()).unwrap();
    foreign(workspace.commit("feat: theirs", DATE).await.unwrap_err());
    foreign(place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap_err());
    assert_eq!(read(workspace.path(), "uncommitted.txt"), "precious\n");
    std::fs::rename(workspace.path(), place.root().join("theirs")).unwrap();
    // A file.
    std::fs::write(workspace.path(), "precious\n").unwrap();
    foreign(place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap_err());
    assert_eq!(std::fs::read_to_string(workspace.path()).unwrap(), "precious\n");
    std::fs::remove_file(workspace.path()).unwrap();
    place.workspace().await;
}

#[tokio::test]
async fn a_folder_that_was_moved_and_stands_as_a_symlink_goes_back() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let before = workspace.last_checkpoint().await.unwrap();
    let (tree, then) = (workspace.path(), files(workspace.path()));
    std::fs::rename(tree.join("src"), tree.join("src2")).unwrap();
    symlink("src2", tree.join("src")).unwrap();
    let now = files(tree);
    let restored = workspace.restore(&before.id, DATE).await.unwrap();
    assert_eq!(files(tree), then);
    assert_eq!(status(tree), "## adw-task/one");
    workspace.restore(&restored.found.id, second(1)).await.unwrap();
    assert_eq!(files(tree), now);
}

#[tokio::test]
async fn a_branch_that_stands_for_another_moves_neither() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let main = git(&place.repo(), &["rev-parse", "main"]);
    for name in ["refs/heads/adw-task/one", "refs/adw/one"] {
        let was = git(&place.repo(), &["rev-parse", name]);
        git(&place.repo(), &["symbolic-ref", name, "refs/heads/main"]);
        write(workspace.path(), "a.txt", name);
        for refused in [
            workspace.commit("feat: a", DATE).await.unwrap_err(),
            workspace.checkpoint("a", DATE).await.unwrap_err(),
        ] {
            assert!(matches!(refused, WorkspaceError::Symbolic { .. }), "{refused}");
            assert!(refused.to_string().contains(&format!("git symbolic-ref --delete {name}")), "{refused}");
        }
        assert_eq!(git(&place.repo(), &["rev-parse", "main"]), main);
        git(&place.repo(), &["symbolic-ref", "--delete", name]);
        git(&place.repo(), &["update-ref", name, &was]);
    }
    // Of one that stands for nothing, git says nothing.
    git(&place.repo(), &["symbolic-ref", "refs/heads/adw-task/one", "refs/heads/nowhere"]);
    let repository = place.open().await;
    drop(place.workspaces.ensure("one", &repository, "adw-task/one").await);
    assert_eq!(git(&place.repo(), &["branch", "--list", "nowhere"]), "");
}

#[tokio::test]
async fn files_that_a_sparse_checkout_leaves_out_are_not_deleted() {
    let place = Place::with_repository();
    write(&place.repo(), "d1/f", "1\n");
    write(&place.repo(), "d2/f", "2\n");
    write(&place.repo(), "d2/gone", "2\n");
    support::commit_all(&place.repo(), "folders");
    let workspace = place.workspace().await;
    let tree = workspace.path();
    let begin = workspace.last_checkpoint().await.unwrap();
    std::fs::remove_file(tree.join("d2/gone")).unwrap();
    workspace.commit("feat: go", DATE).await.unwrap().unwrap();
    git(tree, &["sparse-checkout", "set", "d1"]);
    assert!(!tree.join("d2").exists());
    for (seconds, number) in [(1, 1), (2, 2)] {
        write(tree, "d1/f", format!("{number}{number}\n"));
        workspace.checkpoint("at work", second(seconds)).await.unwrap();
        let made = workspace.commit("feat: one", second(seconds)).await.unwrap().unwrap();
        let changed = git(&place.repo(), &["diff", "--name-only", &format!("{made}^"), made.as_str()]);
        assert_eq!(changed, "d1/f");
        assert_eq!(status(tree), "## adw-task/one");
    }
    // A file of its own is a file; and what is to be there again comes.
    write(tree, "d2/new", "new\n");
    assert_eq!(workspace.changes(&workspace.head().await.unwrap()).await.unwrap(), ["d2/new"]);
    workspace.restore(&begin.id, second(3)).await.unwrap();
    assert_eq!(read(tree, "d2/gone"), "2\n");
    assert_eq!(read(tree, "d2/f"), "2\n");
    git(&place.repo(), &["rev-parse", "adw-task/one"]);
}
