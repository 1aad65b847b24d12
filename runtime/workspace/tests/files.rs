//! Files are read, written, removed and listed within the workspace, and nowhere else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};

use adw_workspace::{ErrorKind, WorkspaceError};
use support::{Place, git, read, write};

const LIMIT: u64 = 1 << 20;

#[tokio::test]
async fn files_are_written_read_and_removed() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("new/deep/file.bin", vec![0, 255, 10]).await.unwrap();
    assert_eq!(workspace.read("new/deep/file.bin", LIMIT).await.unwrap(), [0, 255, 10]);
    assert_eq!(workspace.read("./new/./deep/file.bin", LIMIT).await.unwrap(), [0, 255, 10]);
    workspace.write("README.md", Vec::new()).await.unwrap();
    assert_eq!(read(workspace.path(), "README.md"), "");
    workspace.remove_file("README.md").await.unwrap();
    workspace.remove_file("README.md").await.expect("what isn't there is removed already");
    workspace.remove_file("no/such/folder/file").await.unwrap();
    assert!(!workspace.path().join("README.md").exists());
}

#[tokio::test]
async fn a_program_stays_one_when_it_is_rewritten() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("run.sh", b"#!/bin/sh\n".to_vec()).await.unwrap();
    let path = workspace.path().join("run.sh");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    workspace.write("run.sh", b"#!/bin/sh\nexit\n".to_vec()).await.unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o755);
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let missing = workspace.read("nowhere.txt", LIMIT).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let long = workspace.read("README.md", 3).await.unwrap_err();
    assert!(matches!(long, WorkspaceError::FileTooLarge { limit: 3, .. }), "{long}");
    assert_eq!(long.kind(), ErrorKind::Invalid);
    assert_eq!(workspace.read("README.md", 7).await.unwrap(), b"# Sums\n");
    let pipe = workspace.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in ["src", "pipe", "README.md/file"] {
        for error in [
            workspace.read(path, LIMIT).await.unwrap_err(),
            workspace.write(path, vec![1]).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Invalid, "{path}: {error}");
        }
    }
    assert_eq!(workspace.remove_file("src").await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn no_path_leads_out() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let tree = workspace.path();
    write(&place.root(), "outside/secret.txt", "secret\n");
    let outside = place.root().join("outside");
    symlink(&outside, tree.join("absolute")).unwrap();
    symlink("../../../outside", tree.join("relative")).unwrap();
    symlink("../../../outside/secret.txt", tree.join("file")).unwrap();
    symlink("../../../outside/new.txt", tree.join("dangling")).unwrap();
    symlink("absolute", tree.join("twice")).unwrap();
    symlink(".git", tree.join("git")).unwrap();
    symlink(place.repo().join(".git"), tree.join("real-git")).unwrap();
    let paths = [
        "../secret.txt",
        "/etc/passwd",
        "src/../../x",
        "absolute/secret.txt",
        "relative/secret.txt",
        "file",
        "dangling",
        "twice/secret.txt",
        ".git",
        ".git/config",
        "git",
        "real-git/config",
        "absolute/new/deep.txt",
    ];
    for path in paths {
        let errors =
            [workspace.read(path, LIMIT).await.map(drop), workspace.write(path, b"x".to_vec()).await];
        for result in errors {
            let error = result.expect_err(path);
            assert!(matches!(error, WorkspaceError::InvalidPath { .. }), "{path}: {error}");
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }
    for path in [
        "../outside/secret.txt",
        "absolute/secret.txt",
        "relative/secret.txt",
        "twice/secret.txt",
        ".git",
        "real-git/HEAD",
    ] {
        assert_eq!(workspace.remove_file(path).await.unwrap_err().kind(), ErrorKind::Invalid, "{path}");
    }
    // The links themselves are the workflow's own, and removed without a look at where they lead.
    for link in ["file", "git", "absolute"] {
        workspace.remove_file(link).await.unwrap();
    }
    assert_eq!(support::files(&outside).into_keys().collect::<Vec<_>>(), ["secret.txt"]);
    assert_eq!(read(&outside, "secret.txt"), "secret\n");
    assert!(tree.join(".git").is_file());
}

#[tokio::test]
async fn symlinks_within_are_followed() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    symlink("../README.md", workspace.path().join("src/readme")).unwrap();
    symlink("src", workspace.path().join("source")).unwrap();
    assert_eq!(workspace.read("src/readme", LIMIT).await.unwrap(), b"# Sums\n");
    workspace.write("source/new.py", b"x\n".to_vec()).await.unwrap();
    assert_eq!(read(workspace.path(), "src/new.py"), "x\n");
}

#[tokio::test]
async fn a_glob_lists_what_git_does_not_ignore() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let tree = workspace.path();
    write(tree, ".gitignore", "*.o\nbuild/\n");
    write(tree, "src/deep/a.py", "");
    write(tree, "src/a.o", "");
    write(tree, "build/a.py", "");
    write(tree, "new.py", "");
    write(tree, "inner/file.py", "");
    git(&tree.join("inner"), &["init", "--quiet"]);
    std::fs::remove_file(tree.join("README.md")).unwrap();
    symlink("nowhere", tree.join("broken.py")).unwrap();
    let cases: &[(&str, &[&str])] = &[
        ("**/*.py", &["broken.py", "new.py", "src/deep/a.py", "src/sum.py"]),
        ("*.py", &["broken.py", "new.py"]),
        ("src/*.py", &["src/sum.py"]),
        ("src/**", &["src/deep/a.py", "src/sum.py"]),
        ("**", &[".gitignore", "broken.py", "new.py", "src/deep/a.py", "src/sum.py"]),
        ("{new,src/sum}.py", &["new.py", "src/sum.py"]),
        ("**/[a-d]*.py", &["broken.py", "src/deep/a.py"]),
        ("README.md", &[]),
        ("../**", &[]),
        ("**/.git/**", &[]),
    ];
    for (pattern, expected) in cases {
        assert_eq!(workspace.glob(pattern).await.unwrap(), *expected, "{pattern}");
    }
    let error = workspace.glob("src/[").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
