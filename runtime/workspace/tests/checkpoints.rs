//! A checkpoint is a moment to go back to, and going back loses nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;

use adw_workspace::{CommitId, ErrorKind, Workspace, WorkspaceError};
use proptest::prelude::*;
use support::{DATE, Place, commit_all, files, git, read, second, status, write};

#[tokio::test]
async fn a_checkpoint_is_taken_only_when_something_changed() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let first = workspace.checkpoint("begin", DATE).await.unwrap();
    assert_eq!(first, workspace.last_checkpoint().await.unwrap());
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let second_one = workspace.checkpoint("a", second(1)).await.unwrap();
    assert_ne!(second_one.id, first.id);
    assert_eq!(workspace.checkpoint("again", second(2)).await.unwrap(), second_one);
    // The files are the same after a commit, but the head is not.
    let head = workspace.commit("feat: a", second(3)).await.unwrap().unwrap();
    let third = workspace.checkpoint("committed", second(4)).await.unwrap();
    assert_ne!(third.id, second_one.id);
    assert_eq!((third.tree, third.head), (second_one.tree, head));
}

#[tokio::test]
async fn checkpoints_are_a_chain_under_one_ref() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    for (seconds, label) in [(1, "one"), (2, "a  label\nof two lines")] {
        workspace.write("a.txt", label.as_bytes().to_vec()).await.unwrap();
        workspace.checkpoint(label, second(seconds)).await.unwrap();
        workspace.commit(label, second(seconds)).await.unwrap();
    }
    workspace.checkpoint("end", second(3)).await.unwrap();
    let refs = git(&place.repo(), &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, "refs/adw/one\nrefs/heads/adw-task/one\nrefs/heads/main");
    let log = git(&place.repo(), &["log", "--first-parent", "--format=%s%n%b", "refs/adw/one"]);
    let ids: BTreeMap<String, &str> = [
        (git(&place.repo(), &["rev-parse", "adw-task/one"]), "<2>"),
        (git(&place.repo(), &["rev-parse", "adw-task/one~1"]), "<1>"),
        (git(&place.repo(), &["rev-parse", "main"]), "<base>"),
    ]
    .into();
    let log = ids.iter().fold(log, |log, (id, name)| log.replace(id, name));
    insta::assert_snapshot!(log, @r"
    checkpoint: end
    Adw-Workflow: one
    Adw-Head: <2>
    Adw-Base: <base>

    checkpoint: a label of two lines
    Adw-Workflow: one
    Adw-Head: <1>
    Adw-Base: <base>

    checkpoint: one
    Adw-Workflow: one
    Adw-Head: <base>
    Adw-Base: <base>

    checkpoint: the beginning
    Adw-Workflow: one
    Adw-Head: <base>
    Adw-Base: <base>

    first
    ");
    // Nothing that a checkpoint needs is ever collected as garbage.
    git(&place.repo(), &["branch", "-m", "adw-task/one", "moved"]);
    git(&place.repo(), &["update-ref", "-d", "refs/heads/moved"]);
    git(&place.repo(), &["reflog", "expire", "--expire=now", "--all"]);
    git(&place.repo(), &["gc", "--quiet", "--prune=now"]);
    for id in ids.keys() {
        git(&place.repo(), &["cat-file", "commit", id]);
    }
}

#[tokio::test]
async fn files_and_branch_go_back_together() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let tree = workspace.path();
    write(tree, "kept.txt", "kept\n");
    std::os::unix::fs::symlink("kept.txt", tree.join("link")).unwrap();
    std::fs::remove_file(tree.join("README.md")).unwrap();
    let then = files(tree);
    let checkpoint = workspace.checkpoint("then", DATE).await.unwrap();
    workspace.commit("feat: kept", DATE).await.unwrap();
    write(tree, "README.md/now/a/folder.txt", "folder\n");
    write(tree, "untracked.txt", "untracked\n");
    std::fs::remove_file(tree.join("link")).unwrap();
    let now = files(tree);

    let restored = workspace.restore(&checkpoint.id, second(1)).await.unwrap();
    assert_eq!(files(tree), then);
    assert_eq!(workspace.head().await.unwrap(), *workspace.base());
    assert_eq!(status(tree), "## adw-task/one\n D README.md\n?? kept.txt\n?? link");
    // What was found is a checkpoint like any other.
    workspace.restore(&restored.found.id, second(2)).await.unwrap();
    assert_eq!(files(tree), now);
    assert_eq!(workspace.head().await.unwrap(), restored.found.head);
    // Doing it again changes nothing.
    workspace.restore(&restored.found.id, second(3)).await.unwrap();
    assert_eq!(files(tree), now);
}

#[tokio::test]
async fn ignored_files_stay_where_they_are_not_in_the_way() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("out.bin", b"first\n".to_vec()).await.unwrap();
    let checkpoint = workspace.checkpoint("then", DATE).await.unwrap();
    workspace.write(".gitignore", b"*.bin\n".to_vec()).await.unwrap();
    workspace.write("out.bin", b"second\n".to_vec()).await.unwrap();
    workspace.write("other.bin", b"other\n".to_vec()).await.unwrap();
    let restored = workspace.restore(&checkpoint.id, second(1)).await.unwrap();
    assert_eq!(read(workspace.path(), "out.bin"), "first\n");
    assert_eq!(read(workspace.path(), "other.bin"), "other\n");
    let found = git(&place.repo(), &["show", &format!("{}:out.bin", restored.found.id)]);
    assert_eq!(found, "second");
}

#[tokio::test]
async fn a_persons_commit_is_kept_when_the_branch_goes_back() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let checkpoint = workspace.checkpoint("then", DATE).await.unwrap();
    write(workspace.path(), "persons.txt", "by a person\n");
    let persons = commit_all(workspace.path(), "by a person");
    let restored = workspace.restore(&checkpoint.id, second(1)).await.unwrap();
    assert_eq!(restored.found.head.as_str(), persons);
    assert!(!workspace.path().join("persons.txt").exists());
    workspace.restore(&restored.found.id, second(2)).await.unwrap();
    assert_eq!(workspace.head().await.unwrap().as_str(), persons);
}

#[tokio::test]
async fn only_a_checkpoint_of_this_workflow_is_one() {
    let place = Place::with_repository();
    let one = place.workspace_of("one").await;
    let two = place.workspace_of("two").await;
    two.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let others = two.checkpoint("others", DATE).await.unwrap().id;
    let nowhere: CommitId = "0123456789012345678901234567890123456789".parse().unwrap();
    for id in [&others, one.base(), &nowhere] {
        let error = one.restore(id, DATE).await.unwrap_err();
        assert!(matches!(error, WorkspaceError::NoSuchCheckpoint { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn operations_on_one_workspace_take_turns() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let workspace = workspace.clone();
        tasks.spawn(async move {
            workspace.write(&format!("{number}.txt"), b"x\n".to_vec()).await.unwrap();
            workspace.checkpoint(&format!("number {number}"), second(number)).await.unwrap();
            workspace.commit(&format!("feat: {number}"), second(number)).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(status(workspace.path()), "## adw-task/one");
    assert_eq!(workspace.changes(workspace.base()).await.unwrap().len(), 8);
}

#[tokio::test]
async fn a_restore_nobody_waits_for_runs_to_its_end() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let checkpoint = workspace.checkpoint("then", DATE).await.unwrap();
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    workspace.commit("feat: a", DATE).await.unwrap();
    // Polled once, so that it has begun, and dropped.
    tokio::select! {
        biased;
        _ = workspace.restore(&checkpoint.id, DATE) => panic!("it can't be done yet"),
        () = std::future::ready(()) => {}
    }
    // Whoever comes next waits for it.
    assert_eq!(workspace.changes(workspace.base()).await.unwrap(), [""; 0]);
    assert_eq!(workspace.head().await.unwrap(), *workspace.base());
}

/// Something that happens in a workspace.
#[derive(Debug, Clone)]
enum Happening {
    Write(usize, u8),
    Remove(usize),
    Commit,
    Checkpoint,
    Restore(prop::sample::Index),
}

/// Paths that are files to one another's folders.
const PATHS: &[&str] = &["a", "a/b", "a/b/c", "d/e", "d", "README.md", "src/sum.py"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..PATHS.len(), any::<u8>()).prop_map(|(path, content)| Happening::Write(path, content)),
        2 => (0..PATHS.len()).prop_map(Happening::Remove),
        1 => Just(Happening::Commit),
        2 => Just(Happening::Checkpoint),
        2 => any::<prop::sample::Index>().prop_map(Happening::Restore),
    ]
}

/// What a moment was: the files, and the head.
type Moment = (BTreeMap<String, Vec<u8>>, CommitId);

async fn moment(workspace: &Workspace) -> Moment {
    (files(workspace.path()), workspace.head().await.unwrap())
}

async fn live_through(happenings: Vec<Happening>) {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let mut kept: BTreeMap<String, Moment> = BTreeMap::new();
    for (seconds, happening) in (1..).zip(happenings) {
        match happening {
            // A file can't be where a folder is, nor beneath a file: that is refused, and nothing changes.
            Happening::Write(path, content) => drop(workspace.write(PATHS[path], vec![content, b'\n']).await),
            Happening::Remove(path) => drop(workspace.remove_file(PATHS[path]).await),
            Happening::Commit => drop(workspace.commit("commit", second(seconds)).await.unwrap()),
            Happening::Checkpoint => {
                let checkpoint = workspace.checkpoint("checkpoint", second(seconds)).await.unwrap();
                kept.insert(checkpoint.id.to_string(), moment(&workspace).await);
            }
            Happening::Restore(index) if !kept.is_empty() => {
                let id = kept.keys().nth(index.index(kept.len())).unwrap().clone();
                let found = moment(&workspace).await;
                let restored = workspace.restore(&id.parse().unwrap(), second(seconds)).await.unwrap();
                kept.insert(restored.found.id.to_string(), found);
                assert_eq!(moment(&workspace).await, kept[&id]);
            }
            Happening::Restore(_) => {}
        }
    }
    for (id, then) in &kept {
        workspace.restore(&id.parse().unwrap(), DATE).await.unwrap();
        assert_eq!(&moment(&workspace).await, then);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_checkpoint_can_be_gone_back_to(happenings in prop::collection::vec(happening(), 1..16)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(live_through(happenings));
    }
}
