//! Every form of repository can be worked on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_workspace::{ErrorKind, Identity, Workspace, WorkspaceError};
use support::{DATE, Place, commit_all, files, git, read, status, write};

/// Writes, commits and diffs: what every workspace can do, whatever it was made from.
async fn work(workspace: &Workspace) {
    workspace.write("made.txt", b"made\n".to_vec()).await.unwrap();
    let id = workspace.commit("feat: make it", DATE).await.unwrap().unwrap();
    assert_eq!(workspace.head().await.unwrap(), id);
    assert_eq!(read(workspace.path(), "made.txt"), "made\n");
    assert_eq!(status(workspace.path()), format!("## {}", workspace.branch()));
    let diff = workspace.diff(Some("base")).await.unwrap();
    assert!(diff.contains("+++ b/made.txt\n@@ -0,0 +1 @@\n+made\n"), "{diff}");
    assert_eq!(workspace.diff(None).await.unwrap(), "");
}

#[tokio::test]
async fn a_checkout() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    assert_eq!(workspace.path(), place.data().join("trees/one"));
    assert_eq!(workspace.branch(), "adw-task/one");
    assert_eq!(workspace.base().as_str(), git(&place.repo(), &["rev-parse", "main"]));
    assert_eq!(
        workspace.identity(),
        &Identity { name: "Ada".to_owned(), email: "ada@example.com".to_owned() }
    );
    assert_eq!(files(workspace.path()), files(&place.repo()));
    work(&workspace).await;
}

#[tokio::test]
async fn a_folder_within_a_checkout_is_its_repository() {
    let place = Place::with_repository();
    let repository = place.workspaces.open(place.repo().join("src"), None).await.unwrap();
    work(&place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap()).await;
}

#[tokio::test]
async fn names_with_spaces_and_letters_of_the_world() {
    let place = Place::new();
    let path = place.root().join("mein Übungs-Verzeichnis 数");
    support::make_repository(&path);
    write(&path, "ein Ordner/schöne Datei 数.txt", "a\n");
    commit_all(&path, "second");
    let repository = place.workspaces.open(&path, None).await.unwrap();
    let workspace = place.workspaces.ensure("one", &repository, "adw-task/grün").await.unwrap();
    work(&workspace).await;
    workspace.write("ein Ordner/schöne Datei 数.txt", b"b\n".to_vec()).await.unwrap();
    assert_eq!(workspace.glob("**/*Datei*").await.unwrap(), ["ein Ordner/schöne Datei 数.txt"]);
    assert_eq!(
        workspace.changes(workspace.base()).await.unwrap(),
        ["ein Ordner/schöne Datei 数.txt", "made.txt"]
    );
    assert!(workspace.diff(None).await.unwrap().contains("schöne Datei 数.txt"));
}

#[tokio::test]
async fn a_bare_repository() {
    let place = Place::with_repository();
    let bare = place.root().join("bare.git");
    git(&place.root(), &["clone", "--quiet", "--bare", "repo", "bare.git"]);
    let repository = place.workspaces.open(&bare, Some("main")).await.unwrap();
    assert_eq!(repository.git_dir(), bare);
    let workspace = place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap();
    work(&workspace).await;
    let checkpoint = workspace.checkpoint("now", DATE).await.unwrap();
    workspace.restore(&checkpoint.id, DATE).await.unwrap();
}

#[tokio::test]
async fn a_worktree_of_another_checkout() {
    let place = Place::with_repository();
    git(&place.repo(), &["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let side = place.root().join("side");
    write(&side, "side.txt", "side\n");
    let base = commit_all(&side, "on the side");
    let repository = place.workspaces.open(&side, None).await.unwrap();
    assert_eq!(repository.git_dir(), place.repo().join(".git"));
    let workspace = place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap();
    assert_eq!(workspace.base().as_str(), base);
    work(&workspace).await;
    assert_eq!(status(&side), "## side");
}

#[tokio::test]
async fn a_folder_within_a_worktree_begins_where_that_worktree_is() {
    let place = Place::with_repository();
    git(&place.repo(), &["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let side = place.root().join("side");
    write(&side, "sub/side.txt", "side\n");
    let base = commit_all(&side, "on the side");
    let repository = place.workspaces.open(side.join("sub"), None).await.unwrap();
    let workspace = place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap();
    assert_eq!(workspace.base().as_str(), base);
}

#[tokio::test]
async fn a_detached_head() {
    let place = Place::with_repository();
    let base = git(&place.repo(), &["rev-parse", "HEAD"]);
    write(&place.repo(), "later.txt", "later\n");
    commit_all(&place.repo(), "later");
    git(&place.repo(), &["checkout", "--quiet", "--detach", &base]);
    let workspace = place.workspace().await;
    assert_eq!(workspace.base().as_str(), base);
    work(&workspace).await;
    assert_eq!(git(&place.repo(), &["rev-parse", "HEAD"]), base);
}

#[tokio::test]
async fn a_repository_without_a_commit() {
    let place = Place::new();
    let path = place.repo();
    std::fs::create_dir(&path).unwrap();
    git(&path, &["init", "--quiet"]);
    for (adw_id, base) in [("one", None), ("two", Some("main"))] {
        let repository = place.workspaces.open(&path, base).await.unwrap();
        let workspace =
            place.workspaces.ensure(adw_id, &repository, &format!("adw-task/{adw_id}")).await.unwrap();
        assert_eq!(files(workspace.path()).len(), 0);
        work(&workspace).await;
    }
    // The person's own branch is as unborn as it was.
    assert_eq!(status(&path), "## No commits yet on main");
}

#[tokio::test]
async fn a_base_by_any_name() {
    let place = Place::with_repository();
    let first = git(&place.repo(), &["rev-parse", "HEAD"]);
    git(&place.repo(), &["tag", "-a", "v1", "-m", "one"]);
    write(&place.repo(), "later.txt", "later\n");
    commit_all(&place.repo(), "later");
    git(&place.repo(), &["branch", "old", &first]);
    for (number, base) in ["v1", "old", "refs/heads/old", "main~1", &first].iter().enumerate() {
        let repository = place.workspaces.open(place.repo(), Some(base)).await.unwrap();
        let branch = format!("adw-task/{number}");
        let workspace = place.workspaces.ensure(&number.to_string(), &repository, &branch).await.unwrap();
        assert_eq!(workspace.base().as_str(), first, "{base}");
    }
}

#[tokio::test]
async fn the_base_is_read_when_a_workflow_begins_and_then_stays() {
    let place = Place::with_repository();
    let repository = place.open().await;
    write(&place.repo(), "later.txt", "later\n");
    let later = commit_all(&place.repo(), "later");
    let workspace = place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap();
    assert_eq!(workspace.base().as_str(), later);
    write(&place.repo(), "more.txt", "more\n");
    commit_all(&place.repo(), "more");
    git(&place.repo(), &["config", "user.name", "Grace"]);
    work(&workspace).await;
    let again = place.workspace().await;
    assert_eq!(again.base().as_str(), later);
    assert_eq!(again.identity().name, "Ada");
    // Nor does it matter any more whether the base is there.
    let gone = place.workspaces.open(place.repo(), Some("gone")).await.unwrap();
    let again = place.workspaces.ensure("one", &gone, "adw-task/one").await.unwrap();
    assert_eq!(again.base().as_str(), later);
}

#[tokio::test]
async fn a_folder_without_git_gets_a_repository_of_ours() {
    let place = Place::new();
    // The runtime's folder lies within the project's, as it usually does.
    let data = place.repo().join(".adw");
    let workspaces = adw_workspace::Workspaces::new(&data).unwrap();
    write(&place.repo(), "a.txt", "a\n");
    write(&place.repo(), "build/out.o", "object\n");
    write(&place.repo(), ".gitignore", "build/\n");
    let before = files(&place.repo());
    let repository = workspaces.open(place.repo(), None).await.unwrap();
    assert!(repository.is_private());
    assert!(repository.git_dir().starts_with(&data));
    let workspace = workspaces.ensure("one", &repository, "adw-task/one").await.unwrap();
    assert_eq!(files(workspace.path()).into_keys().collect::<Vec<_>>(), [".gitignore", "a.txt"]);
    work(&workspace).await;
    write(&place.repo(), "a.txt", "changed\n");
    let repository = workspaces.open(place.repo(), Some("main")).await.unwrap();
    let second = workspaces.ensure("two", &repository, "adw-task/two").await.unwrap();
    assert_eq!(read(second.path(), "a.txt"), "changed\n");
    assert_eq!(read(workspace.path(), "a.txt"), "a\n");
    write(&place.repo(), "a.txt", "a\n");
    let after = support::all_files(&place.repo(), &|name| name == ".adw");
    assert_eq!(after, before.into_iter().filter(|(name, _)| !name.starts_with(".adw")).collect());
}

#[tokio::test]
async fn a_person_without_a_name_commits_as_the_runtime() {
    let place = Place::with_repository();
    git(&place.repo(), &["config", "user.name", ""]);
    git(&place.repo(), &["config", "user.email", ""]);
    let workspace = place.workspace().await;
    work(&workspace).await;
    let made = git(&place.repo(), &["log", "-1", "--format=%an <%ae> %cn <%ce> %aI %s", "adw-task/one"]);
    assert_eq!(made, "adw <adw@localhost> adw <adw@localhost> 1970-01-01T00:00:00Z feat: make it");
}

#[tokio::test]
async fn what_can_not_be_opened_says_so() {
    let place = Place::with_repository();
    let open =
        async |path: &str, base| place.workspaces.open(place.root().join(path), base).await.unwrap_err();
    assert!(matches!(open("nowhere", None).await, WorkspaceError::NoSuchFolder { .. }));
    assert!(matches!(open("repo/README.md", None).await, WorkspaceError::NoSuchFolder { .. }));
    for base in ["develop", "--help", "README.md", ""] {
        let repository = place.workspaces.open(place.repo(), Some(base)).await.unwrap();
        let error = place.workspaces.ensure("one", &repository, "adw-task/one").await.unwrap_err();
        assert!(matches!(error, WorkspaceError::NoSuchBase { .. }), "{base}: {error}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    std::fs::write(place.repo().join(".git/HEAD"), "garbage").unwrap();
    let error = open("repo", None).await;
    assert!(matches!(error, WorkspaceError::Unreadable { .. }), "{error}");
}
