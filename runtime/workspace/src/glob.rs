//! Listing files by pattern.

use std::path::Path;

use globset::GlobBuilder;

use crate::error::WorkspaceError;
use crate::git::Git;
use crate::workspace::Workspace;

impl Workspace {
    /// Files whose path from the root matches a glob, sorted. `*` stays within a segment, `**` crosses them
    /// (`**/*.rs` is every Rust file). What git ignores is left out, as are names that are not UTF-8.
    pub async fn glob(&self, pattern: &str) -> Result<Vec<String>, WorkspaceError> {
        let invalid = |error: globset::Error| WorkspaceError::InvalidGlob {
            pattern: pattern.to_owned(),
            reason: error.kind().to_string(),
        };
        let glob =
            GlobBuilder::new(pattern).literal_separator(true).build().map_err(invalid)?.compile_matcher();
        let inner = self.inner();
        inner.refuse_what_is_not_ours()?;
        let listing = Git::new(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .git_dir(&inner.git_dir)
            .work_tree(&inner.path)
            .bytes()
            .await?;
        let mut files: Vec<String> = listing
            .split(|byte| *byte == 0)
            .filter_map(|name| std::str::from_utf8(name).ok())
            .filter(|name| !name.is_empty() && glob.is_match(name) && is_file(&inner.path.join(name)))
            .map(str::to_owned)
            .collect();
        files.sort_unstable();
        files.dedup();
        Ok(files)
    }
}

/// git's list has files that were deleted since, and the folders of repositories within this one.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir())
}
