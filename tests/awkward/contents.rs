//! What may be in a repository, and how it may be called.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::kind::{Kind, checkout, commit, git, plain, write};

pub const KINDS: &[Kind] = &[
    Kind::changed("spaces-and-letters", |place| odd_folder(place, "mein Übungs-Verzeichnis 数 'n' \"so\"")),
    Kind::changed("a-line-break", |place| odd_folder(place, "two\nlines\n")),
    Kind::changed("a-leading-dash", |place| odd_folder(place, "--help")),
    Kind::changed("odd-names", odd_names),
    Kind::changed("names-that-differ-in-case", names_that_differ_in_case),
    Kind::changed("deep-folders", deep_folders),
    Kind::changed("a-large-file", a_large_file),
    Kind::changed("symlinks", symlinks),
    Kind::changed("specs-is-ignored", specs_is_ignored),
    Kind::failed("everything-is-ignored", everything_is_ignored),
    Kind::failed("specs-is-a-file", specs_is_a_file),
    Kind::failed("specs-leads-out", specs_leads_out),
];

fn odd_folder(place: &Path, name: &str) -> PathBuf {
    let path = checkout(place.join(name), &[]);
    write(&path, "ein Ordner/schöne Datei 数.txt", "hello\n");
    commit(&path, "more");
    path
}

fn odd_names(place: &Path) -> PathBuf {
    let path = plain(place);
    let names: [&[u8]; 10] = [
        b"two\nlines",
        b"\"quoted\"",
        b"'single'",
        b"-rf",
        b"back\\slash",
        b" both ends ",
        b"[glob]*?",
        b":(top)magic",
        b"\xff\xfe not utf-8",
        b"tab\there",
    ];
    for name in names {
        write(&path, OsStr::from_bytes(name), name);
        write(&path.join("in"), OsStr::from_bytes(name), name);
    }
    commit(&path, "odd");
    path
}

fn names_that_differ_in_case(place: &Path) -> PathBuf {
    let path = plain(place);
    for name in ["file.txt", "File.txt", "FILE.TXT", "Readme.md"] {
        write(&path, name, name);
    }
    commit(&path, "case");
    path
}

fn deep_folders(place: &Path) -> PathBuf {
    let path = plain(place);
    // A path within the repository that is nearly as long as the system takes.
    let deep = vec!["a-folder-with-a-name-of-fifty-letters-or-nearly-so"; 60].join("/");
    write(&path, format!("{deep}/file.txt"), "deep\n");
    commit(&path, "deep");
    path
}

fn a_large_file(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "large.bin", vec![7; 100 << 20]);
    commit(&path, "large");
    path
}

fn symlinks(place: &Path) -> PathBuf {
    let path = plain(place);
    for (name, target) in [("to-file", "README.md"), ("nowhere", "missing"), ("out", "/etc"), ("up", "../..")]
    {
        std::os::unix::fs::symlink(target, path.join(name)).unwrap();
    }
    commit(&path, "links");
    path
}

fn specs_is_ignored(place: &Path) -> PathBuf {
    ignoring(place, "specs/\n")
}

fn everything_is_ignored(place: &Path) -> PathBuf {
    ignoring(place, "*\n")
}

fn ignoring(place: &Path, pattern: &str) -> PathBuf {
    let path = plain(place);
    write(&path, ".gitignore", pattern);
    git(&path, &["add", "--force", ".gitignore"]);
    git(&path, &["commit", "-q", "-m", "ignore"]);
    path
}

fn specs_is_a_file(place: &Path) -> PathBuf {
    let path = plain(place);
    write(&path, "specs", "none\n");
    commit(&path, "specs");
    path
}

fn specs_leads_out(place: &Path) -> PathBuf {
    let path = plain(place);
    std::fs::create_dir(place.join("outside")).unwrap();
    std::os::unix::fs::symlink(place.join("outside"), path.join("specs")).unwrap();
    commit(&path, "specs");
    path
}
