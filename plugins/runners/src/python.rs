//! Python: pytest where a repository asks for it, else the standard library's unittest.

use std::collections::BTreeSet;

use crate::{Repository, Runner};

/// What unittest looks for by itself.
const TEST_FILES: &str = "**/test*.py";

/// Files at the root that are pytest's own.
const PYTEST_FILES: [&str; 3] = ["conftest.py", "pytest.ini", ".pytest.ini"];

/// Sections of files at the root that configure pytest.
const PYTEST_SECTIONS: [(&str, &str); 3] =
    [("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]")];

/// How many test files are read to learn how they are written.
const READ: usize = 5;

pub(crate) fn find<R: Repository>(repository: &R, root: &[String]) -> Result<Vec<Runner>, R::Error> {
    let tests = repository.glob(TEST_FILES)?;
    if let Some(because) = pytest(repository, root, &tests)? {
        return Ok(vec![Runner::new(3, ["python3", "-m", "pytest"], &because)]);
    }
    unittest(repository, &tests)
}

/// The file that asks for pytest.
fn pytest<R: Repository>(
    repository: &R,
    root: &[String],
    tests: &[String],
) -> Result<Option<String>, R::Error> {
    if let Some(file) = root.iter().find(|file| PYTEST_FILES.contains(&file.as_str())) {
        return Ok(Some(file.clone()));
    }
    for (file, section) in PYTEST_SECTIONS {
        if root.iter().any(|name| name == file) && repository.read(file)?.contains(section) {
            return Ok(Some(file.to_owned()));
        }
    }
    for file in tests.iter().take(READ) {
        let text = repository.read(file)?;
        if text.lines().any(|line| line.starts_with("import pytest") || line.starts_with("from pytest")) {
            return Ok(Some(file.clone()));
        }
    }
    Ok(None)
}

/// One run for each place that unittest's discovery must start from: it enters only folders that are packages.
fn unittest<R: Repository>(repository: &R, tests: &[String]) -> Result<Vec<Runner>, R::Error> {
    let mut starts: BTreeSet<&str> = BTreeSet::new();
    let mut because = None;
    for file in tests {
        let start = match file.split_once('/') {
            Some((folder, _)) if !is_package(repository, folder)? => folder,
            _ => ".",
        };
        // Below the start it goes on through packages alone; files elsewhere aren't reached in any way.
        if is_reached(repository, start, file)? && starts.insert(start) {
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
fn is_reached<R: Repository>(repository: &R, start: &str, file: &str) -> Result<bool, R::Error> {
    let from = if start == "." { 0 } else { start.len() + 1 };
    for (at, _) in file.match_indices('/').filter(|(at, _)| *at >= from) {
        if !is_package(repository, &file[..at])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_package<R: Repository>(repository: &R, folder: &str) -> Result<bool, R::Error> {
    Ok(!repository.glob(&format!("{folder}/__init__.py"))?.is_empty())
}
