//! A small crate whose tests are red for a good reason.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Doing, Failure, Result};
use crate::{cargo, step, terminal};

/// The repository's files.
const FILES: [(&str, &str); 6] = [
    (".gitignore", include_str!("../../sample/gitignore")),
    ("Cargo.lock", include_str!("../../sample/Cargo.lock")),
    ("Cargo.toml", include_str!("../../sample/Cargo.toml")),
    ("README.md", include_str!("../../sample/README.md")),
    ("src/lib.rs", include_str!("../../sample/src/lib.rs")),
    ("tests/median.rs", include_str!("../../sample/tests/median.rs")),
];

/// What is wrong, and a diff that mends it.
const TASK: &str = include_str!("../../sample/task.md");

/// The branch that a workflow's work is on.
pub(super) fn branch(adw_id: &str) -> String {
    format!("adw-task/{adw_id}")
}

/// The repository, and beside it the task and a clone to judge the work by.
pub(super) struct Sample {
    repository: PathBuf,
    judged: PathBuf,
    task_file: PathBuf,
}

impl Sample {
    /// Makes it anew in a folder of its own.
    pub(super) fn create(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).doing(|| format!("removing {}", folder.display()))?;
        }
        let sample = Self {
            repository: folder.join("repository"),
            judged: folder.join("judged"),
            task_file: folder.join("task.md"),
        };
        for (name, content) in FILES {
            write(&sample.repository.join(name), content)?;
        }
        write(&sample.task_file, TASK)?;
        step::quietly(sample.git().args(["init", "--quiet", "--initial-branch=main"]))?;
        sample.commit("feat: the median of some values")?;
        Ok(sample)
    }

    pub(super) fn repository(&self) -> &Path {
        &self.repository
    }

    pub(super) fn task_file(&self) -> &Path {
        &self.task_file
    }

    /// Keeps what `adw init` wrote, as a person would.
    pub(super) fn commit_configuration(&self) -> Result<()> {
        self.commit("chore: configure adw")
    }

    /// Where the person's checkout stands: branch, commit, and whatever differs from it.
    pub(super) fn checkout(&self) -> Result<String> {
        let branch = step::quietly(self.git().args(["symbolic-ref", "HEAD"]))?;
        let commit = step::quietly(self.git().args(["rev-parse", "HEAD"]))?;
        let changes = step::quietly(self.git().args(["status", "--porcelain=v1"]))?;
        Ok([branch, commit, changes].concat())
    }

    /// The tests must fail, or there would be nothing to show.
    pub(super) fn expect_red(&self) -> Result<()> {
        let (green, summary) = run_tests(&self.repository)?;
        terminal::good(format!("its tests are red: {summary}"));
        if green { Err(Failure::new("the sample's tests pass before the task is done")) } else { Ok(()) }
    }

    /// The tests must pass in a fresh clone of the workflow's branch.
    pub(super) fn expect_green(&self, adw_id: &str) -> Result<()> {
        let branch = branch(adw_id);
        let clone = ["clone", "--quiet", "--single-branch", "--branch", &branch];
        step::quietly(self.git().args(clone).args([&self.repository, &self.judged]))?;
        let (green, summary) = run_tests(&self.judged)?;
        if green {
            terminal::good(format!("the tests are green in a fresh clone of {branch}: {summary}"));
            return Ok(());
        }
        Err(Failure::new(format!("the tests of {branch} are still red: {summary}")))
    }

    fn commit(&self, message: &str) -> Result<()> {
        step::quietly(self.git().args(["add", "--all"]))?;
        // The machine's person may have no name for git yet, or sign every commit.
        let identity =
            ["-c", "user.name=A Person", "-c", "user.email=person@localhost", "-c", "commit.gpgsign=false"];
        step::quietly(self.git().args(identity).args(["commit", "--quiet", "--message", message])).map(drop)
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        git.current_dir(&self.repository);
        // Set where git itself calls cargo, in a hook, and meant for another repository.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            git.env_remove(variable);
        }
        git
    }
}

/// Whether the tests pass, and what they came to in one line.
fn run_tests(folder: &Path) -> Result<(bool, String)> {
    // A build of its own: a target folder that two checkouts share would answer for the one with what the other built.
    let mut tests = cargo::cargo();
    tests.args(["test", "--offline", "--test", "median"]).current_dir(folder).env_remove("CARGO_TARGET_DIR");
    let output = step::outcome(&mut tests)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let summary = said.lines().find_map(|line| line.strip_prefix("test result: "));
    let Some(summary) = summary else {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("the tests in {} don't run:\n{said}", folder.display())));
    };
    let counts = summary.split("; ").take(2).collect::<Vec<_>>().join(", ");
    Ok((output.status.success(), counts))
}

fn write(file: &Path, content: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).doing(|| format!("making {}", folder.display()))?;
    }
    fs::write(file, content).doing(|| format!("writing {}", file.display()))
}
