//! What a repository can be: where its files and git's folder are, and how it stores objects and refs.

use std::path::{Path, PathBuf};

use super::kind::{Kind, checkout, commit, git, plain, write};

pub const KINDS: &[Kind] = &[
    Kind::changed("plain", plain),
    Kind::changed("bare", bare),
    Kind::changed("worktree", worktree),
    Kind::changed("worktree-subfolder", |place| worktree(place).join("sub")),
    Kind::changed("subfolder", subfolder),
    Kind::changed("submodules", submodules),
    Kind::changed("itself-a-submodule", |place| submodules(place).join("library")),
    Kind::changed("git-file", git_file),
    Kind::changed("core-worktree", core_worktree),
    Kind::changed("symlinked", symlinked),
    Kind::changed("symlinked-git", symlinked_git),
    Kind::changed("shallow", shallow),
    Kind::changed("partial", partial),
    Kind::changed("alternates", alternates),
    Kind::changed("packed", packed),
    Kind::changed("sha256", |place| checkout(place.join("repository"), &["--object-format=sha256"])),
    Kind::changed("reftable", |place| checkout(place.join("repository"), &["--ref-format=reftable"])),
    Kind::made("no-git", no_git),
    Kind::made("no-git-with-repositories-within", no_git_with_repositories_within),
    Kind::made("empty-folder", Path::to_owned),
];

/// Whether this git keeps refs in tables, as it does since 2.45.
pub fn has_reftables() -> bool {
    let help = std::process::Command::new("git").args(["init", "-h"]).output().unwrap();
    String::from_utf8_lossy(&help.stdout).contains("ref-format")
}

fn bare(place: &Path) -> PathBuf {
    plain(place);
    git(place, &["clone", "-q", "--bare", "repository", "bare.git"]);
    place.join("bare.git")
}

/// A linked worktree on a branch of its own; the checkout that it belongs to has no README.md any more.
fn worktree(place: &Path) -> PathBuf {
    let main = plain(place);
    write(&main, "sub/file.txt", "sub\n");
    commit(&main, "more");
    git(&main, &["worktree", "add", "-q", "-b", "side", "../side"]);
    git(&main, &["rm", "-q", "README.md"]);
    commit(&main, "less");
    place.join("side")
}

fn subfolder(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "a/b/file.txt", "deep\n");
    commit(&path, "more");
    path.join("a/b")
}

/// One submodule is at another commit than the one that is recorded, one is not initialised.
fn submodules(place: &Path) -> PathBuf {
    checkout(place.join("library-origin"), &[]);
    let path = plain(place);
    for name in ["library", "absent"] {
        git(
            &path,
            &["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../library-origin", name],
        );
    }
    commit(&path, "libraries");
    git(&path, &["submodule", "deinit", "-q", "absent"]);
    let library = path.join("library");
    git(&library, &["config", "user.name", "P"]);
    git(&library, &["config", "user.email", "p@example.org"]);
    write(&library, "more.txt", "more\n");
    commit(&library, "more");
    write(&library, "dirty.txt", "dirty\n");
    path
}

fn git_file(place: &Path) -> PathBuf {
    checkout(place.join("repository"), &["--separate-git-dir=../elsewhere.git"])
}

/// git's folder says where the files are, and they are elsewhere.
fn core_worktree(place: &Path) -> PathBuf {
    let path = plain(place);
    std::fs::create_dir(place.join("files")).unwrap();
    std::fs::rename(path.join("README.md"), place.join("files/README.md")).unwrap();
    git(&path, &["config", "core.worktree", "../../files"]);
    path
}

fn symlinked(place: &Path) -> PathBuf {
    plain(place);
    std::os::unix::fs::symlink("repository", place.join("link")).unwrap();
    place.join("link")
}

fn symlinked_git(place: &Path) -> PathBuf {
    let path = plain(place);
    std::fs::rename(path.join(".git"), place.join("moved.git")).unwrap();
    std::os::unix::fs::symlink("../moved.git", path.join(".git")).unwrap();
    path
}

fn shallow(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "more.txt", "more\n");
    commit(&path, "more");
    git(place, &["clone", "-q", "--depth=1", &format!("file://{}", path.display()), "shallow"]);
    place.join("shallow")
}

/// Without the files' content, which git fetches when it is needed.
fn partial(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["config", "uploadpack.allowFilter", "true"]);
    let origin = format!("file://{}", path.display());
    git(place, &["clone", "-q", "--no-checkout", "--filter=blob:none", &origin, "partial"]);
    place.join("partial")
}

/// Objects that lie in another repository.
fn alternates(place: &Path) -> PathBuf {
    plain(place);
    git(place, &["clone", "-q", "--shared", "repository", "borrower"]);
    place.join("borrower")
}

fn packed(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["tag", "-a", "v1", "-m", "one"]);
    git(&path, &["gc", "-q"]);
    path
}

fn no_git(place: &Path) -> PathBuf {
    let path = place.join("folder");
    write(&path, "notes.txt", "notes\n");
    write(&path, "out/build.o", "object\n");
    write(&path, ".gitignore", "out/\n");
    path
}

fn no_git_with_repositories_within(place: &Path) -> PathBuf {
    let path = no_git(place);
    checkout(path.join("inner"), &[]);
    git(&path, &["init", "-q", "unborn"]);
    path
}
