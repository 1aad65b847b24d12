//! `adw watch`, where no terminal is: a line for each change.

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::support::{Repository, Server, adw, run};

/// A watcher that runs; it ends with the test.
struct Watcher {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    fn start(folder: &Path, server: &Server) -> Self {
        let mut command = adw(folder);
        command.args(["watch", "--json", "--server", &server.url]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line that is as wanted, and those before it.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut messages: Vec<Value> = Vec::new();
        while !messages.last().is_some_and(&wanted) {
            let line = self.lines.next().expect("it goes on").unwrap();
            messages.push(serde_json::from_str(&line).unwrap());
        }
        messages
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn repository() -> Repository {
    let config = "[stages.plan]\nplugin = \"builtin:noop\"\n[stages.test]\nplugin = \"builtin:noop\"\n\
                  [pipelines.default]\nstages = [\"plan\", \"test\"]\n";
    Repository::new(&[("adw.toml", config)])
}

fn hand_over(repository: &Repository, server: &Server, adw_id: &str) {
    let task = ["run", "A task", "--id", adw_id, "--no-follow", "--server", &server.url];
    let ended = run(&repository.path(), task);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

fn is_end_of(adw_id: &'static str) -> impl Fn(&Value) -> bool {
    move |message| message["event"] == "workflow_completed" && message["adw_id"] == adw_id
}

#[test]
fn every_change_is_a_line_and_a_restart_of_the_server_is_survived() {
    let repository = repository();
    let server = Server::start(&repository.path());
    hand_over(&repository, &server, "before");
    let mut watcher = Watcher::start(&repository.path(), &server);
    let began = watcher.until(|message| message["type"] == "connected");
    assert_eq!(began.last().unwrap()["workflows"], 1);

    hand_over(&repository, &server, "during");
    let heard = watcher.until(is_end_of("during"));
    let of_it: Vec<_> = heard.iter().filter(|message| message["adw_id"] == "during").collect();
    let numbers: Vec<u64> = of_it.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=7).collect::<Vec<_>>(), "{of_it:?}");
    assert_eq!(
        (&of_it[6]["data"]["status"], &of_it[6]["data"]["progress"]),
        (&"completed".into(), &100.into())
    );

    let address = server.address().to_owned();
    assert_eq!(server.end("TERM"), Some(0));
    let lost = watcher.until(|message| message["type"] == "connection_lost");
    assert!(lost.last().unwrap()["message"].as_str().is_some_and(|why| !why.is_empty()), "{lost:?}");

    // It comes again before there is a server, and is turned away.
    let nobody = TcpListener::bind(&address).unwrap();
    drop(nobody.accept().unwrap());
    drop(nobody);
    let server = Server::start_at(&repository.path(), &address);
    watcher.until(|message| message["type"] == "connected");
    hand_over(&repository, &server, "after");
    watcher.until(is_end_of("after"));
}

#[test]
fn a_server_that_is_not_there_ends_it_with_3() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in
        [["watch", "--server", "127.0.0.1:1", ""], ["watch", "--server", "127.0.0.1:1", "--json"]]
    {
        let arguments = arguments.into_iter().filter(|argument| !argument.is_empty());
        let output = adw(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    }
}
