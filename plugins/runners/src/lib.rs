//! Finds the test runners that fit a repository, by the files at its root.
//!
//! The `plan` stage names their commands in its specification, the `test` stage runs them, and `adw init` grants
//! them: all three ask here, so that what is planned is what is run, and what is run is what is granted.

mod python;

/// A command that runs tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The file that speaks for it.
    pub because: String,
    /// What is tried where it ran no test, although there are files of tests. Those that name something here stand
    /// together: it is for the case that none of them ran any.
    pub instead: Vec<Self>,
    /// Whether what it prints is of a form that is known, and so says which tests ran.
    pub is_understood: bool,
    /// How many of the arguments, the program included, say what it is rather than what it works on.
    fixed: usize,
}

impl Runner {
    fn new<const N: usize>(fixed: usize, argv: [&str; N], because: &str) -> Self {
        let argv = argv.map(str::to_owned).into();
        Self { argv, because: because.to_owned(), instead: Vec::new(), is_understood: true, fixed }
    }

    /// The pattern of `grants.exec` that lets it run, with whatever arguments follow: `["cargo", "test", "**"]`.
    pub fn grant(&self) -> Vec<String> {
        let mut pattern: Vec<String> = self.argv.iter().take(self.fixed).cloned().collect();
        pattern.push("**".to_owned());
        pattern
    }

    /// The command as one would type it.
    pub fn command_line(&self) -> String {
        self.argv.join(" ")
    }
}

/// The runners that fit, in a fixed order; none is an empty list.
///
/// `glob` gives the files that match a pattern, sorted, where `*` doesn't cross a `/`; `read` gives a file's text. A
/// Makefile counts only where nothing else does: it usually calls one of the others.
pub fn find<E>(
    glob: impl Fn(&str) -> Result<Vec<String>, E>,
    read: impl Fn(&str) -> Result<String, E>,
) -> Result<Vec<Runner>, E> {
    let root = glob("*")?;
    let has = |name: &str| root.iter().any(|file| file == name);
    let mut runners = Vec::new();
    if has("Cargo.toml") {
        // Otherwise cargo stops at the first test binary that fails, and the names of the rest stay unknown.
        runners.push(Runner::new(2, ["cargo", "test", "--no-fail-fast"], "Cargo.toml"));
    }
    if has("package.json")
        && let Some(script) = test_script(&read("package.json")?)
    {
        let npm = Runner::new(2, ["npm", "test"], "package.json");
        runners.push(Runner { is_understood: names_a_runner(&script), ..npm });
    }
    runners.extend(python::find(&glob, &read, &root)?);
    if has("go.mod") {
        // Without -v it names packages, not tests.
        runners.push(Runner::new(2, ["go", "test", "-v", "./..."], "go.mod"));
    }
    if runners.is_empty() {
        for makefile in ["GNUmakefile", "makefile", "Makefile"] {
            if has(makefile) && has_test_target(&read(makefile)?) {
                let make = Runner::new(2, ["make", "test"], makefile);
                runners.push(Runner { is_understood: false, ..make });
                break;
            }
        }
    }
    Ok(runners)
}

/// What `npm test` runs, if that is more than what `npm init` writes: to say that there is no test, and fail.
fn test_script(package_json: &str) -> Option<String> {
    let package: serde_json::Value = serde_json::from_str(package_json).ok()?;
    let script = package.pointer("/scripts/test").and_then(serde_json::Value::as_str)?;
    (!script.trim().is_empty() && !script.contains("no test specified")).then(|| script.to_owned())
}

/// Whether a script runs what prints its tests in a known form; another script that it calls may do so too.
fn names_a_runner(script: &str) -> bool {
    script.split_whitespace().any(|word| ["jest", "vitest", "mocha", "--test"].contains(&word))
}

/// Whether a Makefile has a rule for `test`, alone or among other targets.
fn has_test_target(makefile: &str) -> bool {
    makefile.lines().filter(|line| !line.starts_with(['\t', ' ', '#', '.'])).any(|line| {
        // `test := …` sets a variable.
        line.split_once(':').is_some_and(|(targets, rest)| {
            !rest.starts_with(['=', ':']) && targets.split_whitespace().any(|target| target == "test")
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

    use super::Runner;
    use std::collections::BTreeMap;

    /// The runners that fit files in memory. Of globs those are known that are asked.
    fn find<const N: usize>(files: [(&str, &str); N]) -> Vec<Runner> {
        find_among(&files)
    }

    fn find_among(files: &[(&str, &str)]) -> Vec<Runner> {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let matches = |path: &str, pattern: &str| match pattern {
            "*" => !path.contains('/'),
            "**/test*.py" => name_of(path).starts_with("test") && path.strip_suffix(".py").is_some(),
            "**/*_test.py" => name_of(path).ends_with("_test.py"),
            _ => path == pattern,
        };
        super::find(
            |pattern| {
                Ok(files.keys().filter(|path| matches(path, pattern)).map(ToString::to_string).collect())
            },
            |path| files.get(path).map(ToString::to_string).ok_or_else(|| format!("no file {path}")),
        )
        .unwrap()
    }

    fn name_of(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    #[test]
    fn what_stands_at_the_root_decides() {
        const UNITTEST: &str = "import unittest\n";
        type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);
        let cases: [Case; 20] = [
            (&[], &[]),
            (&[("README.md", "")], &[]),
            (&[("Cargo.toml", "")], &["cargo test --no-fail-fast"]),
            (&[("crates/a/Cargo.toml", "")], &[]),
            (&[("package.json", r#"{"scripts":{"test":"node --test"}}"#)], &["npm test"]),
            (
                &[("package.json", r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#)],
                &[],
            ),
            (&[("package.json", r#"{"scripts":{"build":"tsc"}}"#)], &[]),
            (&[("package.json", "not json")], &[]),
            (&[("go.mod", "module a")], &["go test -v ./..."]),
            (&[("test_a.py", UNITTEST)], &["python3 -m unittest discover -v"]),
            (&[("pyproject.toml", "[project]\n")], &[]),
            (
                &[("pyproject.toml", "[project]\n"), ("tests/test_a.py", UNITTEST)],
                &["python3 -m unittest discover -v -s tests"],
            ),
            (
                &[("tests/__init__.py", ""), ("tests/test_a.py", UNITTEST)],
                &["python3 -m unittest discover -v"],
            ),
            (
                &[("tests/unit/__init__.py", ""), ("tests/unit/test_a.py", UNITTEST)],
                &["python3 -m unittest discover -v -s tests"],
            ),
            (
                &[("test_a.py", UNITTEST), ("tests/test_b.py", UNITTEST)],
                &["python3 -m unittest discover -v", "python3 -m unittest discover -v -s tests"],
            ),
            (&[("pyproject.toml", "[tool.pytest.ini_options]\n"), ("test_a.py", "")], &["python3 -m pytest"]),
            (&[("conftest.py", ""), ("test_a.py", "")], &["python3 -m pytest"]),
            (&[("test_a.py", "import pytest\n")], &["python3 -m pytest"]),
            (&[("Makefile", "all:\n\ttest -f x\nlint test: all\n")], &["make test"]),
            (&[("Makefile", "test := 1\n.PHONY: test\nall:\n\ttrue\n")], &[]),
        ];
        for (files, expected) in cases {
            let found: Vec<String> = find_among(files).iter().map(Runner::command_line).collect();
            assert_eq!(found, expected, "for {files:?}");
        }
    }

    #[test]
    fn of_make_and_of_most_scripts_nobody_knows_what_they_print() {
        let is_understood = |file: (&str, &str)| find_among(&[file])[0].is_understood;
        let script = |script: &str| format!(r#"{{"scripts":{{"test":"{script}"}}}}"#);
        for known in ["jest --ci", "node --test", "tsc && vitest run"] {
            assert!(is_understood(("package.json", &script(known))), "{known}");
        }
        for unknown in ["sh test.sh", "npm run test:unit"] {
            assert!(!is_understood(("package.json", &script(unknown))), "{unknown}");
        }
        assert!(!is_understood(("Makefile", "test:\n\tsh test.sh\n")));
        assert!(is_understood(("Cargo.toml", "")) && is_understood(("test_a.py", "import unittest")));
    }

    #[test]
    fn python_files_say_by_how_they_are_written_who_runs_them() {
        const UNITTEST: &str = "python3 -m unittest discover -v";
        const PYTEST: &str = "python3 -m pytest";
        let cases = [
            ("import unittest\nclass TestA(unittest.TestCase):\n    def test_a(self): ...\n", UNITTEST),
            ("from base import Case\nclass TestA(Case):\n    def test_a(self): ...\n", UNITTEST),
            // A helper, of which unittest knows nothing; and what asks unittest's older tools for a suite.
            ("from django.test import TestCase\ndef test_data(): ...\n", UNITTEST),
            ("def test_suite(): ...\n", UNITTEST),
            ("class Tests:\n    pass\n", PYTEST),
            ("from calc import add\ndef test_add():\n    assert add(2, 3) == 5\n", PYTEST),
            ("from unittest import mock\ndef test_add(): ...\n", PYTEST),
            ("async def test_add(): ...\n", PYTEST),
            ("class TestA:\n    def test_a(self): ...\n", PYTEST),
            ("class TestA(object):\n    def test_a(self): ...\n", PYTEST),
            ("from pytest import raises\nimport unittest\n", PYTEST),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = find([("test_a.py", text)]).iter().map(Runner::command_line).collect();
            assert_eq!(found, [expected], "for {text}");
        }
        let both = find([("test_a.py", "import unittest\n"), ("test_b.py", "def test_b(): ...\n")]);
        assert_eq!((both.len(), both[0].command_line().as_str()), (1, PYTEST), "it runs the other's too");
        assert_eq!(both[0].because, "test_b.py");
        assert_eq!(find([("sum_test.py", "def test_sum(): ...\n")])[0].command_line(), PYTEST);
        assert_eq!(find([("speed_test.py", "print(1)\n")]), []);
    }

    #[test]
    fn where_one_of_pythons_runners_finds_none_the_other_is_tried_if_there_are_files_for_it() {
        let instead = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
            let commands = |runner: &Runner| runner.instead.iter().map(Runner::command_line).collect();
            find_among(files).iter().map(commands).collect()
        };
        assert_eq!(instead(&[("tests/test_a.py", "import unittest")]), [["python3 -m pytest"]]);
        let configured = [("pytest.ini", ""), ("testsum.py", "import unittest")];
        assert_eq!(instead(&configured), [["python3 -m unittest discover -v"]]);
        assert_eq!(instead(&[("pytest.ini", "")]), [[""; 0]]);
        assert_eq!(instead(&[("Cargo.toml", "")]), [[""; 0]]);
    }

    #[test]
    fn several_that_fit_are_all_found_and_a_makefile_is_not_one_of_them() {
        let found = find([
            ("Cargo.toml", ""),
            ("Makefile", "test:\n\tcargo test\n"),
            ("go.mod", ""),
            ("package.json", r#"{"scripts":{"test":"jest"}}"#),
        ]);
        let because: Vec<&str> = found.iter().map(|runner| runner.because.as_str()).collect();
        assert_eq!(because, ["Cargo.toml", "package.json", "go.mod"]);
    }

    #[test]
    fn a_grant_allows_any_arguments_after_what_the_runner_is() {
        let found = find([("Cargo.toml", ""), ("tests/test_a.py", "import unittest")]);
        let grants: Vec<_> = found.iter().map(Runner::grant).collect();
        assert_eq!(grants[0], ["cargo", "test", "**"]);
        assert_eq!(grants[1], ["python3", "-m", "unittest", "**"]);
    }
}
