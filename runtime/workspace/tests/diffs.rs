//! Diffs show all that changed, in a form that can be applied again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};

use adw_workspace::ErrorKind;
use support::{DATE, Place, files, git, second, write};

#[tokio::test]
async fn a_diff_begins_where_it_is_told_to() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let beginning = workspace.head().await.unwrap();
    workspace.write("a.txt", b"a\n".to_vec()).await.unwrap();
    let commit = workspace.commit("feat: a", DATE).await.unwrap().unwrap();
    workspace.write("b.txt", b"b\n".to_vec()).await.unwrap();
    let checkpoint = workspace.checkpoint("b", second(1)).await.unwrap();
    workspace.write("c.txt", b"c\n".to_vec()).await.unwrap();
    let changed = async |since: Option<&str>| {
        let diff = workspace.diff(since).await.unwrap();
        diff.lines().filter_map(|line| line.strip_prefix("+++ b/")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(changed(None).await, ["b.txt", "c.txt"]);
    assert_eq!(changed(Some("base")).await, ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(changed(Some(beginning.as_str())).await, ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(changed(Some(commit.as_str())).await, ["b.txt", "c.txt"]);
    assert_eq!(changed(Some(&commit.as_str()[..12])).await, ["b.txt", "c.txt"]);
    assert_eq!(changed(Some(checkpoint.id.as_str())).await, ["c.txt"]);
    assert_eq!(workspace.changes(&checkpoint.id).await.unwrap(), ["c.txt"]);
    assert_eq!(workspace.changes(&beginning).await.unwrap(), ["a.txt", "b.txt", "c.txt"]);
    for unknown in ["main", "HEAD", "abc", "--output=x", "0123456789", ""] {
        assert_eq!(workspace.diff(Some(unknown)).await.unwrap_err().kind(), ErrorKind::NotFound, "{unknown}");
    }
}

#[tokio::test]
async fn a_diff_does_not_depend_on_the_persons_taste() {
    let place = Place::with_repository();
    for (name, value) in [
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("color.ui", "always"),
        ("diff.orderFile", "/no/such/file"),
        ("core.quotePath", "true"),
        ("diff.context", "0"),
    ] {
        git(&place.repo(), &["config", name, value]);
    }
    let workspace = place.workspace().await;
    workspace
        .write(
            "src/sum.py",
            b"def sum(a, b):\n    return a + b\n\n\ndef twice(a):\n    return a * 2\n".to_vec(),
        )
        .await
        .unwrap();
    insta::assert_snapshot!(workspace.diff(None).await.unwrap(), @r"
    diff --git a/src/sum.py b/src/sum.py
    index bc01271d95f53faed35746827a7e29da02947602..21347e162be740080529ed9db5129b5a9d1d0027 100644
    --- a/src/sum.py
    +++ b/src/sum.py
    @@ -1,5 +1,5 @@
     def sum(a, b):
    -    return a - b
    +    return a + b
     
     
     def twice(a):
    ");
}

#[tokio::test]
async fn what_a_diff_shows_can_be_applied_elsewhere() {
    let place = Place::with_repository();
    let one = place.workspace_of("one").await;
    let tree = one.path();
    write(tree, "binary.bin", [0, 159, 146, 150].repeat(100));
    write(tree, "empty", "");
    write(tree, "no-end", "no line break");
    write(tree, "crlf.txt", "one\r\ntwo\r\n");
    write(tree, "ein Name mit ü.txt", "ü\n");
    std::fs::rename(tree.join("src/sum.py"), tree.join("src/add.py")).unwrap();
    std::fs::remove_file(tree.join("README.md")).unwrap();
    symlink("src/add.py", tree.join("link")).unwrap();
    write(tree, "run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(tree.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let diff = one.diff(None).await.unwrap();
    let two = place.workspace_of("two").await;
    two.apply_patch(&diff).await.unwrap();
    assert_eq!(files(two.path()), files(tree));
    assert_eq!(two.path().join("run.sh").metadata().unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(two.diff(None).await.unwrap(), diff);
}
