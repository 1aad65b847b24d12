//! What is asked of a folder's server while that starts or stops.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use crate::pty::Terminal;
use crate::support::{Ended, Repository, Server, adw, free_address, run};

const TASK: [&str; 6] = ["run", "Mend the greeting", "--stages", "implement", "--patch", "fix.diff"];

const WAITING: &str = "a server is starting or stopping for this folder";

/// Holds the data of a folder, as a server does that doesn't listen yet, or any more.
fn hold(folder: &Path) -> File {
    fs::create_dir_all(folder.join(".adw")).unwrap();
    let lock = File::create(folder.join(".adw/adw.db.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn a_server_that_does_not_say_where_it_is_is_waited_for_and_no_other_asked() {
    let other = Repository::with_a_fix();
    let server = Server::start(&other.path());
    let repository = Repository::with_a_fix();
    let held = hold(&repository.path());
    let asked = [&TASK[..], &["ls"], &["ls", "--json"]].map(|arguments| {
        let mut command = adw(&repository.path());
        command.env("ADW_LISTEN", server.address()).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let [ran, listed, json] = asked.map(|child| Ended::from(child.wait_with_output().unwrap()));
    for ended in [&ran, &listed] {
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.starts_with(&format!("error: {WAITING}")), "{ended:?}");
        assert!(ended.stderr.contains("help: try again in a moment"), "{ended:?}");
    }
    assert_eq!((json.code, &json.json()["error"]["kind"]), (Some(3), &"unreachable".into()), "{json:?}");
    let told = run(&other.path(), ["ls", "--json"]).json();
    assert_eq!(told["items"], serde_json::json!([]), "the other one was handed nothing");
    drop(held);
}

#[test]
fn when_one_that_stopped_is_gone_a_task_is_done_alone() {
    let repository = Repository::with_a_fix();
    let held = hold(&repository.path());
    let mut command = adw(&repository.path());
    command.args(TASK).env("TERM", "xterm-256color").env("ADW_LISTEN", free_address());
    let mut terminal = Terminal::start(&mut command);
    terminal.until_it_shows(WAITING);
    drop(held);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("no server is running: started one"), "{shown}");
}

#[test]
fn one_that_is_called_in_the_same_moment_is_waited_for_by_what_needs_it() {
    let repository = Repository::with_a_fix();
    let mut asking = adw(&repository.path());
    let asking = asking.args(["retry", "one"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let server = Server::start(&repository.path());
    let asked: Ended = asking.wait_with_output().unwrap().into();
    assert_eq!(asked.code, Some(2), "it is the server's answer: {asked:?}");
    assert!(asked.stderr.contains("there is no workflow one"), "{asked:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

/// A command that finds the lock of a folder held, and this address beside it, and its terminal.
fn finds_a_killed_server(repository: &Repository, address: &str) -> Terminal {
    fs::write(repository.path().join(".adw/address"), format!("http://{address}\n")).unwrap();
    let mut command = adw(&repository.path());
    command.args(["retry", "one"]).env("TERM", "xterm-256color").env("ADW_LISTEN", free_address());
    Terminal::start(&mut command)
}

/// It waits until the lock is let go of, by a child that the server was just starting, most likely; then there is no server.
fn waits_and_finds_none(mut terminal: Terminal, held: File) {
    terminal.until_it_shows(WAITING);
    drop(held);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("no server works on the data in"), "{shown}");
}

#[test]
fn one_that_was_killed_is_not_taken_for_one_that_serves_while_its_lock_is_still_held() {
    let repository = Repository::with_a_fix();
    let held = hold(&repository.path());
    waits_and_finds_none(finds_a_killed_server(&repository, &free_address()), held);
}

#[test]
fn one_that_was_killed_is_not_taken_for_one_that_serves_while_its_listener_is_still_there() {
    let repository = Repository::with_a_fix();
    let (held, listener) = (hold(&repository.path()), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    let terminal = finds_a_killed_server(&repository, &address);
    // Nobody answers, and then the child is somebody else.
    let asked = listener.accept().unwrap();
    drop((asked, listener));
    waits_and_finds_none(terminal, held);
}

#[test]
fn when_one_that_starts_says_where_it_is_it_is_asked() {
    let other = Repository::with_a_fix();
    let server = Server::start(&other.path());
    let repository = Repository::with_a_fix();
    let _held = hold(&repository.path());
    let address = repository.path().join(".adw/address");
    // Half a line, as a reader may find it that comes in between.
    fs::write(&address, "http://127.0.0.1:").unwrap();
    let mut command = adw(&repository.path());
    command.args(["ls", "--status", "completed"]).env("TERM", "xterm-256color");
    let mut terminal = Terminal::start(&mut command);
    terminal.until_it_shows(WAITING);
    fs::write(&address, format!("{}\n", server.url)).unwrap();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn a_task_that_comes_while_a_server_stops_is_done_when_it_is_gone() {
    let repository = Repository::with_a_fix();
    // It is asked politely for a while before it is made to end.
    let agent = r#"["sh", "-c", "trap '' TERM INT; echo at it; while :; do sleep 0.1; done"]"#;
    repository.configure(&format!("\n[agents.stubborn]\nprofile = \"command\"\ncommand = {agent}\n"));
    let server = Server::start(&repository.path());
    let task = ["run", "Stay", "--id", "stay", "--stages", "implement", "--agent", "stubborn", "--no-follow"];
    assert_eq!(run(&repository.path(), task).code, Some(0));
    let lines = || run(&repository.path(), ["logs", "stay"]).stdout;
    while !lines().contains("at it") {}
    let address = repository.path().join(".adw/address");
    let stopping = std::thread::spawn(move || server.end("TERM"));
    while address.exists() {
        std::thread::yield_now();
    }
    let ended: Ended =
        adw(&repository.path()).args(TASK).env("ADW_LISTEN", free_address()).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("1 earlier workflow goes on beside it"), "{ended:?}");
    assert_eq!(stopping.join().unwrap(), Some(0));
}

#[test]
fn what_a_server_that_was_killed_told_is_gone_before_the_next_one_reads_its_data() {
    let repository = Repository::with_a_fix();
    fs::create_dir(repository.path().join(".adw")).unwrap();
    let address = repository.path().join(".adw/address");
    fs::write(&address, "http://127.0.0.1:1\n").unwrap();
    fs::write(repository.path().join(".adw/adw.db"), "no database").unwrap();
    let ended = run(&repository.path(), ["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(!address.exists());
}
