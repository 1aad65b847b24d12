//! What can't be worked on as it is: the task says why, and what to do.

use std::path::{Path, PathBuf};

use super::kind::{Kind, commit, git, plain, write};

pub const KINDS: &[Kind] = &[
    Kind::failed("base-is-missing", plain).from("develop"),
    Kind::failed("branch-in-the-way", branch_in_the_way),
    Kind::failed("branch-is-taken", branch_is_taken),
    Kind::failed("refs-locked", refs_locked),
    Kind::failed("clean-filter-fails", |place| required_filter(place, &[("clean", "false")])),
    Kind::failed("smudge-filter-fails", |place| required_filter(place, &[("smudge", "false")])),
    Kind::failed("large-file-program-is-missing", large_file_program_is_missing),
    Kind::failed("content-is-elsewhere", content_is_elsewhere),
    Kind::failed("object-is-missing", object_is_missing),
    Kind::failed("object-is-damaged", object_is_damaged),
    Kind::failed("configuration-is-damaged", configuration_is_damaged),
    Kind::failed("head-is-damaged", head_is_damaged),
    Kind::failed("format-is-newer", format_is_newer),
    Kind::failed("git-file-leads-nowhere", git_file_leads_nowhere),
    Kind::failed("folder-is-missing", |place| place.join("nowhere")),
    Kind::failed("folder-is-a-file", folder_is_a_file),
];

/// git keeps a branch as a file, and so none below another.
fn branch_in_the_way(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["branch", "adw-task"]);
    path
}

fn branch_is_taken(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["branch", "adw-task/branch-is-taken"]);
    path
}

fn refs_locked(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["pack-refs", "--all"]);
    write(&path.join(".git"), "refs/heads/adw-task/refs-locked.lock", "");
    path
}

fn required_filter(place: &Path, commands: &[(&str, &str)]) -> PathBuf {
    let path = plain(place);
    write(&path, ".gitattributes", "*.txt filter=mine\n");
    write(&path, "shout.txt", "HELLO\n");
    commit(&path, "filtered");
    git(&path, &["config", "filter.mine.required", "true"]);
    for (name, command) in [("clean", "cat"), ("smudge", "cat")].iter().chain(commands) {
        git(&path, &["config", &format!("filter.mine.{name}"), command]);
    }
    path
}

fn large_file_program_is_missing(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    write(&path, "large.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    commit(&path, "pointers");
    git(&path, &["config", "filter.lfs.process", "git-lfs-that-is-missing filter-process"]);
    git(&path, &["config", "filter.lfs.required", "true"]);
    path
}

/// A partial clone whose origin has moved.
fn content_is_elsewhere(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["config", "uploadpack.allowFilter", "true"]);
    let origin = format!("file://{}", path.display());
    git(place, &["clone", "-q", "--no-checkout", "--filter=blob:none", &origin, "partial"]);
    std::fs::rename(&path, place.join("moved")).unwrap();
    place.join("partial")
}

fn object_is_missing(place: &Path) -> PathBuf {
    let path = plain(place);
    std::fs::remove_file(object_of(&path, "HEAD:README.md")).unwrap();
    path
}

fn object_is_damaged(place: &Path) -> PathBuf {
    let path = plain(place);
    let object = object_of(&path, "HEAD:README.md");
    std::fs::remove_file(&object).unwrap();
    std::fs::write(object, "garbage").unwrap();
    path
}

fn object_of(path: &Path, name: &str) -> PathBuf {
    let id = git(path, &["rev-parse", name]);
    let (folder, file) = id.trim().split_at(2);
    path.join(".git/objects").join(folder).join(file)
}

fn configuration_is_damaged(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path.join(".git"), "config", "[core\n");
    path
}

fn head_is_damaged(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path.join(".git"), "HEAD", "garbage");
    path
}

fn format_is_newer(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["config", "core.repositoryFormatVersion", "1"]);
    git(&path, &["config", "extensions.notYetThoughtOf", "true"]);
    path
}

fn git_file_leads_nowhere(place: &Path) -> PathBuf {
    write(place, "repository/.git", "gitdir: ../nowhere\n");
    place.join("repository")
}

fn folder_is_a_file(place: &Path) -> PathBuf {
    write(place, "repository", "a file\n");
    place.join("repository")
}
