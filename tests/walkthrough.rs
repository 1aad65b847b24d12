//! docs/walkthrough.md, typed into a shell: what it says is printed is what is printed.
//!
//! A block marked `sh` is run as it stands and must succeed. A block marked `console` has commands, each after a `$`, and
//! beneath each what it prints. `UPDATE_WALKTHROUGH=1` writes down what is printed today.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{net::TcpListener, path::PathBuf};

use support::{
    document::{Block, Document},
    redaction::redacted,
    shell::Shell,
};

/// Where the document says that its reader is at home, and that a server listens.
const HOME: &str = "/home/you";
const ADDRESS: &str = "127.0.0.1:8000";

#[test]
fn the_walkthrough_can_be_typed_as_it_stands() {
    let path = docs().join("walkthrough.md");
    let mut document = Document::parse(&std::fs::read_to_string(&path).unwrap());
    let differing = type_into_a_shell(&mut document);
    if std::env::var_os("UPDATE_WALKTHROUGH").is_some() {
        std::fs::write(&path, document.to_string()).unwrap();
        return;
    }
    assert!(
        differing.is_empty(),
        "docs/walkthrough.md says otherwise; UPDATE_WALKTHROUGH=1 writes down what is printed now.\n{}",
        differing.join("\n")
    );
}

/// The README's five minutes are the same way, cut short.
#[test]
fn the_readme_goes_the_same_way() {
    let readme = std::fs::read_to_string(docs().join("../README.md")).unwrap();
    let section = readme.split("\n## ").find(|section| section.starts_with("Five minutes")).unwrap();
    let walkthrough = Document::parse(&std::fs::read_to_string(docs().join("walkthrough.md")).unwrap());
    let (short, long) = (commands(&Document::parse(section)), commands(&walkthrough));
    assert!(short.len() > 5, "they are found: {short:?}");
    let known = |line: &&String| long.iter().any(|longer| longer.starts_with(line.as_str()));
    let unknown: Vec<_> = short.iter().filter(|line| !known(line)).collect();
    assert!(unknown.is_empty(), "the walkthrough doesn't have these: {unknown:#?}");
}

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Types all of it; writes down what is printed where that is something else, and tells where.
fn type_into_a_shell(document: &mut Document) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().canonicalize().unwrap();
    // Free a moment ago, and nobody's.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut shell = Shell::start(&place, &[("ADW_LISTEN", &address)]);
    let mut differing = Vec::new();
    for block in document.blocks_mut() {
        match block {
            Block::Script(script) => {
                let (said, code) = shell.run(script, 0);
                assert_eq!(code, 0, "{script}\n{said}");
            }
            Block::Session(steps) => {
                for step in steps {
                    let (said, _) = shell.run(&step.command, step.output.lines().count());
                    let said = said.replace(&place.display().to_string(), HOME).replace(&address, ADDRESS);
                    // What differs only in what always does stays as it is written.
                    if redacted(&said) != redacted(&step.output) {
                        differing.push(format!("$ {}\n{said}", step.command));
                        step.output = said;
                    }
                }
            }
        }
    }
    differing
}

/// The commands of adw and git, without what is said of them.
fn commands(document: &Document) -> Vec<String> {
    let typed = document.blocks().flat_map(|block| match block {
        Block::Script(script) => script.lines().map(str::to_owned).collect(),
        Block::Session(steps) => steps.iter().map(|step| step.command.clone()).collect::<Vec<_>>(),
    });
    let bare = typed.map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned());
    bare.filter(|line| line.starts_with("adw ") || line.starts_with("git ")).collect()
}
