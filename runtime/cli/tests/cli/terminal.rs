//! What a person sees at a terminal, and what goes into a pipe.

use std::process::Command;

use crate::pty::Terminal;
use crate::support::{Ended, Repository, Server, adw, free_address, run, signal};

const TASK: [&str; 6] = ["run", "Mend the greeting", "--stages", "implement", "--patch", "fix.diff"];

const ESCAPE: char = '\x1b';

/// A colour is switched on.
const COLOUR: &str = "\x1b[3";

/// A line is taken back, to be written anew.
const TAKEN_BACK: &str = "\x1b[2K";

/// Runs a command at a terminal of its own; gives its exit code, and all that was shown.
fn at_a_terminal(command: &mut Command) -> (Option<i32>, String) {
    Terminal::start(command).end()
}

/// The command in a repository with a task for it, told what kind of terminal it has.
fn task(repository: &Repository, environment: &[(&str, &str)]) -> Command {
    let mut command = adw(&repository.path());
    command.args(TASK).env("TERM", "xterm-256color").env("ADW_LISTEN", free_address());
    command.envs(environment.iter().copied());
    command
}

#[test]
fn a_terminal_is_shown_colours_and_progress() {
    let repository = Repository::with_a_fix();
    let mut command = task(&repository, &[]);
    let (code, shown) = at_a_terminal(&mut command);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(COLOUR) && shown.contains(TAKEN_BACK), "{shown:?}");
    assert!(shown.contains("starting one") && shown.contains(" %  "), "{shown:?}");
    assert!(shown.contains("completed\x1b[0m after"), "{shown:?}");
    let left = shown.rsplit_once("takes it over").unwrap().1;
    assert_eq!(left.trim(), "", "the line of progress is gone at the end");
}

#[test]
fn without_colours_there_is_still_progress() {
    let repository = Repository::with_a_fix();
    let mut command = task(&repository, &[("NO_COLOR", "1")]);
    let (code, shown) = at_a_terminal(&mut command);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(COLOUR) && !shown.contains("\x1b[1m"), "{shown:?}");
    assert!(shown.contains(TAKEN_BACK), "{shown:?}");
}

#[test]
fn a_terminal_that_can_do_nothing_is_shown_plain_lines() {
    let repository = Repository::with_a_fix();
    let mut command = task(&repository, &[("TERM", "dumb")]);
    let (code, shown) = at_a_terminal(&mut command);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(ESCAPE), "{shown:?}");
    assert!(shown.contains("implement    completed"), "{shown:?}");
}

#[test]
fn a_program_at_a_terminal_is_given_json_alone() {
    let repository = Repository::with_a_fix();
    let mut command = task(&repository, &[]);
    let (code, shown) = at_a_terminal(command.arg("--json"));
    assert_eq!(code, Some(0), "{shown}");
    let document: serde_json::Value = serde_json::from_str(shown.trim()).unwrap();
    assert_eq!(document["status"], "completed");
}

#[test]
fn into_a_pipe_go_plain_lines_unless_colours_are_forced() {
    let repository = Repository::with_a_fix();
    for (environment, coloured) in [
        (vec![], false),
        (vec![("CLICOLOR", "1")], false),
        (vec![("CLICOLOR_FORCE", "1")], true),
        (vec![("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
    ] {
        let ended: Ended = task(&repository, &environment).output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stdout.contains(COLOUR), coloured, "{environment:?}: {ended:?}");
        assert_eq!(ended.stderr.contains(ESCAPE), coloured, "{environment:?}: {ended:?}");
        assert!(!ended.stdout.contains(TAKEN_BACK) && !ended.stderr.contains(TAKEN_BACK), "{ended:?}");
    }
}

#[test]
fn errors_and_help_are_coloured_at_a_terminal_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("adw.toml"), "[server]\nlisten = \"8000\"\n").unwrap();
    for (arguments, code) in [(["check", "--json=no"], 2), (["check", "--help"], 0)] {
        let mut command = adw(folder.path());
        let (ended, shown) = at_a_terminal(command.args(arguments).env("TERM", "xterm"));
        assert_eq!(ended, Some(code), "{shown}");
        assert!(shown.contains(ESCAPE), "{shown:?}");
        let piped = run(folder.path(), arguments);
        assert!(!piped.stdout.contains(ESCAPE) && !piped.stderr.contains(ESCAPE), "{piped:?}");
    }
    let (_, shown) = at_a_terminal(adw(folder.path()).arg("check").env("TERM", "xterm"));
    let here = folder.path().display().to_string();
    let shown = shown.replace(&here, "/project").replace('\r', "").replace(ESCAPE, "␛");
    insta::assert_snapshot!("an-error-in-colours", shown);
    let piped = run(folder.path(), ["check"]);
    assert!(!piped.stderr.contains(ESCAPE), "{piped:?}");
}

#[test]
fn a_table_that_is_ended_from_elsewhere_leaves_the_terminal_as_it_was() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    for name in ["INT", "TERM"] {
        let mut command = adw(&repository.path());
        let mut terminal = Terminal::start(command.arg("watch").env("TERM", "xterm-256color"));
        terminal.until_it_shows(server.address());
        signal(&terminal.child, name);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{name}: {shown:?}");
        assert!(shown.ends_with("\x1b[?1049l"), "{name}: {shown:?}");
    }
}
