//! The command line: what is typed wrongly, files that are none, and servers that aren't ours. What the messages say word
//! for word is left to the command; here is that they come, name what is wrong, and end with the right code.

use std::{
    ffi::{OsStr, OsString},
    io::{Read, Write},
    net::TcpListener,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use crate::{
    bystanders::{Bystanders, repository},
    support::{repository::without_settings, server::ADW},
};

const USAGE: i32 = 2;
const UNREACHABLE: i32 = 3;

fn adw(folder: &Path) -> Command {
    let mut command = Command::new(ADW);
    without_settings(&mut command).current_dir(folder).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

/// Sees that it ends with this code, in words that name these things, and the same for programs.
#[track_caller]
fn refuses(mut command: Command, name: &str, code: i32, said: &[&str]) {
    let output = command.output().unwrap();
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(code), "{name}: {stdout}{stderr}");
    for word in said {
        assert!(stderr.contains(word), "{name} doesn't say {word:?}:\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    let output = command.arg("--json").output().unwrap();
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(code), "{name}: {stdout}{stderr}");
    let answer: serde_json::Value =
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{name}: {error}: {stdout}{stderr}"));
    assert!(
        answer["error"]["kind"].is_string() && answer["error"]["message"].is_string(),
        "{name}: {answer}"
    );
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_wrongly_and_files_that_are_none() {
    let repository = repository(&[("notes.txt", "one\n")]);
    let bystanders = Bystanders::start(&repository).await;
    let folder = repository.path();
    let at = |name: &str| repository.beside(name).display().to_string();
    std::fs::write(at("binary"), [0xff; 100]).unwrap();
    std::fs::write(at("nul"), b"--- a\0\n").unwrap();
    std::fs::write(at("large"), "x".repeat(5 << 20)).unwrap();
    std::fs::write(at("quotes"), "\"".repeat(4_000_000)).unwrap();
    std::fs::write(at("long"), "x".repeat((1 << 20) + 1)).unwrap();
    let (binary, nul, large, quotes, long) = (at("binary"), at("nul"), at("large"), at("quotes"), at("long"));
    let title = "x".repeat(256);
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("no such command", &["shwo", "held"], &["shwo", "show"]),
        ("no such option", &["ls", "--stauts", "failed"], &["--stauts", "--status"]),
        ("an option without its value", &["ls", "--limit"], &["--limit"]),
        ("a status that isn't there", &["ls", "--status", "done"], &["done", "completed"]),
        ("a limit in words", &["ls", "--limit", "many"], &["many"]),
        ("no limit", &["ls", "--limit", "0"], &["0"]),
        ("a limit beyond all numbers", &["ls", "--limit", "99999999999999999999"], &["99999999999999999999"]),
        ("no id", &["show"], &["ID"]),
        ("an id that leads out", &["show", "../../etc"], &["../../etc", "letters"]),
        ("an empty id", &["show", ""], &["ID"]),
        ("an id that isn't there", &["show", "nowhere"], &["nowhere", "adw ls"]),
        ("the lines of what isn't there", &["logs", "nowhere"], &["nowhere", "adw ls"]),
        ("the diff of what isn't there", &["diff", "nowhere"], &["nowhere", "adw ls"]),
        ("the lines of a stage that isn't there", &["logs", "ended", "--stage", "ship"], &["ship", "plan"]),
        ("what has ended is cancelled", &["cancel", "ended"], &["completed", "cancelled"]),
        ("what runs is retried", &["retry", "held"], &["running"]),
        ("retried from a path", &["retry", "held", "--from", "../x"], &["../x", "letters"]),
        ("no title", &["run", ""], &["title"]),
        ("a title of 256 letters", &["run", &title], &["title", "255"]),
        ("a type that isn't there", &["run", "t", "--type", "epic"], &["epic", "feature"]),
        ("a priority that isn't there", &["run", "t", "--priority", "asap"], &["asap", "urgent"]),
        ("a stage that isn't there", &["run", "t", "--stages", "ship"], &["ship", "plan"]),
        ("a stage twice", &["run", "t", "--stages", "plan,plan"], &["plan", "twice"]),
        ("stages with a space", &["run", "t", "--stages", "plan and implement"], &["plan and implement"]),
        (
            "stages and a pipeline",
            &["run", "t", "--stages", "plan", "--pipeline", "default"],
            &["--pipeline"],
        ),
        ("a pipeline that isn't there", &["run", "t", "--pipeline", "nightly"], &["nightly", "default"]),
        ("a project that isn't there", &["run", "t", "--project", "other"], &["other", "demo"]),
        ("an agent that isn't there", &["run", "t", "--agent", "robot"], &["robot", "patch"]),
        ("an id that is another task's", &["run", "t", "--id", "held"], &["held", "another"]),
        ("a file that isn't there", &["run", "t", "--patch", "nothing.diff"], &["nothing.diff", "help"]),
        ("a folder for a file", &["run", "t", "--patch", "."], &["not a file"]),
        ("what never ends", &["run", "t", "--patch", "/dev/zero"], &["/dev/zero"]),
        ("what is no text", &["run", "t", "--patch", &binary], &["UTF-8"]),
        ("a patch with a NUL", &["run", "t", "--patch", &nul], &["NUL"]),
        ("a patch of five megabytes", &["run", "t", "--patch", &large], &["4 MiB"]),
        ("a patch that is too large once it is JSON", &["run", "t", "--patch", &quotes], &["4 MiB"]),
        ("a description of a megabyte and a byte", &["run", "t", "--file", &long], &["1 MiB"]),
        ("a server with a space", &["ls", "--server", "local host"], &["local host"]),
        ("a server's port beyond all ports", &["ls", "--server", "localhost:99999"], &["localhost:99999"]),
        ("a server by another scheme", &["ls", "--server", "ftp://localhost"], &["ftp://localhost"]),
        (
            "a place to listen that all can reach",
            &["serve", "--listen", "0.0.0.0:8000"],
            &["0.0.0.0:8000", "127.0.0.1"],
        ),
        ("a place to listen without its port", &["serve", "--listen", "127.0.0.1"], &["127.0.0.1"]),
        (
            "a configuration that isn't there",
            &["serve", "--config", "nothing.toml"],
            &["nothing.toml", "adw init"],
        ),
        ("a folder for a configuration", &["check", "--config", "."], &["folder"]),
        ("an adw.toml that is there", &["init"], &["adw.toml", "--force"]),
    ];
    for (name, arguments, said) in cases {
        let mut command = adw(&folder);
        command.env("ADW_SERVER", bystanders.api().address()).args(*arguments);
        refuses(command, name, USAGE, said);
    }
    let mut command = adw(&folder);
    command.args([OsStr::new("show"), OsStr::from_bytes(b"\xff")]);
    refuses(command, "an argument that is no text", USAGE, &["UTF-8"]);
    bystanders.are_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_read_enough_ends_nothing_badly() {
    let repository = repository(&[]);
    let bystanders = Bystanders::start(&repository).await;
    for arguments in [&["ls"][..], &["ls", "--json"], &["show", "held"], &["logs", "ended"], &["--help"]] {
        let mut command = adw(&repository.path());
        command.env("ADW_SERVER", bystanders.api().address()).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let (_, stderr) = texts(&child.wait_with_output().unwrap());
        assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{arguments:?}: {stderr}");
    }
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = adw(&repository.path());
    command.env("ADW_SERVER", bystanders.api().address()).args(["show", "held"]).stdout(full);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(USAGE));
    assert!(texts(&output).1.contains("No space left"), "{output:?}");
    bystanders.are_unharmed().await;
}

#[test]
fn a_folder_whose_name_is_no_text_or_that_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let odd = home.path().join(OsString::from(OsStr::from_bytes(b"pro\xffject")));
    std::fs::create_dir(&odd).unwrap();
    for arguments in [&["init"][..], &["init", "--force", "--json"]] {
        let output = adw(&odd).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    for arguments in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let mut command = adw(&odd);
        command.args(arguments);
        refuses(command, "a folder whose name is no text", USAGE, &["not UTF-8", "rename the folder"]);
    }
    let gone = home.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    for argument in ["ls", "init", "check", "serve"] {
        // A shell's folder may be removed behind its back.
        let script = format!("rmdir ../gone && exec {ADW} {argument}");
        let mut command = Command::new("sh");
        without_settings(&mut command).current_dir(&gone).args(["-c", &script]);
        let output = command.output().unwrap();
        let (_, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(USAGE), "{argument}: {stderr}");
        assert!(stderr.contains("the folder that you are in") && !stderr.contains("panicked"), "{stderr}");
        std::fs::create_dir(&gone).unwrap();
    }
}

/// Something that listens, and says the same to everybody.
fn other_server(says: &[u8]) -> String {
    let says = says.to_vec();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(&says);
        }
    });
    address
}

#[test]
fn servers_that_are_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody but the server that was named is asked, however much it looks like one.
    let list = "{\"items\":[],\"next_cursor\":null}";
    let one =
        other_server(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{list}", list.len()).as_bytes());
    let leads_elsewhere =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{one}/\r\ncontent-length: 0\r\n\r\n");
    let cases: &[(&str, &[u8])] = &[
        ("one that says nothing", b""),
        ("one that speaks no HTTP", b"220 mail.example ESMTP\r\n"),
        ("one with a page", b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>"),
        ("one with other JSON", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"),
        ("one that is cut off", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"items\""),
        ("one that leads elsewhere", leads_elsewhere.as_bytes()),
        (
            "one that leads in circles",
            b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
        ),
        ("one that knows nothing", b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nwhat"),
        ("one that is broken", b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"),
        ("one that wants a password", b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"),
    ];
    for (name, says) in cases {
        let address = other_server(says);
        for arguments in [&["ls"][..], &["show", "x"], &["run", "t"], &["cancel", "x"]] {
            // Whether something was ended is not read from the page that answers.
            if arguments[0] == "cancel" && says.starts_with(b"HTTP/1.1 200") {
                continue;
            }
            let mut command = adw(folder.path());
            command.args(arguments).args(["--server", &address]);
            refuses(command, name, UNREACHABLE, &[&address, "--server"]);
        }
    }
}
