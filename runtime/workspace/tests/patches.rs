//! Patches apply whole or not at all, and say what is wrong with them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_workspace::{PatchError, Workspace};
use support::{DATE, Place, commit_all, files, git, read, write};

const GIT: &str = "diff --git a/src/sum.py b/src/sum.py
index 1111111..2222222 100644
--- a/src/sum.py
+++ b/src/sum.py
@@ -1,5 +1,5 @@
 def sum(a, b):
-    return a - b
+    return a + b
 
 
 def twice(a):
";

const FIXED: &str = "def sum(a, b):\n    return a + b\n\n\ndef twice(a):\n    return a * 2\n";

#[tokio::test]
async fn a_diff_is_read_however_it_is_spelled() {
    let place = Place::with_repository();
    let body = &GIT[GIT.find("@@").unwrap()..];
    let spellings = [
        ("git", GIT.to_owned()),
        ("headers alone", format!("--- a/src/sum.py\n+++ b/src/sum.py\n{body}")),
        ("no prefixes", format!("--- src/sum.py\n+++ src/sum.py\n{body}")),
        (
            "diff -u",
            format!(
                "--- src/sum.py\t2024-01-01 10:00:00.0 +0000\n+++ src/sum.py\t2024-01-02 10:00:00.0 +0000\n{body}"
            ),
        ),
        ("git without prefixes", GIT.replace(" a/", " ").replace(" b/", " ")),
        ("other prefixes", format!("--- old/src/sum.py\n+++ new/src/sum.py\n{body}")),
        ("crlf from a form", GIT.replace('\n', "\r\n")),
        ("no line break at the end", GIT.trim_end_matches('\n').to_owned()),
        ("context without its spaces", GIT.replace("\n \n", "\n\n")),
        ("moved down", GIT.replace("@@ -1,5 +1,5 @@", "@@ -40,5 +40,5 @@")),
        ("words around it", format!("This fixes it:\n\n{GIT}\n-- \nme\n")),
    ];
    for (name, diff) in spellings {
        let workspace = place.workspace_of(&name.replace(' ', "-")).await;
        workspace.apply_patch(&diff).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read(workspace.path(), "src/sum.py"), FIXED, "{name}");
        assert_eq!(workspace.changes(workspace.base()).await.unwrap(), ["src/sum.py"], "{name}");
    }
}

#[tokio::test]
async fn line_ends_of_the_file_win() {
    let place = Place::with_repository();
    write(&place.repo(), "dos.txt", "one\r\ntwo\r\nthree\r\n");
    commit_all(&place.repo(), "dos");
    let workspace = place.workspace().await;
    let diff = "--- a/dos.txt\n+++ b/dos.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
    workspace.apply_patch(diff).await.unwrap();
    assert_eq!(read(workspace.path(), "dos.txt"), "one\r\nTWO\r\nthree\r\n");
}

#[tokio::test]
async fn files_are_made_removed_and_moved() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let diff = "diff --git a/new/file.txt b/new/file.txt
new file mode 100755
--- /dev/null
+++ b/new/file.txt
@@ -0,0 +1 @@
+new
diff --git a/README.md b/README.md
deleted file mode 100644
--- a/README.md
+++ /dev/null
@@ -1 +0,0 @@
-# Sums
diff --git a/src/sum.py b/lib/sum.py
similarity index 100%
rename from src/sum.py
rename to lib/sum.py
diff --git a/empty b/empty
new file mode 100644
";
    workspace.apply_patch(diff).await.unwrap();
    let names: Vec<String> = files(workspace.path()).into_keys().collect();
    assert_eq!(names, ["empty", "lib/sum.py", "new/file.txt"]);
}

#[tokio::test]
async fn uncommitted_work_is_what_a_diff_applies_to() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.write("draft.txt", b"one\n".to_vec()).await.unwrap();
    workspace.apply_patch("--- a/draft.txt\n+++ b/draft.txt\n@@ -1 +1,2 @@\n one\n+two\n").await.unwrap();
    assert_eq!(read(workspace.path(), "draft.txt"), "one\ntwo\n");
    workspace.commit("feat: draft", DATE).await.unwrap();
    assert_eq!(support::status(workspace.path()), "## adw-task/one");
}

/// Applies a diff that must be refused, and sees that nothing changed.
async fn refusal(workspace: &Workspace, diff: &str) -> PatchError {
    let before = files(workspace.path());
    let error = workspace.apply_patch(diff).await.expect_err(diff);
    assert_eq!(files(workspace.path()), before, "{error}");
    error
}

#[tokio::test]
async fn a_bad_diff_says_what_is_wrong_and_changes_nothing() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    let good = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# Sums\n+# Sum\n";
    let cases = [
        ("a hunk that doesn't fit, after one that does", format!("{good}{}", GIT.replace("a - b", "a * b"))),
        ("a file that isn't there", good.replace("README", "NOTHING")),
        (
            "a file that is there already",
            "--- /dev/null\n+++ b/README.md\n@@ -0,0 +1 @@\n+other\n".to_owned(),
        ),
        ("cut off", GIT[..GIT.len() - 30].to_owned()),
        (
            "cut off before its last lines, with empty ones behind",
            GIT.replace("\n \n \n def twice(a):\n", "\n\n\n\n"),
        ),
        ("wrong counts", GIT.replace("-1,5 +1,5", "-1,9 +1,9")),
        ("words", "Please fix it.".to_owned()),
        ("nothing", String::new()),
        ("a hunk without a file", "@@ -1 +1 @@\n-a\n+b\n".to_owned()),
    ];
    let mut said = String::new();
    for (name, diff) in cases {
        let error = refusal(&workspace, &diff).await;
        said.extend(["== ", name, "\n", &error.to_string(), "\n"]);
    }
    insta::assert_snapshot!(said, @r"
    == a hunk that doesn't fit, after one that does
    the diff does not fit src/sum.py at line 1; make it anew, on what the task begins from. These lines were expected there:
    def sum(a, b):
        return a * b


    def twice(a):
    == a file that isn't there
    the diff changes NOTHING.md, which is not in the workspace (or git ignores it); name files as they lie below the repository's root
    == a file that is there already
    the diff makes README.md, which exists already; make a diff that changes it
    == cut off
    the diff is damaged: the hunk at its line 5 says that it has 5 lines of the old file and 5 of the new one, and it has 2 and 2; give it whole, as `git diff` prints it
    == cut off before its last lines, with empty ones behind
    the diff does not fit src/sum.py at line 1; make it anew, on what the task begins from. These lines were expected there:
    def sum(a, b):
        return a - b
    and then 3 empty lines, with which the hunk at line 5 of the diff ends. If the file has none there, the hunk's own end is missing: give the diff whole
    == wrong counts
    the diff is damaged: the hunk at its line 5 says that it has 9 lines of the old file and 9 of the new one, and it has 5 and 5; give it whole, as `git diff` prints it
    == words
    there is no unified diff in the text; give one as `git diff --binary` or `diff -u` prints it
    == nothing
    there is no unified diff in the text; give one as `git diff --binary` or `diff -u` prints it
    == a hunk without a file
    the diff is damaged at its line 1: its hunk's header does not fit the lines that follow, or the end is missing; give it whole, as `git diff` prints it
    ");
}

#[tokio::test]
async fn a_diff_without_context_is_applied_to_the_files_that_it_was_made_from_and_to_no_others() {
    let place = Place::with_repository();
    let repository = place.repo();
    let (before, after) = ("one\ntwo\nthree\nfour\n", "one\nTWO\nthree\nthree and a half\nfour\n");
    write(&repository, "lines.txt", before);
    commit_all(&repository, "before");
    write(&repository, "lines.txt", after);
    let diff = git(&repository, &["diff", "-U0"]) + "\n";
    let bare = &diff[diff.find("--- a/").unwrap()..];
    write(&repository, "lines.txt", before);

    let workspace = place.workspace_of("same").await;
    workspace.apply_patch(&diff).await.unwrap();
    assert_eq!(read(workspace.path(), "lines.txt"), after);

    // Its lines can be found here too, but nothing says that the new one belongs where its number says.
    let workspace = place.workspace_of("other").await;
    workspace.write("lines.txt", format!("zero\n{before}").into_bytes()).await.unwrap();
    for diff in [&diff, bare] {
        let error = refusal(&workspace, diff).await;
        assert!(matches!(error, PatchError::NoContext), "{error}");
        assert!(error.to_string().contains("`git diff` without -U0"), "{error}");
    }
    let with_context = "--- a/lines.txt\n+++ b/lines.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
    let error = refusal(&workspace, with_context).await;
    assert!(matches!(error, PatchError::Mismatch { .. }), "{error}");
}

#[tokio::test]
async fn a_hunk_without_context_at_its_end_is_told_as_that_and_with_what_mends_it() {
    let place = Place::with_repository();
    write(&place.repo(), "lines.txt", "one\ntwo\nthree\nfour\n");
    commit_all(&place.repo(), "lines");
    let workspace = place.workspace().await;
    let diff = "--- a/lines.txt\n+++ b/lines.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n";
    let error = refusal(&workspace, diff).await;
    assert!(
        matches!(&error, PatchError::NoEnd { path, line: 3, says: [2, 2] } if path == "lines.txt"),
        "{error}"
    );
    for said in ["no line of context at its end", "which says 2 and 2", "`git diff`"] {
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    // It is what it says that mends it.
    let mended = "--- a/lines.txt\n+++ b/lines.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
    let elsewhere = diff.replace(" one", " eins");
    let error = refusal(&workspace, &elsewhere).await;
    assert!(matches!(error, PatchError::Mismatch { .. }), "these lines are not there: {error}");
    workspace.apply_patch(mended).await.unwrap();
    assert_eq!(read(workspace.path(), "lines.txt"), "one\nTWO\nthree\nfour\n");
}

#[tokio::test]
async fn a_diff_that_is_applied_already_says_so() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    workspace.apply_patch(GIT).await.unwrap();
    let error = refusal(&workspace, GIT).await;
    assert!(matches!(error, PatchError::AlreadyApplied), "{error}");
}

#[tokio::test]
async fn no_diff_leads_out() {
    let place = Place::with_repository();
    let workspace = place.workspace().await;
    std::os::unix::fs::symlink(place.root(), workspace.path().join("out")).unwrap();
    let new = |path: &str| {
        format!(
            "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
        )
    };
    let link = |path: &str, target: &str| {
        format!(
            "diff --git a/{path} b/{path}\nnew file mode 120000\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{target}\n\\ No newline at end of file\n"
        )
    };
    let absolute = place.root().join("escaped.txt");
    let diffs = [
        new("../escaped.txt"),
        new("src/../../escaped.txt"),
        new(".git/hooks/pre-commit"),
        new("src/.GIT/config"),
        new("out/escaped.txt"),
        format!("--- /dev/null\n+++ {}\n@@ -0,0 +1 @@\n+x\n", absolute.display()),
        link("way-out", "../.."),
        link("way-out", "/etc"),
        link("src/way-out", "../../x"),
        link("to-git", ".git"),
        [link("way-out", "../.."), new("way-out/escaped.txt")].concat(),
        [link("inner", "src"), new("inner/beyond.txt")].concat(),
        "diff --git a/README.md b/README.md\ndeleted file mode 100644\n--- a/README.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-# Sums\n\
         diff --git a/README.md b/README.md\nnew file mode 120000\n--- /dev/null\n+++ b/README.md\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"
            .to_owned(),
        new(&"long".repeat(64)),
        "diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n+Subproject commit 0123456789012345678901234567890123456789\n"
            .to_owned(),
    ];
    for diff in diffs {
        let error = refusal(&workspace, &diff).await;
        assert!(matches!(error, PatchError::Forbidden { .. }), "{diff}{error:?}");
    }
    assert!(!place.root().join("escaped.txt").exists());
    workspace.apply_patch(&link("inner", "src")).await.unwrap();
}

#[tokio::test]
async fn an_ignored_file_is_not_overwritten() {
    let place = Place::with_repository();
    write(&place.repo(), ".gitignore", "*.log\n");
    commit_all(&place.repo(), "ignore");
    let workspace = place.workspace().await;
    workspace.write("a.log", b"precious\n".to_vec()).await.unwrap();
    let error = workspace.apply_patch("--- /dev/null\n+++ b/a.log\n@@ -0,0 +1 @@\n+new\n").await.unwrap_err();
    assert!(matches!(error, PatchError::Exists { .. }), "{error}");
    assert_eq!(read(workspace.path(), "a.log"), "precious\n");
    assert_eq!(git(workspace.path(), &["status", "--porcelain"]), "");
}
