//! What is a person's, photographed before and after.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

use super::repository::without_settings;

/// What no workflow may touch: every file of the checkout and of git's own folder, with its mode; the index not even
/// rewritten with the same content; what git says of HEAD, branches, stash, worktrees and submodules.
#[derive(Debug, PartialEq, Eq)]
pub struct Belongings {
    files: BTreeMap<PathBuf, File>,
    /// Objects may be added, and none may change or go.
    objects: BTreeMap<PathBuf, File>,
    indexes: BTreeMap<PathBuf, (u64, i64, i64)>,
    answers: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Eq)]
struct File {
    mode: u32,
    content: String,
}

/// What git is asked, without leave to refresh the index.
const QUESTIONS: &[&[&str]] = &[
    &["rev-parse", "--verify", "HEAD"],
    &["symbolic-ref", "HEAD"],
    &["status", "--porcelain=v2", "--branch", "--show-stash"],
    &["stash", "list"],
    &["reflog", "show", "HEAD"],
    &["config", "--list", "--show-origin"],
    &["submodule", "status"],
    &["for-each-ref", "--format=%(refname) %(objectname)"],
    &["worktree", "list", "--porcelain"],
];

impl Belongings {
    /// All that is the person's in a folder and in the repository that it belongs to.
    pub fn of(folder: &Path) -> Self {
        let mut places = BTreeSet::from([folder.canonicalize().unwrap()]);
        for name in ["--git-common-dir", "--git-dir"] {
            let (fine, answer) = ask(folder, &["rev-parse", "--path-format=absolute", name]);
            let place = Path::new(OsStr::from_bytes(answer.trim_ascii_end())).to_owned();
            places.extend(place.canonicalize().ok().filter(|_| fine));
        }
        // Before git is asked for more: the index must be as it was left.
        let mut belongings = Self {
            files: BTreeMap::new(),
            objects: BTreeMap::new(),
            indexes: BTreeMap::new(),
            answers: BTreeMap::new(),
        };
        for place in &places {
            belongings.look_into(place);
        }
        for question in QUESTIONS {
            let (fine, answer) = ask(folder, question);
            let answer = format!("{}(fine: {fine})", without_ours(&String::from_utf8_lossy(&answer)));
            belongings.answers.insert(question.join(" "), answer);
        }
        belongings
    }

    fn look_into(&mut self, place: &Path) {
        let mut ahead = vec![place.to_owned()];
        while let Some(folder) = ahead.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                if is_ours(&path) {
                    continue;
                }
                // A server that puts a worktree away may be at it.
                let Ok(metadata) = path.symlink_metadata() else { continue };
                if metadata.is_dir() {
                    ahead.push(path);
                    continue;
                }
                let file = File { mode: metadata.permissions().mode(), content: content(&path) };
                if path.file_name() == Some(OsStr::new("index")) {
                    let stamp = (metadata.ino(), metadata.mtime(), metadata.mtime_nsec());
                    self.indexes.insert(path.clone(), stamp);
                }
                let is_object = path.components().any(|part| part.as_os_str() == "objects");
                if is_object { &mut self.objects } else { &mut self.files }.insert(path, file);
            }
        }
    }

    /// Fails with what differs.
    #[track_caller]
    pub fn are_untouched(&self, now: &Self) {
        let differing = self.differing(now);
        assert!(differing.is_empty(), "these were changed, made or removed:\n{}", differing.join("\n"));
    }

    /// What differs, in a line each.
    pub fn differing(&self, now: &Self) -> Vec<String> {
        let mut differing = Vec::new();
        for path in self.files.keys().chain(now.files.keys()).collect::<BTreeSet<_>>() {
            if self.files.get(path) != now.files.get(path) {
                differing.push(path.display().to_string());
            }
        }
        for (path, object) in &self.objects {
            if now.objects.get(path) != Some(object) {
                differing.push(format!("the object {}", path.display()));
            }
        }
        if self.indexes != now.indexes {
            differing.push(format!("an index was rewritten: {:?}, {:?}", self.indexes, now.indexes));
        }
        for (question, answer) in &self.answers {
            if now.answers.get(question) != Some(answer) {
                let now = now.answers.get(question).map(String::as_str).unwrap_or_default();
                differing.push(format!("git {question} said:\n{answer}and says:\n{now}"));
            }
        }
        differing
    }
}

fn content(path: &Path) -> String {
    if path.is_symlink() {
        return format!("-> {}", std::fs::read_link(path).unwrap().display());
    }
    match std::fs::read(path) {
        Ok(bytes) => format!("{} bytes, {:x?}", bytes.len(), Sha256::digest(&bytes)),
        // A socket, or what this user may not read.
        Err(error) => error.to_string(),
    }
}

/// What is the runtime's by agreement: its folder; in git's folder the workflows' branches, their checkpoints, and
/// git's notes of their worktrees, also while one is made or removed. A reftable has all refs in one: what git says of them has to do.
fn is_ours(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let ours = ["/refs/heads/adw-task", "/refs/adw", "/logs/refs/heads/adw-task", "/reftable"];
    let is_note = || {
        path.parent().is_some_and(|parent| parent.ends_with("worktrees"))
            && std::fs::read(path.join("gitdir")).map_or(true, |told| holds(&told, b"/.adw/trees/"))
    };
    text.ends_with("/.adw")
        // Empty, it stays when a worktree has gone.
        || ours.iter().any(|end| text.ends_with(end))
        || is_note()
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// What git answered, without the runtime's refs and worktrees.
fn without_ours(answer: &str) -> String {
    let of_ours = |block: &&str| {
        !["refs/heads/adw-task/", "refs/adw/", "worktree "].iter().any(|start| block.starts_with(start))
            || (block.starts_with("worktree ") && !block.contains("/.adw/trees/"))
    };
    // Worktrees are told in blocks, everything else in lines.
    if answer.starts_with("worktree ") {
        return answer.split_inclusive("\n\n").filter(of_ours).collect();
    }
    answer.split_inclusive('\n').filter(of_ours).collect()
}

/// Whether git was content, and what it answered.
fn ask(folder: &Path, question: &[&str]) -> (bool, Vec<u8>) {
    let mut git = Command::new("git");
    git.arg("--no-optional-locks").args(question).current_dir(folder);
    let output = without_settings(&mut git).output().unwrap();
    (output.status.success(), output.stdout)
}
