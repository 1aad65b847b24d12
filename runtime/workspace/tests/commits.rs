//! Commits: everything that changed, the same id for the same call, and never over someone else's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_workspace::{ErrorKind, WorkspaceError};
use support::{DATE, Place, commit_all, git, second, status, write};

#[tokio::test]
async fn all_that_changed_is_committed() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let tree = workspace.path();
    write(tree, ".gitignore", "*.o\n");
    write(tree, "new/deep/file.txt", "new\n");
    write(tree, "ignored.o", "object\n");
    std::fs::remove_file(tree.join("README.md")).unwrap();
    std::fs::rename(tree.join("src/sum.py"), tree.join("src/add.py")).unwrap();
    std::os::unix::fs::symlink("src/add.py", tree.join("link")).unwrap();
    let made =
        workspace.commit("refactor: move\n\nAll of it.\n\n", second(1_600_000_000)).await.unwrap().unwrap();
    let names = git(tree, &["show", "--name-status", "--format=", "-M", made.as_str()]);
    insta::assert_snapshot!(names, @r"
    A	.gitignore
    D	README.md
    A	link
    A	new/deep/file.txt
    R100	src/sum.py	src/add.py
    ");
    let told = git(tree, &["show", "--no-patch", "--format=%an <%ae>|%cn <%ce>|%aI|%cI|%B", made.as_str()]);
    assert_eq!(
        told,
        "Ada <ada@example.com>|Ada <ada@example.com>|2020-09-13T12:26:40Z|2020-09-13T12:26:40Z|refactor: move\n\nAll of it."
    );
    assert_eq!(status(tree), "## adw-task/one");
    assert_eq!(git(tree, &["rev-parse", "HEAD"]), made.as_str());
}

#[tokio::test]
async fn nothing_changed_is_no_commit() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    assert_eq!(workspace.commit("nothing", DATE).await.unwrap(), None);
    // Touched, but the same.
    workspace.write("README.md", b"# Sums\n".to_vec()).await.unwrap();
    assert_eq!(workspace.commit("nothing", DATE).await.unwrap(), None);
    assert_eq!(workspace.head().await.unwrap(), *workspace.base());
}

#[tokio::test]
async fn a_change_in_the_same_instant_and_of_the_same_length_is_seen() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    for round in 0..10 {
        workspace.write("a.txt", format!("round {round}\n").into_bytes()).await.unwrap();
        assert!(workspace.commit("round", second(round)).await.unwrap().is_some(), "round {round}");
        assert_eq!(status(workspace.path()), "## adw-task/one");
    }
}

#[tokio::test]
async fn the_same_call_gives_the_same_id() {
    let place = Place::with_repository();
    let mut ids = Vec::new();
    for adw_id in ["one", "two"] {
        let workspace = place.workspace_of(adw_id).await;
        workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
        ids.push(workspace.commit("feat: a", second(7)).await.unwrap().unwrap());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn doing_it_again_finds_it_done() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let parent = workspace.head().await.unwrap();
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let made = workspace.commit_onto(&parent, "feat: a", second(7)).await.unwrap();
    assert!(made.is_some());
    assert_eq!(workspace.commit_onto(&parent, "feat: a", second(7)).await.unwrap(), made);
    assert_eq!(workspace.head().await.unwrap(), made.unwrap());
}

#[tokio::test]
async fn a_persons_commit_is_reported_and_stays() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let parent = workspace.head().await.unwrap();
    write(workspace.path(), "persons.txt", "by a person\n");
    let persons = commit_all(workspace.path(), "by a person");
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let error = workspace.commit_onto(&parent, "feat: a", DATE).await.unwrap_err();
    assert!(matches!(&error, WorkspaceError::BranchMoved { found, .. } if *found == persons), "{error}");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(workspace.head().await.unwrap().as_str(), persons);
    // A commit that remembers no head goes on from there.
    let made = workspace.commit("feat: a", DATE).await.unwrap().unwrap();
    assert_eq!(git(workspace.path(), &["rev-parse", &format!("{made}^")]), persons);
}

#[tokio::test]
async fn a_branch_that_was_deleted_is_reported() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    git(&place.repo(), &["update-ref", "-d", "refs/heads/adw-task/one"]);
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let error = workspace.commit("feat: a", DATE).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::BranchMoved { .. }), "{error}");
}

#[tokio::test]
async fn whatever_an_agent_checked_out_the_commit_goes_to_the_workflows_branch() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    for (seconds, checkout) in
        [(1, &["checkout", "--quiet", "--detach"][..]), (2, &["checkout", "--quiet", "-b", "agents"])]
    {
        git(workspace.path(), checkout);
        workspace.write("a.txt", format!("{seconds}\n").into_bytes()).await.unwrap();
        let made = workspace.commit("feat: a", second(seconds)).await.unwrap().unwrap();
        assert_eq!(workspace.head().await.unwrap(), made);
        assert_eq!(status(workspace.path()), "## adw-task/one");
    }
    assert_eq!(git(&place.repo(), &["rev-parse", "agents^"]), workspace.base().as_str());
}

#[tokio::test]
async fn what_an_agent_hid_from_its_index_is_seen() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    git(workspace.path(), &["update-index", "--assume-unchanged", "README.md"]);
    git(workspace.path(), &["update-index", "--skip-worktree", "src/sum.py"]);
    workspace.write("README.md", b"changed\n".to_vec()).await.unwrap();
    workspace.write("src/sum.py", b"changed\n".to_vec()).await.unwrap();
    let made = workspace.commit("feat: a", DATE).await.unwrap().unwrap();
    assert_eq!(git(&place.repo(), &["diff", "--name-only", "main", made.as_str()]), "README.md\nsrc/sum.py");
}

#[tokio::test]
async fn what_is_ignored_later_leaves_the_next_commit() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("target/out.o", b"object\n".to_vec()).await.unwrap();
    workspace.checkpoint("with the object", DATE).await.unwrap();
    workspace.write(".gitignore", b"target/\n".to_vec()).await.unwrap();
    let made = workspace.commit("chore: ignore", DATE).await.unwrap().unwrap();
    assert_eq!(git(&place.repo(), &["diff", "--name-only", "main", made.as_str()]), ".gitignore");
}

#[tokio::test]
async fn a_sparse_checkout_of_the_persons_does_not_thin_out_the_workflows() {
    let place = Place::with_repository();
    git(&place.repo(), &["sparse-checkout", "set", "--no-cone", "/README.md"]);
    let workspace = place.workspace().await;
    assert_eq!(support::files(workspace.path()).into_keys().collect::<Vec<_>>(), ["README.md", "src/sum.py"]);
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let made = workspace.commit("feat: a", DATE).await.unwrap().unwrap();
    assert_eq!(git(&place.repo(), &["diff", "--name-only", "main", made.as_str()]), "a.txt");
}

#[tokio::test]
async fn a_message_has_words() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    for bad in ["", " \n", "a\0b"] {
        let error = workspace.commit(bad, DATE).await.unwrap_err();
        assert!(matches!(error, WorkspaceError::InvalidMessage), "{error}");
        assert!(workspace.checkpoint(bad, DATE).await.is_err());
    }
}
