//! A bounded look at the repository: its files, its README, its build files, its test runners.

use adw_plugin_sdk::{Cx, Error};
use adw_runners::Runner;

/// How many paths are told to an agent; beyond that it is told folders.
const PATHS: usize = 300;

/// How much of a file is told to an agent, in bytes.
const EXCERPT: usize = 4_000;

/// Files that say how a repository is built.
const BUILD_FILES: [&str; 7] =
    ["Cargo.toml", "package.json", "pyproject.toml", "setup.py", "go.mod", "Makefile", "CMakeLists.txt"];

/// What was seen of the repository.
pub(crate) struct Survey {
    /// Its files, sorted.
    pub(crate) files: Vec<String>,
    /// The beginning of its README and of its build files, by path.
    pub(crate) excerpts: Vec<(String, String)>,
    /// What runs its tests.
    pub(crate) runners: Vec<Runner>,
}

impl Survey {
    /// Looks.
    pub(crate) fn take(cx: &Cx) -> Result<Self, Error> {
        let workspace = cx.workspace();
        let root = workspace.glob("*")?;
        // A list that passes the contract's limits is an error; two levels say enough of a repository that large.
        let files = match workspace.glob("**") {
            Err(Error::Invalid(_)) => [root.clone(), workspace.glob("*/*")?].concat(),
            files => files?,
        };
        let readme = root.iter().find(|path| path.to_ascii_lowercase().starts_with("readme"));
        let build_files = root.iter().filter(|path| BUILD_FILES.contains(&path.as_str()));
        let mut excerpts = Vec::new();
        for path in readme.into_iter().chain(build_files) {
            match workspace.read_lossy(path) {
                Ok(text) => excerpts.push((path.clone(), beginning(&text, EXCERPT))),
                // A link into nowhere, or a file larger than the contract takes: the plan does without it.
                Err(Error::NotFound(_) | Error::Invalid(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let runners =
            adw_runners::find(|pattern| workspace.glob(pattern), |path| workspace.read_lossy(path))?;
        Ok(Self { files, excerpts, runners })
    }

    /// The files, or where they are too many the folders with the number of files beneath each.
    pub(crate) fn tree(&self) -> String {
        if self.files.len() <= PATHS {
            return self.files.join("\n");
        }
        let mut folders: Vec<(&str, usize)> = Vec::new();
        for path in &self.files {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            match folders.last_mut() {
                Some((last, count)) if *last == folder => *count += 1,
                _ => folders.push((folder, 1)),
            }
        }
        let more = folders.len().saturating_sub(PATHS);
        let mut lines: Vec<String> =
            folders.iter().take(PATHS).map(|(folder, count)| format!("{folder}/ ({count} files)")).collect();
        if more > 0 {
            lines.push(format!("… and {more} more folders"));
        }
        lines.join("\n")
    }
}

/// At most so many bytes from the beginning, whole lines, with a mark where something was cut.
pub(crate) fn beginning(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.trim_end().to_owned();
    }
    let end = text.floor_char_boundary(bytes);
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!("{}\n… (cut)", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{Survey, beginning};

    #[test]
    fn a_large_repository_is_told_by_its_folders() {
        let files = (0..400).map(|number| format!("src/m{:02}/f{number:03}.rs", number / 100)).collect();
        let survey = Survey { files, excerpts: Vec::new(), runners: Vec::new() };
        assert_eq!(
            survey.tree(),
            "src/m00/ (100 files)\nsrc/m01/ (100 files)\nsrc/m02/ (100 files)\nsrc/m03/ (100 files)"
        );
    }

    #[test]
    fn a_text_is_cut_at_a_line() {
        assert_eq!(beginning("one\ntwo\nthree\n", 9), "one\ntwo\n… (cut)");
        assert_eq!(beginning("äöü", 3), "ä\n… (cut)");
        assert_eq!(beginning("short\n", 9), "short");
    }
}
