//! Python: pytest where a repository asks for it or has tests that nothing else runs, else the standard library's
//! unittest.

use std::collections::BTreeSet;

use crate::Runner;

/// What unittest looks for by itself, and pytest too where an underscore follows.
const TEST_FILES: &str = "**/test*.py";

/// What pytest alone looks for.
const PYTEST_TEST_FILES: &str = "**/*_test.py";

/// Files at the root that are pytest's own.
const PYTEST_FILES: [&str; 3] = ["conftest.py", "pytest.ini", ".pytest.ini"];

/// Sections of files at the root that configure pytest.
const PYTEST_SECTIONS: [(&str, &str); 3] =
    [("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]")];

/// How many test files are read to learn how they are written.
const READ: usize = 20;

/// Files that match a pattern.
type Glob<'a, E> = &'a dyn Fn(&str) -> Result<Vec<String>, E>;

/// A file's text.
type Read<'a, E> = &'a dyn Fn(&str) -> Result<String, E>;

pub(crate) fn find<E>(glob: Glob<'_, E>, read: Read<'_, E>, root: &[String]) -> Result<Vec<Runner>, E> {
    let tests = glob(TEST_FILES)?;
    let by_unittest = unittest(glob, &tests)?;
    if let Some(because) = asks_for_pytest(glob, read, root, &tests)? {
        return Ok(vec![Runner { instead: by_unittest, ..pytest(&because) }]);
    }
    let and_else = |runner: Runner| Runner { instead: vec![pytest(&runner.because)], ..runner };
    Ok(by_unittest.into_iter().map(and_else).collect())
}

fn pytest(because: &str) -> Runner {
    Runner::new(3, ["python3", "-m", "pytest"], because)
}

/// The file that asks for pytest.
fn asks_for_pytest<E>(
    glob: Glob<'_, E>,
    read: Read<'_, E>,
    root: &[String],
    tests: &[String],
) -> Result<Option<String>, E> {
    if let Some(file) = root.iter().find(|file| PYTEST_FILES.contains(&file.as_str())) {
        return Ok(Some(file.clone()));
    }
    for (file, section) in PYTEST_SECTIONS {
        if root.iter().any(|name| name == file) && read(file)?.contains(section) {
            return Ok(Some(file.to_owned()));
        }
    }
    for file in tests.iter().chain(&glob(PYTEST_TEST_FILES)?).take(READ) {
        if is_written_for_pytest(&read(file)?) {
            return Ok(Some(file.clone()));
        }
    }
    Ok(None)
}

/// Whether it names pytest, or has tests that unittest doesn't see. Where it is made of unittest's cases, a function
/// beside them is no test.
fn is_written_for_pytest(text: &str) -> bool {
    let has_cases = text.contains("TestCase");
    text.lines().any(|line| {
        let names_it = line.starts_with("import pytest") || line.starts_with("from pytest");
        names_it || !has_cases && (is_test_function(line) || is_test_class(line))
    })
}

/// `def test_adds():` at a module's level; but unittest's older tools ask for a suite by `def test_suite():`.
fn is_test_function(line: &str) -> bool {
    let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ");
    name.is_some_and(|name| name.starts_with("test_") && !name.starts_with("test_suite("))
}

/// `class TestSum:`, of no other class, and so none of unittest's.
fn is_test_class(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("class Test") else { return false };
    let bases =
        rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_').trim_start();
    [":", "():", "(object):"].iter().any(|none| bases.starts_with(none))
}

/// One run for each place that unittest's discovery must start from: it enters only folders that are packages.
fn unittest<E>(glob: Glob<'_, E>, tests: &[String]) -> Result<Vec<Runner>, E> {
    let mut starts: BTreeSet<&str> = BTreeSet::new();
    let mut because = None;
    for file in tests {
        let start = match file.split_once('/') {
            Some((folder, _)) if !is_package(glob, folder)? => folder,
            _ => ".",
        };
        // Below the start it goes on through packages alone; files elsewhere aren't reached in any way.
        if is_reached(glob, start, file)? && starts.insert(start) {
            because.get_or_insert(file.as_str());
        }
    }
    let because = because.unwrap_or_default();
    let runner = |start: &str| match start {
        "." => Runner::new(3, ["python3", "-m", "unittest", "discover", "-v"], because),
        folder => Runner::new(3, ["python3", "-m", "unittest", "discover", "-v", "-s", folder], because),
    };
    Ok(starts.into_iter().map(runner).collect())
}

/// Whether every folder between the start and the file is a package.
fn is_reached<E>(glob: Glob<'_, E>, start: &str, file: &str) -> Result<bool, E> {
    let from = if start == "." { 0 } else { start.len() + 1 };
    for (at, _) in file.match_indices('/').filter(|(at, _)| *at >= from) {
        if !is_package(glob, &file[..at])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_package<E>(glob: Glob<'_, E>, folder: &str) -> Result<bool, E> {
    Ok(!glob(&format!("{folder}/__init__.py"))?.is_empty())
}
