//! Whether a program can be run, before it is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

/// What there is of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// It can be run.
    Installed,
    /// There is such a file, and this user may not run it.
    NotExecutable(PathBuf),
    /// There is no such file.
    Missing,
}

impl Program {
    /// Looks for a program as the system does: by its name in the folders of a `PATH`, or by its path, from `cwd` where it
    /// is relative.
    pub fn find(program: &str, path: &OsStr, cwd: &Path) -> Self {
        let files: Vec<PathBuf> = if program.contains('/') {
            vec![cwd.join(program)]
        } else {
            std::env::split_paths(path).map(|folder| cwd.join(folder).join(program)).collect()
        };
        let files: Vec<PathBuf> = files.into_iter().filter(|file| file.is_file()).collect();
        // One that can't be run doesn't hide a later one that can.
        match files.first() {
            None => Self::Missing,
            Some(_) if files.iter().any(|file| is_executable(file)) => Self::Installed,
            Some(file) => Self::NotExecutable(file.components().collect()),
        }
    }
}

/// Whether this user may run a file: its mode, whose it is, and what else the system minds.
fn is_executable(file: &Path) -> bool {
    accessat(CWD, file, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with a file `agent` of this mode.
    fn with_agent(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let agent = folder.path().join("agent");
        std::fs::write(&agent, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(agent, std::fs::Permissions::from_mode(mode)).unwrap();
        folder
    }

    #[test]
    fn a_program_is_a_file_that_may_be_run() {
        let (plain, runs) = (with_agent(0o644), with_agent(0o755));
        let (nowhere, path) = (OsStr::new(""), std::env::join_paths([plain.path(), runs.path()]).unwrap());
        let forbidden = Program::NotExecutable(plain.path().join("agent"));
        assert_eq!(Program::find("./agent", nowhere, plain.path()), forbidden);
        assert_eq!(Program::find("./agent", nowhere, runs.path()), Program::Installed);
        assert_eq!(Program::find("agent", plain.path().as_os_str(), Path::new("/")), forbidden);
        assert_eq!(Program::find("agent", &path, Path::new("/")), Program::Installed, "the later one");
        assert_eq!(Program::find("other", &path, Path::new("/")), Program::Missing);
        assert_eq!(Program::find("../", nowhere, runs.path()), Program::Missing, "a folder is no program");
    }
}
