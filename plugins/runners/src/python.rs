//! Python: pytest where a repository asks for it, else the standard library's unittest.

use std::collections::BTreeSet;

use crate::Runner;

/// What unittest looks for by itself.
const TEST_FILES: &str = "**/test*.py";

/// Files at the root that are pytest's own.
const PYTEST_FILES: [&str; 3] = ["conftest.py", "pytest.ini", ".pytest.ini"];

/// Sections of files at the root that configure pytest.
const PYTEST_SECTIONS: [(&str, &str); 3] =
    [("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]")];

/// How many test files are read to learn how they are written.
const READ: usize = 5;

/// Files that match a pattern.
type Glob<'a, E> = &'a dyn Fn(&str) -> Result<Vec<String>, E>;

/// A file's text.
type Read<'a, E> = &'a dyn Fn(&str) -> Result<String, E>;

pub(crate) fn find<E>(glob: Glob<'_, E>, read: Read<'_, E>, root: &[String]) -> Result<Vec<Runner>, E> {
    let tests = glob(TEST_FILES)?;
    if let Some(because) = pytest(read, root, &tests)? {
        return Ok(vec![Runner::new(3, ["python3", "-m", "pytest"], &because)]);
    }
    unittest(glob, &tests)
}

/// The file that asks for pytest.
fn pytest<E>(read: Read<'_, E>, root: &[String], tests: &[String]) -> Result<Option<String>, E> {
    if let Some(file) = root.iter().find(|file| PYTEST_FILES.contains(&file.as_str())) {
        return Ok(Some(file.clone()));
    }
    for (file, section) in PYTEST_SECTIONS {
        if root.iter().any(|name| name == file) && read(file)?.contains(section) {
            return Ok(Some(file.to_owned()));
        }
    }
    for file in tests.iter().take(READ) {
        let text = read(file)?;
        if text.lines().any(|line| line.starts_with("import pytest") || line.starts_with("from pytest")) {
            return Ok(Some(file.clone()));
        }
    }
    Ok(None)
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
