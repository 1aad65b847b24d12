//! A checkout that a program has thinned out: files which git leaves out of the worktree are not deleted.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::WorkspaceError;
use crate::git::path_of;
use crate::workspace::Inner;

/// A file that the worktree's own index has and the worktree, by its own will, has not.
pub(crate) struct LeftOut {
    /// `MODE ID STAGE`, as git lists it.
    entry: Vec<u8>,
    path: Vec<u8>,
}

impl Inner {
    /// The files that `git sparse-checkout` has taken away.
    pub(crate) async fn left_out(&self) -> Result<Vec<LeftOut>, WorkspaceError> {
        let index = self.git_dir.join("index");
        if !self.git_dir.join("info/sparse-checkout").exists() || !index.exists() {
            return Ok(Vec::new());
        }
        let list = self.git(["ls-files", "-z", "-t", "--stage"], &index).bytes().await?;
        let entries = list.split(|byte| *byte == 0).filter_map(|line| {
            let mut parts = line.strip_prefix(b"S ")?.splitn(2, |byte| *byte == b'\t');
            let (entry, path) = (parts.next()?.to_vec(), parts.next()?.to_vec());
            let is_there = self.path.join(path_of(&path)).symlink_metadata().is_ok();
            (!is_there).then_some(LeftOut { entry, path })
        });
        Ok(entries.collect())
    }

    /// Puts them back into an index that was made of what the worktree holds.
    pub(crate) async fn put_back(&self, left_out: &[LeftOut], index: &Path) -> Result<(), WorkspaceError> {
        if left_out.is_empty() {
            return Ok(());
        }
        let lines =
            left_out.iter().flat_map(|LeftOut { entry, path }| [entry, &b"\t"[..], path, b"\0"].concat());
        let update = self.git(["update-index", "-z", "--index-info"], index);
        update.stdin(lines.collect::<Vec<_>>()).bytes().await.map(drop)
    }

    /// Marks them in an index that is to be the worktree's own, as far as it has them.
    pub(crate) async fn mark_left_out(
        &self,
        left_out: &[LeftOut],
        index: &Path,
    ) -> Result<(), WorkspaceError> {
        if left_out.is_empty() {
            return Ok(());
        }
        let listed = self.git(["ls-files", "-z"], index).bytes().await?;
        let has: BTreeSet<&[u8]> = listed.split(|byte| *byte == 0).collect();
        let paths = left_out.iter().map(|file| &file.path[..]).filter(|path| has.contains(path));
        let paths: Vec<u8> = paths.flat_map(|path| [path, b"\0"].concat()).collect();
        let mark = self.git(["update-index", "--skip-worktree", "-z", "--stdin"], index);
        mark.stdin(paths).bytes().await.map(drop)
    }
}
