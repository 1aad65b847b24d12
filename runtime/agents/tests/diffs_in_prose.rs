//! Diffs are found in descriptions, however they were pasted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use adw_agents::extract_patch;
use proptest::prelude::*;

const ONE: &str = "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@ def f():\n one\n-two\n+TWO\n three\n";
const GIT: &str = "diff --git a/y b/y\nindex 1234567..89abcde 100644\n--- a/y\n+++ b/y\n@@ -1 +1,2 @@\n-a\n+b\n+c\n\\ No newline at end of file\n";
const NEW: &str = "diff --git a/new file.md b/new file.md\nnew file mode 100644\nindex 0000000..1234567\n--- /dev/null\n+++ b/new file.md\n@@ -0,0 +1,3 @@\n+```diff\n+--- text\n+```\n";
const MOVED: &str = "diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n";
const EMPTY: &str = "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n";
const BINARY: &str = "diff --git a/i.png b/i.png\nindex 1234567..89abcde 100644\nGIT binary patch\nliteral 4\nLcmZQzWMT#Y01f~L\n\nliteral 3\nKcmZQzWMY5-00aO4\n\n";

fn found(description: &str) -> String {
    extract_patch(description).expect(description)
}

#[test]
fn bare_diffs_are_taken_whole() {
    for diff in [ONE, GIT, NEW, MOVED, EMPTY, BINARY] {
        assert_eq!(found(diff), diff);
        assert_eq!(found(&format!("Fix the bug:\n\n{diff}\nThat's all.\n- it is\n+ right?\n")), diff);
    }
    let all = [ONE, GIT, NEW, MOVED, EMPTY, BINARY, ONE].concat();
    assert_eq!(found(&all), all);
}

#[test]
fn fenced_diffs_are_taken_out_of_their_fences() {
    for fence in ["```diff", "```patch", "```", "~~~", "````text"] {
        let close = fence.trim_end_matches(char::is_alphabetic);
        let prose = format!("First:\n{fence}\n{ONE}{close}\nand then\n\n{fence}\n{GIT}{NEW}{close}\nPlease.");
        assert_eq!(found(&prose), [ONE, GIT, NEW].concat(), "{fence}");
    }
}

#[test]
fn a_diff_within_a_list_loses_its_indent() {
    let indented = ONE.trim_end().replace('\n', "\n    ");
    assert_eq!(found(&format!("1. Apply\n\n    ```diff\n    {indented}\n    ```\n2. Test\n")), ONE);
}

#[test]
fn the_messengers_line_ends_go_and_the_files_stay() {
    let prose = format!("Please:\n{ONE}Thanks\n").replace('\n', "\r\n");
    assert_eq!(found(&prose), ONE);
    let of_crlf_file = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-one\r\n+ONE\r\n two\r\n";
    assert_eq!(found(of_crlf_file), of_crlf_file);
}

#[test]
fn the_last_line_may_lack_its_break() {
    assert_eq!(found(ONE.trim_end()), ONE);
    assert_eq!(found(MOVED.trim_end()), MOVED);
}

#[test]
fn context_lines_that_lost_their_space_still_count() {
    let diff = "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n one\n\n-two\n+TWO\n\n";
    assert_eq!(found(&format!("{diff}\nBye\n")), diff);
}

#[test]
fn headers_without_prefixes_or_with_times_are_diffs() {
    for headers in [
        "--- src/x.py\n+++ src/x.py\n",
        "--- x.orig\t2024-01-01 10:00:00 +0000\n+++ x\t2024-01-02 10:00:00 +0000\n",
    ] {
        let diff = format!("{headers}@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(found(&format!("Index: x\n=======\n{diff}")), diff);
    }
}

#[test]
fn a_mail_with_a_patch_is_reduced_to_it() {
    let mail = format!(
        "From: A <a@b>\nSubject: [PATCH] x\n\nWords\n---\n x.py | 2 +-\n 1 file changed\n\n{ONE}-- \n2.47.3\n"
    );
    assert_eq!(found(&mail), ONE);
}

#[test]
fn a_damaged_hunk_is_kept_for_its_error() {
    let cut = "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n one\n-two\n";
    assert_eq!(found(&format!("```diff\n{cut}```\n")), cut);
}

#[test]
fn prose_is_no_diff() {
    let none = [
        "",
        "Fix the bug in x.py.",
        "- a\n- b\n+ c\n",
        "--- \n+++ \n",
        "Title\n---\n\n+++ plus\n@@ at\n",
        "--- a/x\n+++ b/x\nno hunk\n",
        "diff --git a/x b/x\n",
        "diff --git a/x b/x\nindex 1..2 100644\n",
        "@@ -1 +1 @@\n-a\n+b\n",
        "--- a/x\n+++ b/x\n@@ -x +1 @@\n",
    ];
    for text in none {
        assert_eq!(extract_patch(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in any::<String>()) {
        let _any = extract_patch(&text);
    }

    /// Pieces of diffs in any order, which reach far deeper than letters at random.
    #[test]
    fn no_pieces_are_too_odd(pieces in prop::collection::vec(prop::sample::select(vec![
        "diff --git a/x b/x\n", "--- a/x\n", "+++ b/x\r\n", "@@ -1,3 +1,3 @@\n", "@@ -1,99999999999999999999 +1 @@\n", "@@ -18446744073709551615,18446744073709551615 +0,18446744073709551615 @@\n",
        " c\n", "-m\n", "+p\n", "\\ No newline\n", "\n", "\r\n", "```\n", "   --- a/ü\n", "GIT binary patch\n", "literal 3\n",
        "\tü", "rename from a\n", "é\n",
    ]), 0..30)) {
        let text = pieces.concat();
        if let Some(patch) = extract_patch(&text) {
            prop_assert!(patch.ends_with('\n'));
            // What was found is found again, unchanged.
            let again = extract_patch(&patch);
            prop_assert_eq!(again.as_deref(), Some(patch.as_str()));
        }
    }
}
