//! How git may be configured, and what it may be told to run.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::kind::{Kind, commit, git, plain, write};

pub const KINDS: &[Kind] = &[
    Kind::changed("failing-hooks", failing_hooks),
    Kind::changed("hooks-path", hooks_path),
    Kind::changed("signed-commits", |place| configured(place, SIGNED)),
    Kind::changed("fsmonitor", |place| configured(place, &[("core.fsmonitor", "false;")])),
    Kind::changed("many-files", |place| configured(place, MANY_FILES)),
    Kind::changed("no-file-modes", |place| configured(place, &[("core.fileMode", "false")])),
    Kind::changed("no-identity", no_identity),
    Kind::changed("a-taste-of-ones-own", |place| configured(place, TASTE)),
    Kind::changed("worktree-config", |place| configured(place, &[("extensions.worktreeConfig", "true")])),
    Kind::changed("sparse", |place| sparse(place, &["set", "--cone", "shown"])),
    Kind::changed("sparse-by-patterns", |place| sparse(place, &["set", "--no-cone", "/*", "!/hidden/"])),
    Kind::changed("sparse-in-the-old-way", sparse_in_the_old_way),
    Kind::changed("autocrlf", |place| configured(place, &[("core.autocrlf", "true")])),
    Kind::changed("autocrlf-input", autocrlf_input),
    Kind::changed("filters", |place| filtered(place, &[("clean", "tr a-z A-Z"), ("smudge", "tr A-Z a-z")])),
    Kind::changed("filters-that-may-fail", |place| {
        filtered(place, &[("clean", "false"), ("smudge", "false")])
    }),
    Kind::changed("utf-16", utf_16),
];

const SIGNED: &[(&str, &str)] =
    &[("commit.gpgSign", "true"), ("gpg.program", "false"), ("tag.gpgSign", "true")];

const MANY_FILES: &[(&str, &str)] =
    &[("feature.manyFiles", "true"), ("core.splitIndex", "true"), ("index.sparse", "true")];

/// What people like, and what has broken programs that read git's output.
const TASTE: &[(&str, &str)] = &[
    ("color.ui", "always"),
    ("core.pager", "false"),
    ("core.quotePath", "true"),
    ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"),
    ("diff.external", "false"),
    ("diff.submodule", "log"),
    ("diff.context", "0"),
    ("apply.whitespace", "error"),
    ("status.showUntrackedFiles", "no"),
    ("log.showSignature", "true"),
    ("log.date", "relative"),
    ("core.abbrev", "4"),
    ("core.commentChar", "a"),
    ("i18n.commitEncoding", "UTF-16"),
    ("add.ignoreErrors", "false"),
    ("checkout.defaultRemote", "nowhere"),
    ("worktree.guessRemote", "true"),
    ("core.logAllRefUpdates", "always"),
    ("alias.add", "!false"),
];

fn configured(place: &Path, settings: &[(&str, &str)]) -> PathBuf {
    let path = plain(place);
    for (name, value) in settings {
        git(&path, &["config", name, value]);
    }
    path
}

/// Every hook leaves a mark before it fails.
fn failing_hooks(place: &Path) -> PathBuf {
    let path = plain(place);
    install_hooks(&path.join(".git/hooks"));
    path
}

fn hooks_path(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "hooks/README", "ours\n");
    commit(&path, "hooks");
    git(&path, &["config", "core.hooksPath", &path.join("hooks").display().to_string()]);
    install_hooks(&path.join("hooks"));
    path
}

fn install_hooks(folder: &Path) {
    let hooks = [
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
        "pre-applypatch",
        "post-checkout",
        "post-merge",
        "post-rewrite",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
    ];
    for hook in hooks {
        write(folder, hook, "#!/bin/sh\ntouch \"$0.ran\"\nexit 1\n");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.join(hook), executable).unwrap();
    }
}

fn no_identity(place: &Path) -> PathBuf {
    let path = configured(place, &[("user.useConfigOnly", "true")]);
    git(&path, &["config", "--unset", "user.name"]);
    git(&path, &["config", "--unset", "user.email"]);
    path
}

/// Half of the files are hidden, and stay in the history.
fn sparse(place: &Path, how: &[&str]) -> PathBuf {
    let path = two_folders(place);
    git(&path, &[&["sparse-checkout"], how].concat());
    path
}

/// As git did before worktrees had configurations of their own.
fn sparse_in_the_old_way(place: &Path) -> PathBuf {
    let path = two_folders(place);
    git(&path, &["config", "core.sparseCheckout", "true"]);
    write(&path.join(".git/info"), "sparse-checkout", "/*\n!/hidden/\n");
    git(&path, &["read-tree", "-mu", "HEAD"]);
    path
}

fn two_folders(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "shown/file.txt", "shown\n");
    write(&path, "hidden/file.txt", "hidden\n");
    commit(&path, "folders");
    path
}

/// Lines end with CRLF in the history, from before the setting.
fn autocrlf_input(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "windows.txt", "one\r\ntwo\r\n");
    commit(&path, "windows");
    git(&path, &["config", "core.autocrlf", "input"]);
    path
}

fn filtered(place: &Path, commands: &[(&str, &str)]) -> PathBuf {
    let path = plain(place);
    write(&path, ".gitattributes", "*.txt filter=mine\n");
    write(&path, "shout.txt", "HELLO\n");
    commit(&path, "filtered");
    for (name, command) in commands {
        git(&path, &["config", &format!("filter.mine.{name}"), command]);
    }
    path
}

fn utf_16(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, ".gitattributes", "*.utf16 text working-tree-encoding=UTF-16LE\n");
    write(&path, "words.utf16", b"h\0i\0\n\0");
    commit(&path, "words");
    path
}
