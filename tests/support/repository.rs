//! A person's git repository, in a folder that goes with the test.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use adw_agents::supervisor::{FoundRun, State, survey};
use tempfile::TempDir;

use super::{belongings::Belongings, polling::Process};

/// A repository with one commit on `main`, and room beside it.
pub struct Repository {
    home: TempDir,
}

impl Repository {
    /// One with these files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let repository = Self { home: tempfile::tempdir().unwrap() };
        let path = repository.path();
        std::fs::create_dir(&path).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        for (name, content) in files {
            repository.write(name, content);
        }
        repository.git(&["add", "-A"]);
        repository.git(&[
            "-c",
            "user.name=P",
            "-c",
            "user.email=p@example.org",
            "commit",
            "-qm",
            "begin",
            "--allow-empty",
        ]);
        repository
    }

    /// One without files, and with this adw.toml.
    pub fn configured(adw_toml: &str) -> Self {
        let repository = Self::of(&[]);
        repository.write("adw.toml", adw_toml);
        repository
    }

    pub fn path(&self) -> PathBuf {
        self.home.path().join("repository")
    }

    /// A place beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Adds to the adw.toml.
    pub fn configure(&self, tables: &str) {
        let file = self.path().join("adw.toml");
        let written = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, format!("{written}\n{tables}")).unwrap();
    }

    /// A shell script beside the repository, by the name that runs it.
    pub fn script(&self, name: &str, body: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = self.beside(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.path(), arguments)
    }

    /// The content of a file on a branch.
    pub fn read(&self, branch: &str, file: &str) -> String {
        self.git(&["show", &format!("{branch}:{file}")])
    }

    /// A clone of a branch, as a colleague would fetch it.
    pub fn checkout(&self, branch: &str) -> PathBuf {
        let place = self.beside(&format!("checkout-of-{}", branch.replace('/', "-")));
        let place_name = place.display().to_string();
        self.git(&["clone", "-q", "--branch", branch, ".", &place_name]);
        place
    }

    /// All that is the person's.
    pub fn belongings(&self) -> Belongings {
        Belongings::of(&self.path())
    }

    /// What agents and commands of its workflows have left in the data folder.
    pub fn runs(&self) -> Vec<FoundRun> {
        let calls = self.path().join(".adw/calls");
        let workflows = std::fs::read_dir(calls).into_iter().flatten().filter_map(Result::ok);
        workflows.flat_map(|workflow| survey(&workflow.path()).unwrap()).collect()
    }

    /// Who supervises the only one that was begun.
    pub fn supervisor(&self) -> Process {
        let run = self.runs().into_iter().find(|run| run.state != State::Unclaimed).unwrap();
        let claim = std::fs::read(run.folder.join(run.tries.to_string()).join("claim")).unwrap();
        let claim: serde_json::Value = serde_json::from_slice(&claim).unwrap();
        Process(u32::try_from(claim["supervisor"]["pid"].as_u64().unwrap()).unwrap())
    }
}

impl Drop for Repository {
    /// Programs outlive their server, and are not to outlive the test.
    fn drop(&mut self) {
        let data = self.path().canonicalize().unwrap_or_default().join(".adw").display().to_string();
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.map(|runtime| runtime.block_on(adw_agents::sweep_all(&data)))
        });
        let _ = sweep.join();
    }
}

/// What git says; the test fails where git does.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = without_settings(Command::new("git").current_dir(folder).args(arguments)).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Keeps a command from the settings of whoever runs the tests.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("GIT_") || name.starts_with("ADW_") {
            command.env_remove(name);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1")
}
