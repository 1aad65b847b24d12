//! Which programs run a repository's tests, as far as its files show it.

use std::{fs, path::Path};

/// A program that runs tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// Rust: there is a Cargo.toml.
    Cargo,
    /// JavaScript: there is a package.json.
    Npm,
    /// Python: there is a pyproject.toml, or a file test_*.py.
    Python,
    /// Go: there is a go.mod.
    Go,
    /// Make: there is a Makefile with a target `test`.
    Make,
}

impl Runner {
    /// The commands that it is run by; more arguments may follow.
    pub const fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Cargo => &[&["cargo", "test"]],
            Self::Npm => &[&["npm", "test"]],
            Self::Python => &[&["python3", "-m", "unittest"], &["python3", "-m", "pytest"], &["pytest"]],
            Self::Go => &[&["go", "test"]],
            Self::Make => &[&["make", "test"]],
        }
    }

    /// The command that a person would type.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Cargo => "cargo test",
            Self::Npm => "npm test",
            Self::Python => "python3 -m unittest discover -v",
            Self::Go => "go test ./...",
            Self::Make => "make test",
        }
    }

    fn fits(self, folder: &Path) -> bool {
        let has = |name: &str| folder.join(name).is_file();
        match self {
            Self::Cargo => has("Cargo.toml"),
            Self::Npm => has("package.json"),
            Self::Python => {
                ["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini"].into_iter().any(has)
                    || has_python_test(folder, 0, &mut MOST_ENTRIES.clone())
            }
            Self::Go => has("go.mod"),
            Self::Make => {
                ["GNUmakefile", "makefile", "Makefile"].iter().any(|name| has_test_target(&folder.join(name)))
            }
        }
    }
}

/// The runners that fit the files of this folder.
pub fn detect_runners(folder: &Path) -> Vec<Runner> {
    let all = [Runner::Cargo, Runner::Npm, Runner::Python, Runner::Go, Runner::Make];
    all.into_iter().filter(|runner| runner.fits(folder)).collect()
}

/// Tests lie near the top; a vast tree is not walked to its end for the sake of a guess.
const DEEPEST: usize = 3;
const MOST_ENTRIES: usize = 5_000;

fn has_python_test(folder: &Path, depth: usize, entries_left: &mut usize) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let mut folders = Vec::new();
    for entry in entries.flatten() {
        let Some(left) = entries_left.checked_sub(1) else { return false };
        *entries_left = left;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_file() && name.starts_with("test_") && name.ends_with(".py") {
            return true;
        }
        let foreign = name.starts_with('.') || ["node_modules", "target", "venv"].contains(&name.as_ref());
        if kind.is_dir() && !foreign {
            folders.push(entry.path());
        }
    }
    depth < DEEPEST && folders.iter().any(|inner| has_python_test(inner, depth + 1, entries_left))
}

fn has_test_target(makefile: &Path) -> bool {
    let Ok(text) = fs::read(makefile) else { return false };
    String::from_utf8_lossy(&text).lines().any(|line| {
        let rule = line.split_once(':').filter(|(_, rest)| !rest.starts_with('='));
        rule.is_some_and(|(targets, _)| {
            !line.starts_with(['\t', '#']) && targets.split_whitespace().any(|target| target == "test")
        })
    })
}
