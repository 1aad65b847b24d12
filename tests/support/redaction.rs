//! What is different every time, taken out of a text.

use std::sync::LazyLock;

use regex::Regex;

/// What differs, and what stands in its place.
static DIFFERENT: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r"\d\d:\d\d:\d\d", "TIME"),
        (r"\b\d+\.\d{3}s\b", "DURATION"),
        (r"\b\d+(\.\d)? s\b|\b\d+ min \d+ s\b", "DURATION"),
        (r"adw_(feature|bug|chore|patch)_\d+_[0-9a-f]{8}", "ID"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"\b[0-9a-f]{7,40}\b", "COMMIT"),
        // As one version of Python names a test, and as another does.
        (r"(test_\w+) \([\w.]+\)", "$1"),
        // Columns are as wide as what stands in them.
        (r" +", " "),
        (r" ?\n", "\n"),
    ];
    rules.map(|(rule, name)| (Regex::new(rule).unwrap(), name)).into()
});

/// The text with a name in the place of each time, duration, id, address and commit.
pub fn redacted(text: &str) -> String {
    DIFFERENT.iter().fold(text.to_owned(), |text, (rule, name)| rule.replace_all(&text, *name).into_owned())
}
