//! Help, and everything that goes wrong before a server is asked.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Ended, adw, run, subcommands};

#[test]
fn help_has_examples() {
    let folder = tempfile::tempdir().unwrap();
    let overview = run(folder.path(), ["--help"]);
    assert_eq!(overview.code, Some(0));
    insta::assert_snapshot!("help", overview.stdout);
    assert_eq!(run(folder.path(), ["help"]).stdout, overview.stdout);
    for command in subcommands() {
        let help = run(folder.path(), [&command, "--help"]);
        assert_eq!(help.code, Some(0), "{command}");
        assert!(help.stdout.contains("\nExamples:\n  "), "{command}");
        assert_eq!(run(folder.path(), ["help", &command]).stdout, help.stdout, "{command}");
        insta::assert_snapshot!(format!("help-{command}"), help.stdout);
    }
}

#[test]
fn a_slip_of_the_pen_is_answered_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (typed, meant) in [
        ("shwo", "a similar subcommand exists: 'show'"),
        ("serv", "a similar subcommand exists: 'serve'"),
        ("list", "a similar subcommand exists: 'ls'"),
        ("ls --jsno", "a similar argument exists: '--json'"),
    ] {
        let output = adw(folder.path()).args(typed.split(' ')).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(meant), "{typed}: {stderr}");
    }
}

#[test]
fn what_cannot_be_understood_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (vec![], "Usage: adw"),
        (vec!["sow"], "unrecognized subcommand 'sow'"),
        (vec!["show", "../etc"], "adw_id \"../etc\" is not valid"),
        (vec!["run"], "required arguments were not provided"),
        (vec!["run", "title", "--type", "wish"], "task type \"wish\" is unknown"),
        (vec!["run", "title", "--stages", "a b"], "stage name \"a b\" is not valid"),
        (vec!["run", "title", "--file", "missing.md"], "failed to read missing.md"),
        (vec!["run", "title", "--patch", "/dev/zero"], "/dev/zero is not a file with a text"),
        (vec!["run", "title", "--file", "."], ". is not a file with a text"),
        (vec!["check", "--config", "/dev/zero"], "this is no regular file"),
        (vec!["ls", "--status", "done"], "[possible values: pending, running, waiting, completed"),
        (vec!["ls", "--limit", "0"], "0 is not in 1.."),
        (vec!["ls", "--server", "https://example.com"], "https is not available"),
        (vec!["ls", "--server", "http://"], "is not a server's address"),
        (vec!["serve", "--listen", "0.0.0.0:8000"], "can be reached from outside"),
    ] {
        let output = adw(folder.path()).args(&arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("error: error:"), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_text_that_no_server_takes_is_not_handed_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("long.diff"), vec![b'+'; (4 << 20) + 1]).unwrap();
    std::fs::write(folder.path().join("image.diff"), [0xff; 16]).unwrap();
    for (file, said) in [("long.diff", "is larger than 4 MiB"), ("image.diff", "is not text in UTF-8")] {
        let ended = run(folder.path(), ["run", "title", "--patch", file]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let endless = std::fs::File::open("/dev/zero").unwrap();
    let output = adw(folder.path()).args(["run", "title", "--file", "-"]).stdin(endless).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("- is larger than 4 MiB"), "{output:?}");
}

#[test]
fn a_server_named_in_the_environment_is_no_part_of_the_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = adw(folder.path()).arg("run").env("ADW_SERVER", "127.0.0.1:1").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("Usage: adw run <TITLE>"), "{stderr}");
}

#[test]
fn with_json_errors_are_json_too() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, kind) in [
        (["--json", "sow", "", ""], "usage"),
        (["show", "a/b", "--json", ""], "usage"),
        (["check", "--json", "", ""], "configuration"),
        (["ls", "--json", "--server", "https://example.com"], "usage"),
        (["ls", "--json", "--server", "127.0.0.1:1"], "unreachable"),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
        let output = adw(folder.path()).args(&arguments).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["error"]["kind"], kind, "{arguments:?}: {answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn an_answer_that_can_not_be_written_is_an_error_and_one_that_nobody_reads_is_none() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), ["init"]).code, Some(0));
    let broken = tempfile::tempdir().unwrap();
    let written_to = |folder: &Path, arguments: &[&str], stdout: Stdio| -> Ended {
        adw(folder).args(arguments).stdout(stdout).output().unwrap().into()
    };
    let full = "error: failed to write the answer: No space left on device";
    for (folder, arguments, said) in [
        (&folder, &["ls", "--json"][..], full),
        (&folder, &["init", "--force"], full),
        (&folder, &["--help"], full),
        (&folder, &["--version"], full),
        (&broken, &["check", "--json"], "error: no adw.toml in"),
    ] {
        let device = File::options().write(true).open("/dev/full").unwrap();
        let ended = written_to(folder.path(), arguments, device.into());
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(said), "{arguments:?}: {ended:?}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = written_to(folder.path(), arguments, writer.into());
        assert_eq!(ended.stderr, "", "{arguments:?}");
        assert_eq!(ended.code, Some(if said == full { 0 } else { 2 }), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn without_an_adw_toml_the_next_step_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "check"] {
        let ended = run(folder.path(), [command]);
        assert_eq!(ended.code, Some(2));
        assert!(
            ended.stderr.contains("no adw.toml in") && ended.stderr.contains("adw init"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn all_that_is_wrong_with_an_adw_toml_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[server]\nlisten = \"8000\"\n[stages.plan]\nplugin = \"builtin:plan\"\ntimeot = \"1m\"\n";
    std::fs::write(folder.path().join("adw.toml"), text).unwrap();
    for command in ["check", "serve", "ls"] {
        let ended = run(folder.path(), [command]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("adw.toml:2:") && ended.stderr.contains("adw.toml:5:"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("error: error:"), "{}", ended.stderr);
    }
    let answer = run(folder.path(), ["check", "--json"]).json();
    let lines: Vec<u64> = answer["error"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|error| error["line"].as_u64())
        .collect();
    assert_eq!(lines, [2, 5]);
}

#[test]
fn a_server_that_is_not_there_ends_with_3() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago, and is nobody's.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for arguments in
        [vec!["ls"], vec!["show", "x"], vec!["run", "title"], vec!["cancel", "x"], vec!["logs", "x"]]
    {
        let output = adw(folder.path()).args(&arguments).args(["--server", &address]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {stderr}");
        assert!(stderr.contains("can't be reached: Connection refused"), "{stderr}");
        assert!(stderr.contains("help: start it with `adw serve`"), "{stderr}");
    }
}

#[test]
fn the_server_of_the_nearest_adw_toml_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("adw.toml"), format!("[server]\nlisten = \"{address}\"\n")).unwrap();
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let ended = run(&below, ["retry", "x"]);
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.contains(&format!("no server works on the data in {}/.adw", folder.path().display())),
        "{}",
        ended.stderr
    );

    let ended: crate::support::Ended =
        adw(&below).arg("ls").env("ADW_SERVER", "127.0.0.1:1").output().unwrap().into();
    assert!(ended.stderr.contains("the server at http://127.0.0.1:1 "), "{}", ended.stderr);
}

#[test]
fn something_else_that_listens_there_ends_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nwhat").unwrap();
    });
    let ended = run(folder.path(), ["show", "x", "--server", &address]);
    other.join().unwrap();
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("doesn't answer as an adw server does"), "{}", ended.stderr);
}
