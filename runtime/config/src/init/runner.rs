//! Which commands run a repository's tests, as far as its files show it.

use std::{convert::Infallible, fs, path::Path};

use globset::GlobBuilder;

/// A command that runs tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    command: String,
    pattern: Vec<String>,
    when: Option<&'static str>,
    is_understood: bool,
}

impl Runner {
    /// A command as a person would type it, and the words that it must begin with. What it prints says which tests ran.
    pub fn new(command: &str, words: &[&str]) -> Self {
        let pattern = words.iter().chain(&["**"]).map(ToString::to_string).collect();
        Self { command: command.to_owned(), pattern, when: None, is_understood: true }
    }

    /// The same, where what it prints may say nothing of tests that ran.
    #[must_use]
    pub fn not_understood(self) -> Self {
        Self { is_understood: false, ..self }
    }

    /// Whether what it prints says which tests ran.
    pub fn is_understood(&self) -> bool {
        self.is_understood
    }

    /// One that isn't run as the repository is now.
    fn later(self, when: &'static str) -> Self {
        Self { when: Some(when), ..self }
    }

    /// When it is run, where that isn't now; such as `once package.json has a script for it`.
    pub fn when(&self) -> Option<&str> {
        self.when
    }

    /// The command as a person would type it.
    pub fn example(&self) -> &str {
        &self.command
    }

    /// The pattern of an `exec` grant that allows it, whatever arguments follow.
    pub fn pattern(&self) -> &[String] {
        &self.pattern
    }
}

/// The commands that the stage for tests would run here, and those that it would once a task has written the first
/// test; each pattern once.
pub fn detect_runners(folder: &Path) -> Vec<Runner> {
    let files = files(folder);
    let Ok(found) = adw_runners::find(
        |pattern| Ok::<_, Infallible>(matching(&files, pattern)),
        |file| {
            Ok(fs::read(folder.join(file))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default())
        },
    );
    let found = found.iter().map(|runner| Runner {
        command: runner.command_line(),
        pattern: runner.grant(),
        when: None,
        is_understood: runner.is_understood,
    });
    let mut runners: Vec<Runner> = Vec::new();
    for runner in found.chain(expected(&files)) {
        if runners.iter().all(|known| known.pattern != runner.pattern) {
            runners.push(runner);
        }
    }
    runners
}

/// What runs tests in the languages of this repository, be there tests or not.
fn expected(files: &[String]) -> Vec<Runner> {
    let has = |names: &[&str]| files.iter().any(|file| names.contains(&file.as_str()));
    let mut runners = Vec::new();
    if has(&["package.json"]) {
        runners
            .push(Runner::new("npm test", &["npm", "test"]).later("once package.json has a script for it"));
    }
    if has(&["pyproject.toml", "setup.py", "setup.cfg"]) || is_tested_in_python(files) {
        runners.push(
            Runner::new("python3 -m unittest discover -v", &["python3", "-m", "unittest"])
                .later("where there are tests for unittest alone, or pytest finds none"),
        );
        runners.push(
            Runner::new("python3 -m pytest", &["python3", "-m", "pytest"])
                .later("where a test is written for pytest, or unittest finds none"),
        );
    }
    runners
}

fn is_tested_in_python(files: &[String]) -> bool {
    ["**/test*.py", "**/*_test.py"].iter().any(|pattern| !matching(files, pattern).is_empty())
}

fn matching(files: &[String], pattern: &str) -> Vec<String> {
    // As the stages' own globs are: `*` stays within a folder.
    let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else { return Vec::new() };
    let matcher = glob.compile_matcher();
    files.iter().filter(|file| matcher.is_match(file)).cloned().collect()
}

/// Tests lie near the top; a vast tree is not walked to its end for the sake of a guess.
const DEEPEST: usize = 6;
const MOST_ENTRIES: usize = 20_000;

/// Folders that hold what others wrote.
const FOREIGN: [&str; 5] = ["node_modules", "target", "venv", "vendor", "site-packages"];

/// The files of a folder, relative to it and sorted; nearer ones were met first.
fn files(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut level = vec![String::new()];
    let mut entries_left = MOST_ENTRIES;
    for _ in 0..=DEEPEST {
        let mut next = Vec::new();
        for folder in level {
            let Ok(entries) = fs::read_dir(root.join(&folder)) else { continue };
            for entry in entries.flatten().take(entries_left) {
                entries_left -= 1;
                let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else {
                    continue;
                };
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if kind.is_file() {
                    files.push(path);
                } else if kind.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                    next.push(path);
                }
            }
        }
        level = next;
    }
    files.sort();
    files
}
