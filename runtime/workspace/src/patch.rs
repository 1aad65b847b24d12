//! Applying a unified diff to the worktree: all of it or nothing.
//!
//! The diff is applied to an index first, by `git apply`, which judges hunks and paths. What would come out is then
//! looked at as a tree, and only a sound one reaches the files.

use std::path::{Component, Path};

use crate::error::WorkspaceError;
use crate::git::{Git, Output, failed};
use crate::hunks;
use crate::ids::TreeId;
use crate::index::{Scratch, copy_with_time};
use crate::remedy;
use crate::workspace::{Inner, Workspace, to_the_end};

/// The longest name of a file, in bytes: what file systems have in common.
const LONGEST_NAME: usize = 255;

/// The shortest beginning of an id that git writes.
const SHORTEST_ID: usize = 4;

/// Why a diff was not applied. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The text holds no diff.
    #[error("there is no unified diff in the text; give one as `git diff --binary` or `diff -u` prints it")]
    NoDiff,
    /// The text breaks off or its hunk headers count wrong.
    #[error(
        "the diff is damaged at its line {line}: its hunk's header does not fit the lines that follow, or the end is \
         missing; give it whole, as `git diff` prints it"
    )]
    Damaged {
        /// The line of the diff.
        line: u64,
    },
    /// A hunk has fewer lines than its header says: the end is missing, or the header counts wrong. Both count lines of the
    /// old file, then of the new one.
    #[error(
        "the diff is damaged: the hunk at its line {line} says that it has {} lines of the old file and {} of the new one, and \
         it has {} and {}; give it whole, as `git diff` prints it",
        says[0], says[1], has[0], has[1]
    )]
    Miscounted {
        /// The line of the diff that the hunk's header is.
        line: u64,
        /// What the header says.
        says: [u64; 2],
        /// What follows.
        has: [u64; 2],
    },
    /// A hunk's context is not in the file.
    #[error(
        "the diff does not fit {path} at line {line}; make it anew, on what the task begins from. These lines were \
         expected there:\n{expected}"
    )]
    Mismatch {
        /// The file.
        path: String,
        /// Where the hunk was to go.
        line: u64,
        /// The lines that the hunk needs.
        expected: String,
    },
    /// A hunk's lines are in the file, and more lines after them, while the hunk has none after what it changes.
    #[error(
        "the hunk at line {line} of the diff has no line of context at its end, which says that {path} ends there, and it does \
         not. Add the lines that follow in the file, up to three, each with a space before it, and count them in the hunk's \
         header, which says {} and {}; or make the diff anew with `git diff`",
        says[0], says[1]
    )]
    NoEnd {
        /// The file.
        path: String,
        /// The line of the diff that the hunk's header is.
        line: u64,
        /// How many lines of the old file and of the new one the header says.
        says: [u64; 2],
    },
    /// Hunks have no lines around what they change, and the file may not be the one that they were made from.
    #[error(
        "the diff has changes without a line of context, and nothing tells that they would go where they were meant to; \
         make it anew, on what the task begins from, with `git diff` without -U0"
    )]
    NoContext,
    /// A file that the diff changes is not there.
    #[error(
        "the diff changes {path}, which is not in the workspace (or git ignores it); name files as they lie below the \
         repository's root"
    )]
    Missing {
        /// The file.
        path: String,
    },
    /// A file that the diff makes is there already.
    #[error("the diff makes {path}, which exists already; make a diff that changes it")]
    Exists {
        /// The file.
        path: String,
    },
    /// A file that the diff makes would be in no commit.
    #[error(
        "the diff makes {path}, which git ignores, and so no commit would have it; take it out of the diff, or of what \
         .gitignore names (`git check-ignore -v {path}` says where)"
    )]
    Ignored {
        /// The file.
        path: String,
    },
    /// The diff reaches beyond the workspace, or into git's own.
    #[error("the diff may not touch {path}: {reason}")]
    Forbidden {
        /// The path.
        path: String,
        /// Why not.
        reason: &'static str,
    },
    /// All that it does is done.
    #[error("the diff is applied already: nothing is left to do")]
    AlreadyApplied,
    /// git refused it for another reason.
    #[error("git does not apply the diff: {0}; give it as `git diff --binary` prints it")]
    Refused(String),
    /// The workspace could not be worked on.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

impl Workspace {
    /// Applies a unified diff, as `git diff` or `diff -u` prints it, with `a/` and `b/` before the names or without.
    /// Line ends may differ between diff and file. Symlinks that lead out of the workspace are refused.
    pub async fn apply_patch(&self, diff: &str) -> Result<(), PatchError> {
        let (inner, diff) = (self.inner(), diff.to_owned());
        let applied = to_the_end(async move {
            let _turn = inner.turn().await;
            Ok(inner.apply(&diff).await)
        });
        applied.await?
    }
}

impl Inner {
    async fn apply(&self, diff: &str) -> Result<(), PatchError> {
        let head = self.refs().await?.0;
        let before = self.snapshot(&head.tree).await?;
        let after = self.try_spellings(diff, &before).await?;
        self.refuse_unsound(&before, &after).await?;
        if let Some(path) = self.ignored_in_the_way(&before, &after).await?.into_iter().next() {
            return Err(PatchError::Exists { path: path.display().to_string() });
        }
        self.make_tree(&before, &after).await?;
        // Only now: the diff may change what is ignored.
        let refused = match self.first_ignored(&before, &after).await {
            Ok(None) => return Ok(()),
            Ok(Some(path)) => PatchError::Ignored { path },
            Err(error) => error.into(),
        };
        self.make_tree(&after, &before).await?;
        Err(refused)
    }

    /// The tree that the diff makes, read in the ways that it may have been meant. The first reading is the likeliest,
    /// and its refusal the one to tell.
    async fn try_spellings(&self, diff: &str, before: &TreeId) -> Result<TreeId, PatchError> {
        let likeliest = Spelling::of(diff);
        let refusal = match self.apply_to_index(&likeliest, Way::Forth).await? {
            Ok(tree) => return Ok(tree),
            Err(refusal) => refusal,
        };
        for other in likeliest.others(&refusal) {
            if let Ok(tree) = self.apply_to_index(&other, Way::Forth).await? {
                return Ok(tree);
            }
        }
        if matches!(refusal, PatchError::Mismatch { .. })
            && lacks_context(&likeliest.text)
            && let Some(tree) = self.apply_without_context(&likeliest, before).await?
        {
            return tree;
        }
        if let PatchError::Mismatch { path, line, .. } = &refusal
            && let Some((hunk, says)) = hunks::without_an_end(&likeliest.text, *line)
            && self.apply_to_index(&likeliest, Way::ByLineNumber).await?.is_ok()
        {
            return Err(PatchError::NoEnd { path: path.clone(), line: hunk, says });
        }
        let may_be_done = matches!(
            refusal,
            PatchError::Mismatch { .. } | PatchError::Exists { .. } | PatchError::Missing { .. }
        );
        if may_be_done && self.apply_to_index(&likeliest, Way::Back).await?.is_ok() {
            return Err(PatchError::AlreadyApplied);
        }
        Err(hunks::explain(refusal, &likeliest.text))
    }

    /// Applies to a copy of the private index, which has the worktree's tree.
    async fn apply_to_index(
        &self,
        spelling: &Spelling,
        way: Way,
    ) -> Result<Result<TreeId, PatchError>, WorkspaceError> {
        let scratch = Scratch::beside(&self.private_index)?;
        let index = scratch.index();
        copy_with_time(&self.private_index, &index).await?;
        let mut args =
            vec!["apply", "--cached", "--verbose", "--whitespace=nowarn", "--no-ignore-whitespace"];
        args.push(if spelling.prefixed { "-p1" } else { "-p0" });
        args.extend(way.option());
        let output = self.git(args, &index).stdin(spelling.text.as_str()).output().await?;
        if !output.status.success() {
            return refused(&output).map(Err);
        }
        Ok(Ok(self.git(["write-tree"], &index).text().await?.parse()?))
    }

    /// Applies a diff as `git diff -U0` makes it: only to the very files that it was made from. Its `index` lines say
    /// which those are, and what is to come out. None where that isn't what is wrong with it.
    async fn apply_without_context(
        &self,
        spelling: &Spelling,
        before: &TreeId,
    ) -> Result<Option<Result<TreeId, PatchError>>, PatchError> {
        let Ok(after) = self.apply_to_index(spelling, Way::ByLineNumber).await? else { return Ok(None) };
        let changes = self.changes_between(before, &after).await?;
        let is_meant = changes.iter().all(|change| spelling.says(&change.old_id, &change.new_id));
        Ok(Some(if is_meant { Ok(after) } else { Err(PatchError::NoContext) }))
    }

    async fn changes_between(&self, before: &TreeId, after: &TreeId) -> Result<Vec<Change>, WorkspaceError> {
        let args = [
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            before.as_str(),
            after.as_str(),
        ];
        let listing = Git::new(args).git_dir(&self.common_dir).bytes().await?;
        let listing = String::from_utf8_lossy(&listing);
        let mut fields = listing.split_terminator('\0');
        let mut changes = Vec::new();
        // `:<old mode> <new mode> <old id> <new id> <status>`, then the path.
        while let (Some(entry), Some(path)) = (fields.next(), fields.next()) {
            let mut words = entry.split(' ').skip(1).map(str::to_owned);
            let mut word = || words.next().unwrap_or_default();
            changes.push(Change { mode: word(), old_id: word(), new_id: word(), path: path.to_owned() });
        }
        Ok(changes)
    }

    /// Refuses what git would let pass, and what later writes could escape through.
    async fn refuse_unsound(&self, before: &TreeId, after: &TreeId) -> Result<(), PatchError> {
        for Change { mode, new_id, path, .. } in self.changes_between(before, after).await? {
            let forbidden = |reason| Err(PatchError::Forbidden { path: path.clone(), reason });
            if path.split('/').any(|name| name.len() > LONGEST_NAME) {
                return forbidden("no file system takes so long a name");
            }
            if mode == "160000" {
                return forbidden("a diff can't bring a submodule's commits");
            }
            if mode == "120000" {
                let target =
                    Git::new(["cat-file", "blob", &new_id]).git_dir(&self.common_dir).bytes().await?;
                if leads_out(&path, &String::from_utf8_lossy(&target)) {
                    return forbidden("it is a symlink that leads out of the workspace");
                }
            }
        }
        Ok(())
    }
}

/// A file in which two trees differ.
struct Change {
    /// Its mode in the later one.
    mode: String,
    old_id: String,
    new_id: String,
    path: String,
}

/// How a diff is applied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forth,
    /// Undone: whether that can be done tells whether it was done.
    Back,
    /// Where the lines' numbers say, which is wrong in any file but the one that it was made from.
    ByLineNumber,
}

impl Way {
    const fn option(self) -> Option<&'static str> {
        match self {
            Self::Forth => None,
            Self::Back => Some("--reverse"),
            Self::ByLineNumber => Some("--unidiff-zero"),
        }
    }
}

/// A way to read a diff.
struct Spelling {
    text: String,
    /// Whether names have something before them that is no part of the path.
    prefixed: bool,
}

impl Spelling {
    fn of(diff: &str) -> Self {
        // What was pasted with CRLF has them in its headers too, where a file never has.
        let pasted = diff.split_inclusive('\n').any(|line| is_header(line) && line.ends_with("\r\n"));
        let mut text = if pasted { diff.replace("\r\n", "\n") } else { diff.to_owned() };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Self { prefixed: has_prefixes(&text), text }
    }

    /// Whether one of its `index` lines says that it makes this file of that one.
    fn says(&self, old_id: &str, new_id: &str) -> bool {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix("index "));
        let ids = lines.filter_map(|line| line.split_whitespace().next()?.split_once(".."));
        ids.into_iter().any(|(old, new)| {
            let names = |short: &str, id: &str| short.len() >= SHORTEST_ID && id.starts_with(short);
            names(old, old_id) && names(new, new_id)
        })
    }

    /// How else it may have been meant, given why it was refused.
    fn others(&self, refusal: &PatchError) -> Vec<Self> {
        match refusal {
            // `old/` and `new/`, or whatever else stood there in place of `a/` and `b/`.
            PatchError::Missing { .. } if !self.prefixed => {
                vec![Self { text: self.text.clone(), prefixed: true }]
            }
            PatchError::Mismatch { .. } => {
                let content = [self.text.replace("\r\n", "\n"), with_crlf_content(&self.text)];
                content.map(|text| Self { text, prefixed: self.prefixed }).into()
            }
            _ => Vec::new(),
        }
    }
}

fn is_header(line: &str) -> bool {
    line.starts_with("--- ")
        || line.starts_with("+++ ")
        || line.starts_with("diff --git ")
        || line.starts_with("@@ -")
}

/// Whether the names in the headers have git's `a/` and `b/`.
fn has_prefixes(diff: &str) -> bool {
    let begins = |name: &str, prefix: &str| {
        let name = name.trim_start_matches('"');
        name.starts_with(prefix) || name.starts_with("/dev/null")
    };
    diff.lines().filter(|line| is_header(line)).all(|line| match line.split_once(' ') {
        Some(("---", name)) => begins(name, "a/"),
        Some(("+++", name)) => begins(name, "b/"),
        Some(("diff", names)) => names.strip_prefix("--git ").is_some_and(|names| begins(names, "a/")),
        _ => true,
    })
}

/// Whether a hunk has nothing around what it changes.
fn lacks_context(diff: &str) -> bool {
    let is_content = |line: &&str| line.is_empty() || line.starts_with([' ', '+', '-', '\\']);
    let has_context =
        |hunk: &str| hunk.lines().skip(1).take_while(is_content).any(|line| line.starts_with(' '));
    diff.split("\n@@ -").skip(1).any(|hunk| !has_context(hunk))
}

/// The same diff for files with CRLF line ends: content lines get them, headers don't.
fn with_crlf_content(diff: &str) -> String {
    let mut text = String::with_capacity(diff.len() + diff.len() / 16);
    let mut in_hunk = false;
    let mut lines = diff.lines().peekable();
    while let Some(line) = lines.next() {
        // A removed line `-- x` looks like a header, but for what follows it.
        let is_name = line.starts_with("--- ") && lines.peek().is_some_and(|next| next.starts_with("+++ "));
        if line.starts_with("@@ -") {
            in_hunk = true;
        } else if is_name || line.starts_with("diff --git ") {
            in_hunk = false;
        }
        let is_content = in_hunk && line.starts_with([' ', '+', '-']);
        text.push_str(line);
        text.push_str(if is_content { "\r\n" } else { "\n" });
    }
    text
}

/// Whether a symlink at a path leads out of the root or into git's own, by its words alone.
fn leads_out(path: &str, target: &str) -> bool {
    let mut depth: usize = Path::new(path).components().count().saturating_sub(1);
    for component in Path::new(target).components() {
        match component {
            Component::Normal(name) if name.eq_ignore_ascii_case(".git") => return true,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}

/// What is wrong with the diff, unless it is the disk that is at fault. Lines of the diff may be among what git says.
fn refused(apply: &Output) -> Result<PatchError, WorkspaceError> {
    let is_want_of_space = |line: &str| {
        (line.starts_with("error: ") || line.starts_with("fatal: ")) && remedy::is_want_of_space(line)
    };
    if apply.stderr.lines().any(is_want_of_space) {
        return Err(failed("apply".to_owned(), apply));
    }
    Ok(read_refusal(&apply.stderr))
}

/// Reads what `git apply --verbose` says about a diff that it refuses.
fn read_refusal(stderr: &str) -> PatchError {
    let errors: Vec<&str> = stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    let first = errors
        .iter()
        .find(|error| **error != "while searching for:")
        .copied()
        .unwrap_or_else(|| stderr.trim());
    if first.starts_with("No valid patches in input") {
        return PatchError::NoDiff;
    }
    if let Some(line) = number_after(first, "corrupt patch at line ")
        .or_else(|| number_after(first, "patch fragment without header at line "))
    {
        return PatchError::Damaged { line };
    }
    if let Some((path, line)) = first.strip_prefix("patch failed: ").and_then(|rest| rest.rsplit_once(':')) {
        let expected = searched_for(stderr);
        return PatchError::Mismatch {
            path: path.to_owned(),
            line: line.parse().unwrap_or_default(),
            expected,
        };
    }
    if let Some(path) = first.strip_prefix("invalid path ") {
        let reason = "a path leads neither out of the repository nor into .git";
        return PatchError::Forbidden { path: unquoted(path), reason };
    }
    if let Some(path) =
        first.strip_prefix("affected file ").and_then(|rest| rest.strip_suffix(" is beyond a symbolic link"))
    {
        return PatchError::Forbidden { path: unquoted(path), reason: "it lies beyond a symlink" };
    }
    if let Some(path) = first
        .strip_suffix(": does not exist in index")
        .or_else(|| first.strip_suffix(": No such file or directory"))
    {
        return PatchError::Missing { path: path.to_owned() };
    }
    if let Some(path) = first
        .strip_suffix(": already exists in index")
        .or_else(|| first.strip_suffix(": already exists in working directory"))
    {
        return PatchError::Exists { path: path.to_owned() };
    }
    // git adds that nothing valid is left once the only file is refused.
    let errors: Vec<&str> =
        errors.into_iter().filter(|error| !error.starts_with("No valid patches in input")).collect();
    PatchError::Refused(if errors.is_empty() { stderr.trim().to_owned() } else { errors.join("; ") })
}

fn number_after(text: &str, start: &str) -> Option<u64> {
    text.strip_prefix(start)?.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn unquoted(path: &str) -> String {
    match path.trim_matches('\'') {
        "" => "a file without a name".to_owned(),
        path => path.to_owned(),
    }
}

/// The lines that git looked for, as far as they help a reader.
fn searched_for(stderr: &str) -> String {
    const LINES: usize = 12;
    let mut lines = stderr.lines().skip_while(|line| *line != "error: while searching for:").skip(1);
    let wanted: Vec<&str> =
        lines.by_ref().take_while(|line| !line.starts_with("error: patch failed: ")).collect();
    let shown = &wanted[..wanted.len().min(LINES)];
    shown.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symlink_leads_out_by_its_words() {
        for (path, target) in [
            ("l", "/etc"),
            ("l", ".."),
            ("l", "../x"),
            ("a/l", "../../x"),
            ("l", "a/../../x"),
            ("l", ".git/hooks"),
            ("a/l", "../.GIT"),
        ] {
            assert!(leads_out(path, target), "{path} -> {target}");
        }
        for (path, target) in
            [("l", "a"), ("a/l", "../b"), ("l", "./a/../b"), ("a/b/l", "../../x"), ("l", "a.git")]
        {
            assert!(!leads_out(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn a_full_disk_is_no_fault_of_the_diff() {
        use std::os::unix::process::ExitStatusExt;
        let refused = |stderr: &str| {
            let status = std::process::ExitStatus::from_raw(128 << 8);
            refused(&Output { status, stdout: Vec::new(), stderr: stderr.to_owned() })
        };
        let full = "error: unable to write file .git/objects/ab/cd: No space left on device\n\
                    error: unable to create backing store for newly created file new.txt\n";
        assert!(refused(full).is_err_and(|error| error.is_want_of_space()));
        let words = "error: while searching for:\nNo space left\nerror: patch failed: a.txt:1\nerror: a.txt: patch does \
                     not apply\n";
        assert!(matches!(refused(words), Ok(PatchError::Mismatch { .. })));
    }
}
