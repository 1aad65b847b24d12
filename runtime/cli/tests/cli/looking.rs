//! What is looked at where no server is, and from where.

use std::fs::{self, File};
use std::process::Stdio;

use crate::pty::Terminal;
use crate::support::{Ended, Repository, Server, adw, free_address, run, signal};

const TASK: [&str; 8] =
    ["run", "Mend the greeting", "--id", "mend", "--stages", "implement", "--patch", "fix.diff"];

fn done() -> Repository {
    let repository = Repository::with_a_fix();
    let ended: Ended =
        adw(&repository.path()).env("ADW_LISTEN", free_address()).args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    repository
}

#[test]
fn to_look_at_what_was_done_takes_no_server() {
    let repository = done();
    for (arguments, said) in [
        (&["ls"][..], "mend  completed"),
        (&["show", "mend"], "implement    completed"),
        (&["diff", "mend"], "+Hello"),
        (&["logs", "mend"], "asking the agent patch"),
        (&["journal", "mend"], "agent.run"),
        (&["replay", "mend"], "implement, attempt 1  the same, "),
    ] {
        let ended: Ended = adw(&repository.path()).args(arguments).output().unwrap().into();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.stdout.contains(said), "{arguments:?}: {ended:?}");
        assert!(!repository.path().join(".adw/address").exists(), "nobody is told to come");
    }
    let unknown = run(&repository.path(), ["show", "nothing"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("there is no workflow nothing"), "{unknown:?}");
}

#[test]
fn where_nothing_was_done_yet_there_is_nothing_to_see() {
    let repository = Repository::with_a_fix();
    let listed = run(&repository.path(), ["ls"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (Some(0), ""), "{listed:?}");
    assert_eq!(listed.stderr, "no workflows; `adw run \"…\"` hands one over\n");
    let shown = run(&repository.path(), ["show", "one"]);
    assert_eq!(shown.code, Some(2), "{shown:?}");
    assert!(shown.stderr.contains("there is no workflow one"), "{shown:?}");
    let file = repository.path().join("adw.toml");
    let text = fs::read_to_string(&file).unwrap();
    for store in ["sqlite:.adw/adw.db", "sqlite:state/adw.db"] {
        fs::write(&file, text.replace("sqlite:.adw/adw.db", store)).unwrap();
        for arguments in
            [&["ls"][..], &["show", "one"], &["logs", "one"], &["journal", "one"], &["diff", "one"]]
        {
            let _: Ended = adw(&repository.path()).args(arguments).output().unwrap().into();
            for made in [".adw", "state"] {
                assert!(!repository.path().join(made).exists(), "{arguments:?} made {made}");
            }
        }
    }
    let ended: Ended =
        adw(&repository.path()).env("ADW_LISTEN", free_address()).args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "to have looked is in nobody's way: {ended:?}");
}

#[test]
fn a_result_that_was_deleted_is_told_as_gone_and_not_as_nothing() {
    let repository = done();
    let diff = run(&repository.path(), ["diff", "mend"]).stdout;
    repository.git(["branch", "--quiet", "-D", "adw-task/mend"]);
    assert_eq!(run(&repository.path(), ["diff", "mend"]).stdout, diff, "its last commit is remembered");

    repository.git(["update-ref", "-d", "refs/adw/mend"]);
    let gone = run(&repository.path(), ["diff", "mend"]);
    assert_eq!((gone.code, gone.stdout.as_str()), (Some(2), ""), "{gone:?}");
    for said in ["its branch adw-task/mend is gone from ", "`git fsck --lost-found`"] {
        assert!(gone.stderr.contains(said), "{said}: {gone:?}");
    }
    let problem = run(&repository.path(), ["diff", "mend", "--json"]).json()["error"]["problem"].clone();
    assert_eq!((&problem["status"], &problem["code"]), (&410.into(), &"branch_gone".into()), "{problem}");
    assert_eq!(problem["details"]["branch"], "adw-task/mend");
}

#[test]
fn logs_are_followed_as_far_as_they_go_without_a_server() {
    let repository = done();
    let task = ["run", "By hand", "--id", "hand", "--stages", "implement", "--agent", "manual"];
    let ended: Ended =
        adw(&repository.path()).env("ADW_LISTEN", free_address()).args(task).output().unwrap().into();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let note = "no server is running: nothing more comes until `adw serve`\n";
    for (adw_id, said, note) in [("mend", "asking the agent patch", ""), ("hand", "no stage `plan`", note)] {
        let logged = run(&repository.path(), ["logs", adw_id, "--follow"]);
        assert_eq!((logged.code, logged.stderr.as_str()), (Some(0), note), "{logged:?}");
        assert!(logged.stdout.contains(said), "{logged:?}");
    }
}

#[test]
fn nothing_goes_on_while_somebody_looks() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    let by_hand =
        ["run", "By hand", "--id", "hand", "--stages", "implement", "--agent", "manual", "--no-follow"];
    assert_eq!(run(&repository.path(), by_hand).code, Some(0));
    assert_eq!(run(&repository.path(), ["cancel", "hand"]).code, Some(0));
    repository.configure("\n[agents.slow]\nprofile = \"command\"\ncommand = [\"sleep\", \"600\"]\n");
    assert_eq!(server.end("TERM"), Some(0));
    let server = Server::start(&repository.path());
    let slow = ["run", "Wait", "--id", "slow", "--stages", "implement", "--agent", "slow", "--no-follow"];
    assert_eq!(run(&repository.path(), slow).code, Some(0));
    while !run(&repository.path(), ["logs", "slow"]).stdout.contains("asking the agent slow") {}
    assert_eq!(server.end("KILL"), None);
    let version = || run(&repository.path(), ["show", "slow", "--json"]).json()["version"].clone();
    let (first, second) = (version(), version());
    assert_eq!(first, second, "it was not taken up");
    let note = "no server is running: no stage goes on until `adw serve`, but an agent or command of slow is still at work\n";
    for arguments in [&["ls"][..], &["show", "slow"]] {
        let ended: Ended = adw(&repository.path()).args(arguments).output().unwrap().into();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), note), "{ended:?}");
    }
    assert_eq!(run(&repository.path(), ["ls", "--status", "cancelled"]).stderr, "");
    for change in [["resume", "slow"], ["retry", "slow"]] {
        let refused = run(&repository.path(), change);
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.stderr.contains("start one with `adw serve`, or"), "{refused:?}");
    }
    assert_eq!(version(), first);
}

#[test]
fn a_server_that_is_started_meanwhile_waits_for_whoever_looks() {
    let repository = done();
    let lock = File::create(repository.path().join(".adw/adw.db.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = adw(&repository.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("TERM", "xterm-256color");
    let mut terminal = Terminal::start(&mut command);
    terminal.until_it_shows("a server is starting or stopping for this folder");
    drop(lock);
    terminal.until_it_shows("listening on http://127.0.0.1:");
    signal(&terminal.child, "TERM");
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn in_a_worktree_the_folder_is_meant_that_it_belongs_to() {
    let repository = Repository::with_a_fix();
    repository.git(["add", "adw.toml"]);
    let identity = ["-c", "user.name=A Person", "-c", "user.email=person@localhost"];
    repository.git(identity.into_iter().chain(["commit", "--quiet", "--message", "Add adw.toml"]));
    let _server = Server::start(&repository.path());
    let by_hand =
        ["run", "By hand", "--id", "hand", "--stages", "implement", "--agent", "manual", "--no-follow"];
    assert_eq!(run(&repository.path(), by_hand).code, Some(0));
    while run(&repository.path(), ["ls", "--status", "waiting", "--json"]).json()["items"]
        .as_array()
        .unwrap()
        .is_empty()
    {}
    let worktree = repository.path().join(".adw/trees/hand");
    assert!(worktree.join("adw.toml").exists());
    fs::write(worktree.join("greeting.txt"), "Hello\n").unwrap();
    let answered = run(&worktree, ["answer", "hand", "done", "--follow"]);
    assert_eq!(answered.code, Some(0), "{answered:?}");
}

#[test]
fn many_look_at_once_and_none_is_in_the_way_of_another() {
    let repository = done();
    let looks: Vec<_> = (0..12)
        .map(|_| {
            let mut command = adw(&repository.path());
            command.args(["show", "mend"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for look in looks {
        let ended = Ended::from(look.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    }
}
