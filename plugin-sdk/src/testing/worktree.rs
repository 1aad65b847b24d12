//! A worktree in memory.

use std::collections::BTreeMap;

use globset::GlobBuilder;

use super::replies::Effect;
use crate::Error;

type Files = BTreeMap<String, Vec<u8>>;

/// Files, and what is committed of them.
#[derive(Debug, Default)]
pub(super) struct Worktree {
    pub(super) files: Files,
    committed: Files,
    commits: u32,
    checkpoints: Vec<Files>,
}

impl Worktree {
    /// A file that is there, committed, before the stage runs.
    pub(super) fn add(&mut self, path: String, content: Vec<u8>) {
        self.committed.insert(path.clone(), content.clone());
        self.files.insert(path, content);
    }

    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.files.get(path).cloned().ok_or_else(|| Error::NotFound(format!("there is no file {path}")))
    }

    pub(super) fn glob(&self, pattern: &str) -> Result<Vec<String>, Error> {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| Error::Invalid(error.to_string()))?
            .compile_matcher();
        Ok(self.files.keys().filter(|path| glob.is_match(path)).cloned().collect())
    }

    /// Applies what something that ran did, and gives the paths that differ now, sorted.
    pub(super) fn apply(&mut self, effect: Effect) -> Vec<String> {
        let before = self.files.clone();
        for (path, content) in effect.edits {
            match content {
                Some(content) => self.files.insert(path, content),
                None => self.files.remove(&path),
            };
        }
        if effect.commits {
            self.commit();
        }
        let paths: std::collections::BTreeSet<&String> = before.keys().chain(self.files.keys()).collect();
        paths.into_iter().filter(|path| before.get(*path) != self.files.get(*path)).cloned().collect()
    }

    /// A new commit's id, if anything changed since the last.
    pub(super) fn commit(&mut self) -> Option<String> {
        if self.files == self.committed {
            return None;
        }
        self.committed.clone_from(&self.files);
        self.commits += 1;
        Some(format!("{:040x}", self.commits))
    }

    pub(super) fn checkpoint(&mut self) -> String {
        self.checkpoints.push(self.files.clone());
        format!("checkpoint-{}", self.checkpoints.len())
    }

    pub(super) fn restore(&mut self, name: &str) -> Result<(), Error> {
        let number = name.strip_prefix("checkpoint-").and_then(|number| number.parse::<usize>().ok());
        let files = number.and_then(|number| self.checkpoints.get(number.checked_sub(1)?));
        self.files =
            files.cloned().ok_or_else(|| Error::NotFound(format!("there is no checkpoint {name}")))?;
        Ok(())
    }
}
