//! What differs between the worktree and a commit.

use crate::error::WorkspaceError;
use crate::git::Git;
use crate::ids::{CommitId, TreeId, is_hex};
use crate::workspace::{Inner, Workspace, to_the_end};

impl Workspace {
    /// A unified diff of the worktree, new files included, that `git apply` takes: since the branch's head, the
    /// commit that the workflow began from (`base`), or a commit or checkpoint by its id.
    ///
    /// Text that is not UTF-8 is shown with replacement characters.
    pub async fn diff(&self, since: Option<&str>) -> Result<String, WorkspaceError> {
        let (inner, since) = (self.inner(), since.map(str::to_owned));
        to_the_end(async move {
            let _turn = inner.turn().await;
            let head = inner.refs().await?.0;
            let from = match since.as_deref() {
                None => head.tree.clone(),
                Some("base") => inner.tree_of(inner.base.as_str()).await?,
                Some(id) => inner.tree_of(id).await?,
            };
            let now = inner.snapshot(&head.tree).await?;
            inner.diff_trees(&from, &now).await
        })
        .await
    }

    /// Paths that differ from what they were at a checkpoint or commit, sorted.
    pub async fn changes(&self, since: &CommitId) -> Result<Vec<String>, WorkspaceError> {
        let (inner, since) = (self.inner(), since.clone());
        to_the_end(async move {
            let _turn = inner.turn().await;
            let head = inner.refs().await?.0;
            let from = inner.tree_of(since.as_str()).await?;
            let now = inner.snapshot(&head.tree).await?;
            inner.changed_paths(&from, &now).await
        })
        .await
    }
}

impl Inner {
    pub(crate) async fn diff_trees(&self, from: &TreeId, to: &TreeId) -> Result<String, WorkspaceError> {
        if from == to {
            return Ok(String::new());
        }
        let args =
            ["diff-tree", "-r", "-p", "-M", "--binary", "--full-index", "--no-ext-diff", "--no-textconv"];
        let args = args.into_iter().chain(["--no-color", "-O/dev/null", from.as_str(), to.as_str()]);
        let diff = Git::new(args).git_dir(&self.common_dir).bytes().await?;
        Ok(String::from_utf8_lossy(&diff).into_owned())
    }

    async fn changed_paths(&self, from: &TreeId, to: &TreeId) -> Result<Vec<String>, WorkspaceError> {
        if from == to {
            return Ok(Vec::new());
        }
        let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", from.as_str(), to.as_str()];
        let listing = Git::new(args).git_dir(&self.common_dir).bytes().await?;
        let listing = String::from_utf8_lossy(&listing);
        let mut paths: Vec<String> = listing.split_terminator('\0').map(str::to_owned).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// The tree of a commit, by its id or an unambiguous start of it. Names are refused: a workflow has no business
    /// with the person's other branches.
    pub(crate) async fn tree_of(&self, id: &str) -> Result<TreeId, WorkspaceError> {
        let missing = || WorkspaceError::NoSuchCommit { id: id.to_owned() };
        if !(7..=64).contains(&id.len()) || !is_hex(id) {
            return Err(missing());
        }
        let tree = format!("{id}^{{commit}}^{{tree}}");
        let found =
            Git::new(["rev-parse", "--verify", "--quiet", &tree]).git_dir(&self.common_dir).output().await?;
        if found.status.success() {
            String::from_utf8_lossy(&found.stdout).trim().to_owned().try_into()
        } else {
            Err(missing())
        }
    }
}
