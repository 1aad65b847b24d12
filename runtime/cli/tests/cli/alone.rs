//! `adw run` where no server is.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::pty::Terminal;
use crate::support::{Ended, Repository, Server, adw, free_address, run, signal};

const TASK: [&str; 8] =
    ["run", "Mend the greeting", "--id", "mend", "--stages", "implement", "--patch", "fix.diff"];

/// The command in a repository whose adw.toml names an address at which nobody listens.
fn alone(repository: &Repository) -> Command {
    let mut command = adw(&repository.path());
    command.env("ADW_LISTEN", free_address());
    command
}

#[test]
fn a_server_is_started_for_the_task_and_ended_with_it() {
    let repository = Repository::with_a_fix();
    let ended: Ended = alone(&repository).args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.starts_with("no server is running: started one for this task, at http://127.0.0.1:")
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    for said in [
        "mend  Mend the greeting\n",
        "implement    completed",
        "completed after",
        "git diff HEAD...adw-task/mend; git merge adw-task/mend takes it over",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_eq!(repository.git(["show", "adw-task/mend:greeting.txt"]), "Hello\n");
    assert_eq!(repository.git(["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    assert!(!repository.path().join(".adw/address").exists(), "nobody listens any more");

    let server = Server::start(&repository.path());
    let shown = run(&repository.path(), ["show", "mend", "--json", "--server", &server.url]).json();
    assert_eq!(shown["status"], "completed", "what it did is kept: {shown}");
}

#[test]
fn a_task_that_fails_there_ends_with_1() {
    let repository = Repository::with_a_fix();
    let task = ["run", "Nothing to go by", "--id", "lost", "--stages", "implement", "--agent", "patch"];
    let ended: Ended = alone(&repository).args(task).output().unwrap().into();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains(
            "look further: adw show lost, adw logs lost; try again: adw retry lost --follow, which goes by the present adw.toml"
        ),
        "{}",
        ended.stdout
    );
}

#[test]
fn work_by_hand_is_told_with_the_worktree_before_there_is_a_server_to_ask() {
    let repository = Repository::with_a_fix();
    let task = ["run", "Mend it yourself", "--id", "mine", "--stages", "implement", "--agent", "manual"];
    let ended: Ended = alone(&repository).args(task).output().unwrap().into();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(
        ended.stdout.ends_with("answer it: adw answer mine done --follow   (or failed)\n"),
        "{}",
        ended.stdout
    );
    let there = ended.stdout.lines().find_map(|line| line.strip_prefix("go there   ")).expect(&ended.stdout);
    let shown = Command::new("sh").args(["-c", there]).output().unwrap();
    assert!(String::from_utf8(shown.stdout).unwrap().contains("Mend it yourself"), "{there}");
    assert!(there.contains(".adw/trees/mine"), "{there}");
    assert!(ended.stdout.contains("waits for a person: work by hand\n"), "{}", ended.stdout);
    let listed = run(&repository.path(), ["ls"]);
    assert!(listed.stdout.contains("waiting: work by hand"), "{listed:?}");
    assert_eq!(listed.stderr, "", "it waits for a person, and not for a server");
}

#[test]
fn with_an_adw_toml_that_takes_any_port_it_is_the_same() {
    let repository = Repository::with_a_fix();
    let ended: Ended =
        adw(&repository.path()).env("ADW_LISTEN", "127.0.0.1:0").args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("no server is running"), "{ended:?}");
}

#[test]
fn none_is_started_in_the_place_of_one_that_was_named() {
    let repository = Repository::with_a_fix();
    let address = free_address();
    let option: Ended = alone(&repository).args(TASK).args(["--server", &address]).output().unwrap().into();
    let variable: Ended = alone(&repository).args(TASK).env("ADW_SERVER", &address).output().unwrap().into();
    // Nobody would be there to go on with it.
    let left: Ended = alone(&repository).args(TASK).arg("--no-follow").output().unwrap().into();
    for ended in [option, variable, left] {
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains("adw serve"), "{ended:?}");
    }
    assert!(!repository.path().join(".adw").exists());
}

#[test]
fn without_an_adw_toml_no_server_is_meant_and_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    // Whoever listens at the usual address is another folder's.
    for arguments in [
        &["run", "title"][..],
        &["run", "title", "--no-follow"],
        &["ls"],
        &["watch"],
        &["show", "one"],
        &["logs", "one", "--follow"],
        &["answer", "one", "done"],
        &["cancel", "one"],
        &["retry", "one"],
    ] {
        let ended: Ended = adw(folder.path()).args(arguments).output().unwrap().into();
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains("no server is named, and there is no adw.toml in"), "{ended:?}");
        assert!(ended.stderr.contains("adw init") && ended.stderr.contains("--server URL"), "{ended:?}");
    }
}

#[test]
fn whoever_is_on_another_branch_is_told_where_work_begins() {
    let repository = Repository::with_a_fix();
    let task = |id: &'static str| -> Ended {
        let mut command = alone(&repository);
        command.args(["run", "Mend it", "--id", id, "--stages", "implement", "--patch", "fix.diff"]);
        command.output().unwrap().into()
    };
    repository.git(["checkout", "--quiet", "-b", "feature"]);
    assert!(!task("same").stderr.contains("work begins"), "it is the same commit");
    let identity = ["-c", "user.name=A Person", "-c", "user.email=person@localhost"];
    let commit = ["commit", "--quiet", "--allow-empty", "--message", "two"];
    repository.git(identity.into_iter().chain(commit));
    let ended = task("other");
    let said = "work begins from main, as adw.toml says, and not from feature\n";
    assert!(ended.stderr.starts_with(said), "{ended:?}");
}

#[test]
fn what_is_not_committed_is_said_to_be_no_part_of_the_task() {
    let repository = Repository::with_a_fix();
    repository.git(["add", "adw.toml"]);
    let identity = ["-c", "user.name=A Person", "-c", "user.email=person@localhost"];
    let commit = ["commit", "--quiet", "--message", "two"];
    repository.git(identity.into_iter().chain(commit));
    // That counts as it is.
    repository.configure("# Changed.\n");
    let task = |id: &'static str| -> Ended {
        let mut command = alone(&repository);
        command.args(["run", "Mend it", "--id", id, "--stages", "implement", "--patch", "fix.diff"]);
        command.output().unwrap().into()
    };
    assert!(!task("clean").stderr.contains("committed"));
    std::fs::write(repository.path().join("greeting.txt"), "Hi\n").unwrap();
    let folder = repository.path();
    let said =
        format!("what is not committed is no part of the task: 1 file is changed in {}\n", folder.display());
    let ended = task("dirty");
    assert!(ended.stderr.starts_with(&said), "{ended:?}");
}

#[test]
fn where_nothing_is_committed_yet_it_is_said_that_work_begins_from_nothing() {
    let repository = Repository::without_commits();
    assert_eq!(run(&repository.path(), ["init"]).code, Some(0));
    let task = ["run", "Mend it", "--stages", "implement", "--agent", "manual"];
    let ended: Ended = alone(&repository).args(task).output().unwrap().into();
    let said =
        format!("nothing is committed in {} yet: work begins from nothing\n", repository.path().display());
    assert!(ended.stderr.starts_with(&said), "{ended:?}");
}

#[test]
fn the_server_that_has_the_data_is_handed_the_task_wherever_it_listens() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    let ended: Ended = alone(&repository).args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("no server is running"), "{ended:?}");
    let told = run(&repository.path(), ["ls", "--json"]).json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn the_server_of_another_folder_is_not_asked_though_it_listens_where_this_one_would() {
    let other = Repository::with_a_fix();
    let server = Server::start(&other.path());
    let repository = Repository::with_a_fix();
    let in_its_place = |arguments: &[&str]| -> Ended {
        let mut command = adw(&repository.path());
        command.env("ADW_LISTEN", server.address()).args(arguments).output().unwrap().into()
    };
    let listed = in_its_place(&["ls"]);
    assert!(listed.stderr.contains("no workflows"), "{listed:?}");
    let retried = in_its_place(&["retry", "mend"]);
    assert_eq!(retried.code, Some(3), "{retried:?}");
    assert!(retried.stderr.contains("no server works on the data in"), "{retried:?}");
    let ended = in_its_place(&TASK);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("no server is running: started one"), "{ended:?}");
    let told = run(&other.path(), ["ls", "--json"]).json();
    assert_eq!(told["items"], serde_json::json!([]), "the other one was handed nothing");
}

#[test]
fn what_was_stopped_is_paused_and_nobody_takes_it_up_until_it_is_resumed() {
    for (signal_name, why) in [("INT", "stopped by Ctrl-C"), ("TERM", "stopped by SIGTERM")] {
        let companions = Companions::new();
        let (stopped, agent) = companions.begin("wait");
        signal(&stopped, signal_name);
        let (ended, runs) = companions.end("wait", stopped);
        assert_eq!((ended.code, runs), (Some(130), 1), "{ended:?}");
        assert!(!is_alive(&agent), "who stops a task doesn't want its agent to go on");
        assert!(ended.stderr.contains("\nwait is paused, and stays so: "), "{}", ended.stderr);
        let folder = companions.repository.path();
        let shown = run(&folder, ["show", "wait", "--json"]).json();
        assert_eq!(
            (&shown["waiting"]["kind"], &shown["waiting"]["message"]),
            (&json!("paused"), &json!(why))
        );

        let other: Ended = alone(&companions.repository).args(TASK).output().unwrap().into();
        assert_eq!(other.code, Some(0), "{other:?}");
        assert!(!other.stderr.contains("earlier workflow"), "{other:?}");
        assert_eq!(run(&folder, ["show", "wait", "--json"]).json()["stages"], shown["stages"]);

        let server = Server::start(&folder);
        companions.let_go_on("wait");
        let resumed = run(&folder, ["resume", "wait", "--follow", "--server", &server.url]);
        assert_eq!(resumed.code, Some(0), "{resumed:?}");
        assert_eq!(companions.runs("wait"), 2, "it was made again, once");
    }
}

#[test]
fn a_task_that_was_stopped_is_resumed_by_who_follows_it() {
    let companions = Companions::new();
    let (stopped, _) = companions.begin("wait");
    signal(&stopped, "INT");
    let (ended, _) = companions.end("wait", stopped);
    let said =
        "wait is paused, and stays so: adw resume wait --follow goes on with it, adw cancel wait ends it\n";
    assert!(ended.stderr.ends_with(said), "{}", ended.stderr);
    companions.let_go_on("wait");
    let resume = |more: &[&str]| -> Ended {
        alone(&companions.repository).args(["resume", "wait"]).args(more).output().unwrap().into()
    };
    let left = resume(&[]);
    assert_eq!(left.code, Some(3), "{left:?}");
    assert!(left.stderr.contains("`--follow` starts one for this task"), "{left:?}");
    let followed = resume(&["--follow"]);
    assert_eq!((followed.code, companions.runs("wait")), (Some(0), 2), "{followed:?}");
    assert!(followed.stderr.starts_with("no server is running: started one for this task"), "{followed:?}");
    assert!(followed.stdout.lines().next().unwrap().ends_with(" resumed"), "{}", followed.stdout);
    assert!(followed.stdout.contains("git merge adw-task/wait takes it over"), "{}", followed.stdout);
}

#[test]
fn a_task_that_failed_is_tried_again_by_who_follows_it() {
    let repository = Repository::with_a_fix();
    repository.configure("\n[agents.late]\nprofile = \"command\"\ncommand = [\"./not-there-yet\"]\n");
    let task = ["run", "Mend it", "--id", "mend", "--stages", "implement", "--agent", "late"];
    let failed: Ended = alone(&repository).args(task).output().unwrap().into();
    assert_eq!(failed.code, Some(1), "{failed:?}");
    let file = repository.path().join("adw.toml");
    let command = r#"["sh", "-c", "echo Hello > greeting.txt"]"#;
    let mended = std::fs::read_to_string(&file).unwrap().replace(r#"["./not-there-yet"]"#, command);
    std::fs::write(file, mended).unwrap();
    let retried: Ended = alone(&repository).args(["retry", "mend", "--follow"]).output().unwrap().into();
    assert_eq!(retried.code, Some(0), "{retried:?}");
    assert!(!retried.stdout.contains("not-there-yet"), "it is followed from the retry on: {retried:?}");
    assert_eq!(repository.git(["show", "adw-task/mend:greeting.txt"]), "Hello\n");
}

#[test]
fn an_agent_that_is_not_installed_is_told_before_the_task_begins() {
    let repository = Repository::with_a_fix();
    repository.configure("\n[agents.absent]\nprofile = \"command\"\ncommand = [\"no-such-agent\"]\n");
    let task = ["run", "Mend it", "--stages", "implement", "--agent", "absent"];
    let ended: Ended = alone(&repository).args(task).output().unwrap().into();
    let said = "warning: the program of the agent absent is not there: no-such-agent; install it, or name its path\n";
    assert!(ended.stderr.starts_with(said), "{ended:?}");
    assert_eq!(ended.stderr.matches("warning").count(), 1, "{ended:?}");
}

#[test]
fn a_task_that_asks_is_answered_by_who_follows_it() {
    let repository = Repository::with_a_fix();
    let task = ["run", "Mend it", "--id", "mine", "--stages", "implement", "--agent", "manual"];
    let asked: Ended = alone(&repository).args(task).output().unwrap().into();
    assert_eq!(asked.code, Some(4), "{asked:?}");
    std::fs::write(repository.path().join(".adw/trees/mine/greeting.txt"), "Hello\n").unwrap();
    let answer = ["answer", "mine", "done", "--follow"];
    let answered: Ended = alone(&repository).args(answer).output().unwrap().into();
    assert_eq!(answered.code, Some(0), "{answered:?}");
    assert_eq!(repository.git(["show", "adw-task/mine:greeting.txt"]), "Hello\n");
}

#[test]
fn what_lets_nothing_go_on_takes_no_server() {
    let companions = Companions::new();
    let ask = |arguments: &[&str]| -> Ended {
        alone(&companions.repository).args(arguments).output().unwrap().into()
    };
    let agents = ["held", "ended"].map(|adw_id| {
        let (mut killed, agent) = companions.begin(adw_id);
        signal(&killed, "KILL");
        killed.wait().unwrap();
        agent
    });
    let paused = ask(&["pause", "held"]);
    assert_eq!(
        (paused.code, paused.stdout.as_str()),
        (Some(0), "held paused; adw resume held lets it go on\n")
    );
    let cancelled = ask(&["cancel", "ended"]);
    assert_eq!((cancelled.code, cancelled.stdout.as_str()), (Some(0), "ended cancelled\n"));
    assert_eq!(agents.map(|agent| is_alive(&agent)), [true, false], "a pause lets it work on");
    let trees = companions.repository.path().join(".adw/trees");
    assert_eq!((trees.join("held").exists(), trees.join("ended").exists()), (true, false));
    let listed = ask(&["ls", "--json"]).json();
    assert_eq!(
        (&listed["items"][0]["status"], &listed["items"][1]["waiting"]["kind"]),
        (&json!("cancelled"), &json!("paused"))
    );
    let unknown = ask(&["cancel", "nobody"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[test]
fn of_a_task_that_is_refused_nothing_else_is_told_and_agents_of_others_work_on() {
    let companions = Companions::new();
    let (mut killed, agent) = companions.begin("wait");
    signal(&killed, "KILL");
    killed.wait().unwrap();
    let taken = ["run", "Another", "--id", "wait", "--stages", "implement"];
    let twice = ["run", "Twice", "--stages", "implement,implement"];
    for task in [&["run", ""][..], &taken, &twice] {
        let refused: Ended = alone(&companions.repository).args(task).output().unwrap().into();
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.starts_with("error: "), "{refused:?}");
        assert!(is_alive(&agent), "{task:?}");
    }
}

/// From now on a pause can't be written.
fn refuse_pauses(repository: &Repository) {
    let options = SqliteConnectOptions::new().filename(repository.path().join(".adw/adw.db"));
    let refusing = async {
        let mut database = SqliteConnection::connect_with(&options).await?;
        let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.type = 'workflow_paused'
                       BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
        database.execute(trigger).await?;
        database.close().await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(refusing).unwrap();
}

#[test]
fn where_the_pause_cannot_be_written_it_ends_all_the_same_and_the_next_server_goes_on() {
    let companions = Companions::new();
    let first: Ended = alone(&companions.repository).args(TASK).output().unwrap().into();
    assert_eq!(first.code, Some(0), "{first:?}");
    refuse_pauses(&companions.repository);
    let (stopped, agent) = companions.begin("wait");
    signal(&stopped, "INT");
    let (ended, _) = companions.end("wait", stopped);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(!is_alive(&agent));
    assert!(ended.stderr.contains("\nwait can't be paused: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nwait is kept: the next server goes on with it"), "{}", ended.stderr);
}

#[test]
fn an_agent_that_outlives_its_server_is_told_of_by_those_who_look() {
    let companions = Companions::new();
    let (mut killed, agent) = companions.begin("wait");
    signal(&killed, "KILL");
    killed.wait().unwrap();
    assert!(is_alive(&agent));
    let note = "no server is running: no stage goes on until `adw serve`, but an agent or command of wait is still at work\n";
    for looking in [&["ls"][..], &["show", "wait"]] {
        let seen: Ended = alone(&companions.repository).args(looking).output().unwrap().into();
        assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), note), "{looking:?}");
    }
}

#[test]
fn what_was_killed_is_taken_up_by_the_next_server_with_its_agent() {
    let companions = Companions::new();
    let (mut killed, agent) = companions.begin("wait");
    signal(&killed, "KILL");
    killed.wait().unwrap();
    assert!(is_alive(&agent));
    let server = Server::start(&companions.repository.path());
    companions.let_go_on("wait");
    let url = server.url.as_str();
    let followed = run(&companions.repository.path(), ["logs", "wait", "--follow", "--server", url]);
    assert_eq!(followed.code, Some(0), "{followed:?}");
    let shown = run(&companions.repository.path(), ["show", "wait", "--json", "--server", url]).json();
    assert_eq!((&shown["status"], companions.runs("wait")), (&json!("completed"), 1), "{shown}");
}

/// A repository whose agent says its process again and again, and is at work for as long as it is let.
fn with_a_lasting_agent() -> Repository {
    let repository = Repository::with_a_fix();
    let agent = r#"["sh", "-c", "while echo at work as $$ now; do sleep 0.1; done"]"#;
    repository.configure(&format!("\n[agents.lasting]\nprofile = \"command\"\ncommand = {agent}\n"));
    repository
}

const LASTING: [&str; 8] = ["run", "Wait", "--id", "wait", "--stages", "implement", "--agent", "lasting"];

#[test]
fn when_its_terminal_is_closed_it_ends_as_with_ctrl_c() {
    for has_a_terminal in [false, true] {
        let repository = with_a_lasting_agent();
        let mut command = Command::new("setsid");
        // Whose terminal it is is told of its end by the kernel; others can't write to it any more.
        command.arg(if has_a_terminal { "--ctty" } else { "--wait" });
        command.arg(env!("CARGO_BIN_EXE_adw")).args(LASTING).current_dir(repository.path());
        command.env("ADW_LISTEN", free_address()).env_remove("ADW_SERVER");
        let mut terminal = Terminal::start(&mut command);
        terminal.until_it_shows(" now");
        let agent =
            terminal.text().rsplit_once("at work as ").unwrap().1.split(' ').next().unwrap().to_owned();
        assert!(is_alive(&agent));
        assert_eq!(terminal.close(), Some(130), "{has_a_terminal}");
        assert!(!is_alive(&agent), "{has_a_terminal}: nobody is left to end the agent");
        assert!(!repository.path().join(".adw/address").exists(), "the server was ended well");
    }
}

#[test]
fn a_hangup_that_comes_twice_is_one_and_with_nohup_none() {
    let repository = with_a_lasting_agent();
    let mut command = alone(&repository);
    let mut child = command.args(LASTING).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = until_it_says(&mut child, "at work as ");
    signal(&child, "HUP");
    signal(&child, "HUP");
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let agent = said.split("at work as ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(!is_alive(agent));

    let companions = Companions::new();
    let mut command = Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_adw")).current_dir(companions.repository.path());
    command.env("ADW_LISTEN", free_address()).env_remove("ADW_SERVER").stdin(Stdio::null());
    command.args(["run", "Wait", "--id", "wait", "--stages", "implement", "--agent", "patient"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until_it_says(&mut child, "at work as ");
    signal(&child, "HUP");
    companions.let_go_on("wait");
    let (ended, runs) = companions.end("wait", child);
    assert_eq!((ended.code, runs), (Some(0), 1), "{ended:?}");
}

#[test]
fn earlier_workflows_go_on_beside_it_and_are_told_of() {
    let repository = Repository::with_a_fix();
    repository.configure("\n[agents.slow]\nprofile = \"command\"\ncommand = [\"sleep\", \"600\"]\n");
    let task = ["run", "Wait", "--id", "wait", "--stages", "implement", "--agent", "slow"];
    let mut command = alone(&repository);
    let mut child = command.args(task).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    until_it_says(&mut child, "asking the agent slow");
    signal(&child, "KILL");
    child.wait().unwrap();

    let ended: Ended = alone(&repository).args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = "1 earlier workflow goes on beside it (wait) until this task ends; `adw serve` goes on until all have ended";
    assert!(ended.stderr.contains(told), "{ended:?}");
}

#[test]
fn when_nobody_reads_along_any_more_it_is_kept_too() {
    let repository = Repository::with_a_fix();
    let agent = r#"["sh", "-c", "while echo still at it; do sleep 0.1; done"]"#;
    repository.configure(&format!("\n[agents.talker]\nprofile = \"command\"\ncommand = {agent}\n"));
    let task = ["run", "Talk", "--id", "talk", "--stages", "implement", "--agent", "talker"];
    let mut command = alone(&repository);
    let mut child = command.args(task).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    // Read, and let go, as `head -1` does.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "talk  Talk\n");
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.contains("talk is paused"), "{}", ended.stderr);
}

#[test]
fn when_neither_stream_is_read_any_more_the_server_is_ended_well_all_the_same() {
    let repository = Repository::with_a_fix();
    let agent = r#"["sh", "-c", "while echo still at it; do sleep 0.1; done"]"#;
    repository.configure(&format!("\n[agents.talker]\nprofile = \"command\"\ncommand = {agent}\n"));
    // As `2>&1 | true` reads, and as `2>&1 | head -1`.
    for (adw_id, lines, more) in [("none", 0, ""), ("one", 1, ""), ("json", 0, "--json")] {
        let task = ["run", "Talk", "--id", adw_id, "--stages", "implement", "--agent", "talker"];
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = alone(&repository);
        command.args(task).args(Some(more).filter(|more| !more.is_empty()));
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut reader = BufReader::new(reader);
        for _ in 0..lines {
            reader.read_line(&mut String::new()).unwrap();
        }
        drop(reader);
        if !more.is_empty() {
            // Nothing is written until it is told to end.
            while !repository.path().join(".adw/logs/json/implement.1.ndjson").exists() {
                assert!(child.try_wait().unwrap().is_none(), "it ended");
            }
            signal(&child, "INT");
        }
        assert_eq!(child.wait().unwrap().code(), Some(130), "{adw_id}");
        assert!(!repository.path().join(".adw/address").exists(), "{adw_id}");
    }
    let server = Server::start(&repository.path());
    for adw_id in ["none", "one", "json"] {
        let shown = run(&repository.path(), ["show", adw_id, "--json", "--server", &server.url]).json();
        assert_eq!(shown["waiting"]["kind"], "paused", "it is kept: {shown}");
    }
}

/// Tasks of one agent that goes on when it is told to, each handed over by a command of its own, one after the other.
struct Companions {
    repository: Repository,
}

impl Companions {
    fn new() -> Self {
        let repository = Repository::with_a_fix();
        let agent = r#"["sh", "-c", "echo $(basename $PWD) >> ../../../ledger; echo at work as $$; until test -e ../../../$(basename $PWD).go; do sleep 0.1; done; echo Hello > greeting.txt"]"#;
        repository.configure(&format!("\n[agents.patient]\nprofile = \"command\"\ncommand = {agent}\n"));
        Self { repository }
    }

    /// One that is at work, and its agent's process.
    fn begin(&self, adw_id: &str) -> (Child, String) {
        let task = ["run", "Wait", "--id", adw_id, "--stages", "implement", "--agent", "patient"];
        let mut command = alone(&self.repository);
        let mut child = command.args(task).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = until_it_says(&mut child, "at work as ");
        (child, said.trim_end().rsplit(' ').next().unwrap().to_owned())
    }

    fn let_go_on(&self, adw_id: &str) {
        std::fs::write(self.repository.path().join(format!("{adw_id}.go")), "").unwrap();
    }

    /// How one ended, and how often its agent ran.
    fn end(&self, adw_id: &str, child: Child) -> (Ended, usize) {
        let ended = child.wait_with_output().unwrap().into();
        (ended, self.runs(adw_id))
    }

    fn runs(&self, adw_id: &str) -> usize {
        let ledger = std::fs::read_to_string(self.repository.path().join("ledger")).unwrap_or_default();
        ledger.lines().filter(|line| *line == adw_id).count()
    }
}

const IN_ITS_PLACE: &str =
    "the server of the other task has ended: one within this command goes on in its place\n";

#[test]
fn whoever_was_served_by_the_command_of_another_task_goes_on_in_its_place_when_that_has_ended() {
    let companions = Companions::new();
    let (first, _) = companions.begin("first");
    let (second, agent) = companions.begin("second");
    let (third, _) = companions.begin("third");
    companions.let_go_on("first");
    let (first, runs) = companions.end("first", first);
    assert_eq!((first.code, runs), (Some(0), 1), "{first:?}");
    assert!(is_alive(&agent));
    companions.let_go_on("second");
    let (second, runs) = companions.end("second", second);
    assert_eq!((second.code, runs), (Some(0), 1), "{second:?}");
    companions.let_go_on("third");
    let (third, runs) = companions.end("third", third);
    assert_eq!((third.code, runs), (Some(0), 1), "{third:?}");
    assert!(third.stderr.contains(IN_ITS_PLACE), "nobody else was there at last: {third:?}");
}

#[test]
fn of_those_who_begin_at_the_same_moment_all_come_to_their_end() {
    let companions = Companions::new();
    let ids = ["first", "second", "third"];
    let begun = ids.map(|adw_id| {
        companions.let_go_on(adw_id);
        let task = ["run", "Wait", "--id", adw_id, "--stages", "implement", "--agent", "patient"];
        let mut command = alone(&companions.repository);
        command.args(task).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    for (adw_id, child) in ids.into_iter().zip(begun) {
        let (ended, runs) = companions.end(adw_id, child);
        assert_eq!((ended.code, runs), (Some(0), 1), "{ended:?}");
    }
}

/// Connections to a port of this machine that are in this state, by the system's number for it.
fn connections(port: u16, state: &str) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let here = format!(":{port:04X}");
    let of_the_port = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&here)) && fields.nth(1) == Some(state)
    };
    table.lines().filter(of_the_port).count()
}

#[test]
fn whoever_handed_a_task_to_one_that_was_killed_as_it_began_goes_on_alone() {
    let companions = Companions::new();
    let begin = |adw_id: &str| {
        companions.let_go_on(adw_id);
        let task = ["run", "Wait", "--id", adw_id, "--stages", "implement", "--agent", "patient"];
        let mut command = alone(&companions.repository);
        command.args(task).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut first = begin("first");
    let address = companions.repository.path().join(".adw/address");
    // It listens, and has plugins to compile before it answers.
    while !address.exists() {
        assert!(first.try_wait().unwrap().is_none(), "it ended");
    }
    signal(&first, "STOP");
    let told = std::fs::read_to_string(address).unwrap();
    let port: u16 = told.lines().next().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let mut second = begin("second");
    // It has given up to ask whether the first is well, and hands its task over.
    let (closed_by_who_asked, open) = ("08", "01");
    while connections(port, closed_by_who_asked) == 0 || connections(port, open) == 0 {
        assert!(second.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    signal(&first, "KILL");
    first.wait().unwrap();
    let (second, runs) = companions.end("second", second);
    assert_eq!((second.code, runs), (Some(0), 1), "{second:?}");
    assert!(second.stderr.contains("no server is running: started one"), "{second:?}");
}

#[test]
fn whoever_ends_the_task_that_served_others_ends_its_agent_and_no_other() {
    for signal_name in ["INT", "KILL"] {
        let companions = Companions::new();
        let (first, stopped) = companions.begin("first");
        let (second, agent) = companions.begin("second");
        signal(&first, signal_name);
        let (first, _) = companions.end("first", first);
        assert_eq!(first.code, (signal_name == "INT").then_some(130), "{first:?}");
        if signal_name == "INT" {
            assert!(!is_alive(&stopped), "who stops a task doesn't want its agent to go on");
        }
        assert!(is_alive(&agent), "{signal_name}");
        companions.let_go_on("second");
        let (second, runs) = companions.end("second", second);
        assert_eq!((second.code, runs), (Some(0), 1), "{second:?}");
        companions.let_go_on("first");
    }
}

#[test]
fn a_task_that_nobody_follows_is_said_to_be_left_where_the_server_ends_with_another() {
    let companions = Companions::new();
    let (first, _) = companions.begin("first");
    let mut command = alone(&companions.repository);
    let left: Ended = command.args(TASK).arg("--no-follow").output().unwrap().into();
    assert_eq!((left.code, left.stdout.as_str()), (Some(0), "mend\n"), "{left:?}");
    assert!(left.stderr.contains("was started for another task and ends with it"), "{left:?}");
    companions.let_go_on("first");
    assert_eq!(companions.end("first", first).0.code, Some(0));
}

/// Whether a process is there, and can still do something.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Reads what a command says until this is part of a line, and gives that line; what comes after is read by nobody.
fn until_it_says(child: &mut Child, words: &str) -> String {
    let mut said = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    while !said.contains(words) {
        said.clear();
        assert!(stdout.read_line(&mut said).unwrap() > 0, "it ended before it said {words:?}");
    }
    // It goes on writing while the test waits for its end.
    std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    said
}
