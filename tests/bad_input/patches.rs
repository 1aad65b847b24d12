//! Diffs that can't or mustn't be applied. Each is a task of its own, which fails and says why.

use serde_json::json;

use crate::{
    bystanders::{Bystanders, repository},
    page::{Page, assert_page},
};

const GOOD: &str = "--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";

fn new(path: &str) -> String {
    format!(
        "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    )
}

fn link(path: &str, target: &str) -> String {
    format!(
        "diff --git a/{path} b/{path}\nnew file mode 120000\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{target}\n\
         \\ No newline at end of file\n"
    )
}

fn renamed(from: &str, to: &str) -> String {
    format!("diff --git a/{from} b/{to}\nsimilarity index 100%\nrename from {from}\nrename to {to}\n")
}

fn deleted(path: &str, content: &str) -> String {
    format!(
        "diff --git a/{path} b/{path}\ndeleted file mode 100644\n--- a/{path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-{content}\n"
    )
}

fn cases() -> Vec<(&'static str, String)> {
    let binary = "diff --git a/b.bin b/b.bin\nnew file mode 100644\nindex 0000000..e69de29\n";
    let commit = "0123456789012345678901234567890123456789";
    vec![
        ("nothing", String::new()),
        ("words", "Please fix it.".to_owned()),
        ("a diff of another kind", "*** notes.txt\n--- notes.txt\n***************\n*** 2 ****\n! two\n--- 2 ----\n! TWO\n".to_owned()),
        ("a script for ed", "2c\nTWO\n.\n".to_owned()),
        ("names alone", "--- a/notes.txt\n+++ b/notes.txt\n".to_owned()),
        ("a hunk alone", "@@ -1 +1 @@\n-one\n+ONE\n".to_owned()),
        ("a merge's diff", "diff --cc notes.txt\n--- a/notes.txt\n+++ b/notes.txt\n@@@ -1,1 -1,1 +1,1 @@@\n--one\n++ONE\n".to_owned()),
        ("cut off", GOOD[..GOOD.len() - 8].to_owned()),
        ("wrong counts", GOOD.replace("-1,3", "-1,9")),
        ("counts beyond all numbers", GOOD.replace("-1,3", "-1,99999999999999999999")),
        ("a line before the first", GOOD.replace("-1,3", "--1,3")),
        ("a change of nothing", "--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,3 @@\n one\n two\n three\n".to_owned()),
        ("other context", GOOD.replace("one", "eins")),
        ("a letter from another encoding", GOOD.replace("two", "tw\u{fffd}")),
        ("colours of a terminal", GOOD.replace("-two", "\u{1b}[31m-two\u{1b}[m")),
        ("the same file twice", format!("{GOOD}{GOOD}")),
        ("one that fits and one that doesn't", format!("{}{}", new("fine.txt"), GOOD.replace("one", "eins"))),
        ("a file that isn't there", GOOD.replace("notes", "nothing")),
        ("a file that is there already", new("notes.txt")),
        ("a file below a file", new("notes.txt/more")),
        ("a file that is gone is deleted", deleted("gone.txt", "x")),
        ("a file is deleted that says something else", deleted("notes.txt", "x")),
        ("a file that isn't there is renamed", renamed("gone.txt", "here.txt")),
        ("renamed onto another", renamed("notes.txt", "other.txt")),
        ("renamed out", renamed("notes.txt", "../notes.txt")),
        ("out of the repository", new("../escaped.txt")),
        ("out by a detour", new("sub/../../escaped.txt")),
        ("to the root of the machine", "--- /dev/null\n+++ /escaped.txt\n@@ -0,0 +1 @@\n+x\n".to_owned()),
        ("into git's hooks", new(".git/hooks/pre-commit")),
        ("into git's configuration, in capitals", new(".GIT/config")),
        ("into a repository within", new("sub/.git/config")),
        ("a link that leads out", link("way-out", "../..")),
        ("a link into git", link("hooks", ".git/hooks")),
        ("a link, and a file through it", format!("{}{}", link("way-out", ".."), new("way-out/escaped.txt"))),
        ("a link within, and a file through it", format!("{}{}", link("inner", "sub"), new("inner/x.txt"))),
        (
            "a file becomes a link that leads out",
            format!("{}{}", deleted("other.txt", "other"), link("other.txt", "/etc/passwd")),
        ),
        ("a submodule", format!("diff --git a/module b/module\nnew file mode 160000\n--- /dev/null\n+++ b/module\n@@ -0,0 +1 @@\n+Subproject commit {commit}\n")),
        ("a mode that isn't there", new("n.txt").replace("100644", "999999")),
        ("a name of 300 letters", new(&"n".repeat(300))),
        ("a name with a NUL", "diff --git \"a/\\000\" \"b/\\000\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\000\"\n@@ -0,0 +1 @@\n+x\n".to_owned()),
        ("that two binary files differ", "diff --git a/b.bin b/b.bin\nBinary files a/b.bin and b/b.bin differ\n".to_owned()),
        ("a binary file without its bytes", format!("{binary}Binary files /dev/null and b/b.bin differ\n")),
        ("a binary file whose bytes are damaged", format!("{binary}GIT binary patch\nliteral 5\nzzzzz\n\n")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn diffs_that_are_not_applied() {
    let repository = repository(&[
        ("notes.txt", "one\ntwo\nthree\n"),
        ("other.txt", "other\n"),
        ("sub/kept.txt", "kept\n"),
    ]);
    let bystanders = Bystanders::start(&repository).await;
    let belongings = repository.belongings();
    let api = bystanders.api();
    let mut tasks = Vec::new();
    for (name, diff) in cases() {
        let task = json!({ "title": name, "stages": ["implement"], "agent": "patch", "patch": diff });
        tasks.push((name, diff, api.create(&task).await));
    }
    let mut page = Page::default();
    for (name, diff, adw_id) in tasks {
        let workflow = api.end(&adw_id).await;
        let said = workflow["error_message"].as_str().unwrap_or("it was applied");
        assert_eq!(workflow["status"], "failed", "{name}: {said}");
        assert_eq!(workflow["stage_runs"][0]["attempt"], 1, "{name}: another try would fail alike");
        assert_eq!(api.of(&adw_id, "/diff").await.text, "", "{name}: all of it or nothing");
        let said = said
            .strip_prefix("stage implement failed: plugin implement 0.1.0: the agent failed (bad_patch): ");
        page.add(name, diff.trim_end(), said.unwrap_or_else(|| panic!("{name}: {workflow:#}")));
    }
    // In prose, or as a form sends it, one is found and applied.
    for (name, description) in
        [("fenced", format!("Do this:\n\n```diff\n{GOOD}```\nThanks.")), ("crlf", GOOD.replace('\n', "\r\n"))]
    {
        let task = json!({ "title": name, "stages": ["implement"], "description": description });
        api.ends_as(&api.create(&task).await, "completed").await;
    }
    // What a title holds is nobody's order: not git's, not a file system's, not a terminal's.
    for (n, title) in [" ", "a\nb", "-m x", "../x", "\u{1b}[31m\u{202e}"].into_iter().enumerate() {
        let task = json!({ "title": title, "stages": ["implement"], "patch": new(&format!("{n}.txt")) });
        api.ends_as(&api.create(&task).await, "completed").await;
    }
    belongings.are_untouched(&repository.belongings());
    assert!(!repository.beside("escaped.txt").exists() && !std::path::Path::new("/escaped.txt").exists());
    bystanders.are_as_they_were().await;
    assert_page!("patches", page);
}
