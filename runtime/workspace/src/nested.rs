//! Repositories within the worktree: made or cloned there, or submodules that were initialised.
//!
//! git would take such a one for a link to a commit that no other repository has, or leave it out. So its files are taken
//! in as files, but for a submodule that `.gitmodules` names, which stays a link, and for a further worktree of the
//! project's own repository, which is left out. What the branch can't hold of them is told by [`Workspace::held_within`].

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::WorkspaceError;
use crate::git::{Git, Output, failed, path_of};
use crate::ids::TreeId;
use crate::workspace::{Inner, Workspace, blocking, to_the_end};

/// A repository within the worktree that holds work which would go with the worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where it lies, from the worktree's root.
    pub path: PathBuf,
    /// What of it is nowhere else.
    pub what: Work,
}

/// Work in a repository within the worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Files that were changed since its last commit.
    Changes,
    /// Commits that it alone has.
    Commits,
    /// Whatever it is: git can't read it.
    Unreadable,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Work::Changes => "changes that are not committed there",
            Work::Commits => "commits that no other repository has",
            Work::Unreadable => "something that git can't read",
        };
        write!(f, "the repository {} within the worktree holds {what}", self.path.display())
    }
}

impl Workspace {
    /// The repositories within the worktree that hold what the workflow's branch can't: push it or copy it, before the
    /// worktree goes.
    pub async fn held_within(&self) -> Result<Vec<Held>, WorkspaceError> {
        let inner = self.inner();
        to_the_end(async move {
            let _turn = inner.turn().await;
            let head = inner.refs().await?.0;
            let tree = inner.snapshot(&head.tree).await?;
            inner.held_within(&tree).await
        })
        .await
    }
}

impl Inner {
    /// Takes all files that git doesn't ignore into an index which has the head's.
    pub(crate) async fn stage_all(&self, head_tree: &TreeId, index: &Path) -> Result<(), WorkspaceError> {
        let (mut as_files, mut left_out) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let add = self.git(["add", "--all", "--ignore-errors"], index).output().await?;
            let mut found = without_commit(&add)?;
            found.extend(self.new_links(head_tree, index).await?);
            found.retain(|path| !as_files.contains(path) && !left_out.contains(path));
            if found.is_empty() {
                break;
            }
            for path in found {
                let own = self.is_own_worktree(&path);
                if own {
                    left_out.insert(path)
                } else {
                    as_files.insert(path)
                };
            }
            // Where the index has a file below a folder, git takes the folder for one, whatever repository it is. The file
            // isn't there, so git takes it off again.
            let file = format!("100644 {head_tree}\t");
            self.tell_index(index, &as_files, |path| [file.as_bytes(), path, b"/.adw-none"].concat()).await?;
        }
        let gone = format!("0 {}\t", "0".repeat(head_tree.as_str().len()));
        self.tell_index(index, &left_out, |path| [gone.as_bytes(), path].concat()).await
    }

    /// Writes entries into an index, one for each path.
    async fn tell_index(
        &self,
        index: &Path,
        paths: &BTreeSet<PathBuf>,
        entry: impl Fn(&[u8]) -> Vec<u8>,
    ) -> Result<(), WorkspaceError> {
        if paths.is_empty() {
            return Ok(());
        }
        let entries: Vec<_> = paths.iter().map(|path| entry(path.as_os_str().as_bytes())).collect();
        let update = self.git(["update-index", "-z", "--index-info"], index);
        update.stdin([entries.join(&0), vec![0]].concat()).bytes().await.map(drop)
    }

    /// Links to commits that the head hasn't and `.gitmodules` doesn't name.
    async fn new_links(&self, head_tree: &TreeId, index: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
        let diff = ["diff-index", "--cached", "--raw", "-z", "--no-renames", head_tree.as_str()];
        let raw = self.git(diff, index).bytes().await?;
        let mut fields = raw.split(|byte| *byte == 0);
        let mut links = Vec::new();
        while let (Some(modes), Some(path)) = (fields.next(), fields.next()) {
            // `:OLD NEW …`
            if modes.get(8..14) == Some(b"160000") && modes.get(1..7) != Some(b"160000") {
                links.push(path_of(path));
            }
        }
        if !links.is_empty() {
            let named = self.submodules().await?;
            links.retain(|link| !named.contains(link));
        }
        Ok(links)
    }

    /// The paths that `.gitmodules` names.
    async fn submodules(&self) -> Result<BTreeSet<PathBuf>, WorkspaceError> {
        let file = self.path.join(".gitmodules");
        let file = ["config".as_ref(), "--file".as_ref(), file.as_os_str()];
        let list = ["-z", "--get-regexp", r"^submodule\..*\.path$"].map(OsStr::new);
        let list = Git::new(file.into_iter().chain(list)).git_dir(&self.common_dir);
        let listed = list.output().await?.stdout;
        let values = listed.split(|byte| *byte == 0);
        Ok(values.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\n').nth(1)).map(path_of).collect())
    }

    /// Whether a folder is a further worktree of the project's repository.
    fn is_own_worktree(&self, path: &Path) -> bool {
        let folder = self.path.join(path);
        let pointer = std::fs::read(folder.join(".git")).unwrap_or_default();
        let target = pointer.strip_prefix(b"gitdir: ").map(|target| path_of(target.trim_ascii_end()));
        let target = target.and_then(|target| folder.join(target).canonicalize().ok());
        target.is_some_and(|target| {
            target.starts_with(self.common_dir.join("worktrees")) && !target.starts_with(&self.git_dir)
        })
    }

    /// The repositories within the worktree that hold what a tree of its files has not.
    pub(crate) async fn held_within(&self, tree: &TreeId) -> Result<Vec<Held>, WorkspaceError> {
        let mut held = Vec::new();
        for path in self.repositories_within().await? {
            if let Some(what) = self.held_by(&path, tree).await? {
                held.push(Held { path, what });
            }
        }
        Ok(held)
    }

    async fn held_by(&self, path: &Path, tree: &TreeId) -> Result<Option<Work>, WorkspaceError> {
        let folder = self.path.join(path);
        let dot_git = folder.join(".git");
        let git = |args: &[&str]| Git::new(args).git_dir(&dot_git).work_tree(&folder);
        if !git(&["rev-parse", "--git-dir"]).output().await?.status.success() {
            // Nothing that git takes for a repository.
            return Ok(None);
        }
        let began_as = self.link(&self.base.to_string(), path).await?;
        let mut loose = vec!["rev-list", "--max-count=1", "--ignore-missing", "HEAD"];
        if self.is_own_worktree(path) {
            loose.extend(["--not", "--branches", "--tags", "--remotes"]);
        } else {
            loose.extend(["--branches", "--glob=refs/stash*", "--not", "--remotes"]);
            loose.extend(began_as.as_deref());
        }
        let loose = git(&loose).output().await?;
        if !loose.status.success() {
            return Ok(Some(Work::Unreadable));
        }
        if !loose.stdout.is_empty() {
            return Ok(Some(Work::Commits));
        }
        if self.has_its_files(tree, path).await? {
            return Ok(None);
        }
        let status = git(&["status", "--porcelain", "--ignore-submodules=none"]).output().await?;
        let is_clean = status.status.success() && status.stdout.is_empty();
        Ok((!is_clean).then_some(Work::Changes))
    }

    /// The commit that a tree has for a path, where it has one.
    async fn link(&self, tree: &str, path: &Path) -> Result<Option<String>, WorkspaceError> {
        let entry = self.entry(tree, path).await?;
        let id = entry.strip_prefix("160000 commit ").and_then(|rest| rest.split('\t').next());
        Ok(id.map(str::to_owned))
    }

    /// Whether a tree has a folder for a path.
    async fn has_its_files(&self, tree: &TreeId, path: &Path) -> Result<bool, WorkspaceError> {
        Ok(self.entry(tree.as_str(), path).await?.starts_with("040000 "))
    }

    async fn entry(&self, tree: &str, path: &Path) -> Result<String, WorkspaceError> {
        let list = ["--literal-pathspecs", "ls-tree", "-z", "--full-tree", tree, "--"].map(OsStr::new);
        let list = Git::new(list.into_iter().chain([path.as_os_str()])).git_dir(&self.common_dir);
        Ok(String::from_utf8_lossy(&list.bytes().await?).into_owned())
    }

    /// The folders below the root with a `.git` of their own, but for those in folders that git ignores.
    async fn repositories_within(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        let ignored = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
        let ignored = self.git(ignored, &self.private_index).bytes().await?;
        let ignored: BTreeSet<PathBuf> = ignored
            .split(|byte| *byte == 0)
            .filter_map(|path| path.strip_suffix(b"/"))
            .map(|folder| self.path.join(path_of(folder)))
            .collect();
        let root = self.path.clone();
        blocking(move || {
            let (mut found, mut open) = (Vec::new(), vec![root.clone()]);
            while let Some(folder) = open.pop() {
                let Ok(entries) = std::fs::read_dir(&folder) else { continue };
                for entry in entries.filter_map(Result::ok) {
                    let path = entry.path();
                    if entry.file_name() == ".git" {
                        found.extend(folder.strip_prefix(&root).map(Path::to_owned));
                    } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !ignored.contains(&path) {
                        open.push(path);
                    }
                }
            }
            found.retain(|path| !path.as_os_str().is_empty());
            found.sort_unstable();
            Ok(found)
        })
        .await
    }
}

/// The repositories without a commit that git has left out, and calls errors; a file that it may not read is one.
pub(crate) fn without_commit(add: &Output) -> Result<Vec<PathBuf>, WorkspaceError> {
    if add.status.success() {
        return Ok(Vec::new());
    }
    let of_repository = |line: &str| {
        let path = line.strip_prefix("error: '")?.strip_suffix("/' does not have a commit checked out")?;
        Some(PathBuf::from(path))
    };
    let errors = add
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: ") || line.starts_with("fatal: "))
        .filter(|line| *line != "fatal: adding files failed");
    let found: Option<Vec<PathBuf>> = errors.map(of_repository).collect();
    // One that was killed says nothing, and did nothing.
    found.filter(|found| !found.is_empty()).ok_or_else(|| failed("add".to_owned(), add))
}
