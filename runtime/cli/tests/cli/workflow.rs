//! A task from its beginning to its end, by the command alone.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::pty::Terminal;
use crate::support::{Repository, Server, adw, run};

#[test]
fn a_task_that_succeeds_is_shown_and_ends_with_0() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    let server = Server::start(&folder);
    let ask = |arguments: &[&str]| -> crate::support::Ended {
        adw(&folder).env("ADW_SERVER", &server.url).args(arguments).output().unwrap().into()
    };
    let ended = ask(&[
        "run",
        "Mend the greeting",
        "--type",
        "bug",
        "--id",
        "mend",
        "--patch",
        "fix.diff",
        "--stages",
        "implement",
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for said in
        ["mend  Mend the greeting", "implement    started", "implement    completed", "completed after"]
    {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("queued"), "nothing was in its way: {}", ended.stdout);
    assert!(!ended.stdout.contains('\x1b'), "no colours but on a terminal: {}", ended.stdout);

    let diff = ask(&["diff", "mend"]).stdout;
    assert!(diff.contains("-Helo\n+Hello\n"), "{diff}");
    assert_eq!(ask(&["diff", "mend", "--json"]).json()["diff"], diff);
    let shown = ask(&["show", "mend", "--json"]).json();
    assert_eq!((&shown["status"], &shown["progress"]), (&"completed".into(), &100.into()));
    let listed = ask(&["ls", "--json", "--status", "completed"]).json();
    assert_eq!(listed["items"], serde_json::json!([shown]), "list and object agree");
    assert!(ask(&["ls"]).stdout.contains("mend  completed   100  bug"), "{}", ask(&["ls"]).stdout);
    assert!(ask(&["show", "mend"]).stdout.contains("branch     adw-task/mend"));
    let line = ask(&["logs", "mend", "--json"]).stdout;
    let line: serde_json::Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!(line["stage"], "implement");

    let calls = ask(&["journal", "mend", "--json"]).json();
    let asked = calls["items"].as_array().unwrap().iter().find(|call| call["call"] == "agent.run").unwrap();
    assert_eq!((&asked["stage"], &asked["state"]), (&"implement".into(), &"answered".into()), "{calls}");
    assert!(asked["request"]["prompt"].as_str().unwrap().contains("Mend the greeting"), "{calls}");
    assert_eq!(asked["answer"]["changes"], serde_json::json!(["greeting.txt"]), "{calls}");
    let shown = ask(&["journal", "mend", "--stage", "implement"]).stdout;
    assert!(shown.starts_with("implement, attempt 1\n") && shown.contains("  agent.run  "), "{shown}");
    assert!(shown.contains("answered {\"agent\":\"patch\""), "{shown}");

    let elsewhere = ask(&["logs", "mend", "--stage", "plan"]);
    assert_eq!(elsewhere.code, Some(2), "{elsewhere:?}");
    assert!(elsewhere.stderr.contains("the workflow mend has no stage plan"), "{elsewhere:?}");
    assert!(elsewhere.stderr.contains("it has implement"), "{elsewhere:?}");

    assert_eq!(ask(&["cancel", "mend"]).code, Some(2), "an end is an end");
    for command in ["show", "logs", "journal", "diff", "cancel", "retry"] {
        let unknown = ask(&[command, "mended"]);
        assert_eq!(unknown.code, Some(2));
        let said = "error: there is no workflow mended\nhelp: `adw ls` lists what there is\n";
        assert_eq!(unknown.stderr, said, "{command}");
    }
    let done = ask(&["retry", "mend"]);
    assert!(done.stderr.contains("a workflow that is completed can't be retried"), "{done:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_task_behind_others_says_that_it_is_queued() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    let file = folder.join("adw.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let narrow = text.replace("concurrent_workflows = 10", "concurrent_workflows = 1");
    assert_ne!(text, narrow);
    std::fs::write(&file, narrow).unwrap();
    repository.configure("\n[agents.slow]\nprofile = \"command\"\ncommand = [\"sleep\", \"600\"]\n");
    let server = Server::start(&folder);
    let task = |id: &str| {
        let mut command = adw(&folder);
        command.args(["run", "Wait", "--id", id, "--stages", "implement", "--server", &server.url]);
        command
    };
    let slow: crate::support::Ended =
        task("slow").args(["--agent", "slow", "--no-follow"]).output().unwrap().into();
    assert_eq!(slow.code, Some(0), "{slow:?}");

    let patch = ["--patch", "fix.diff"];
    let mut second = task("second").args(patch).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(second.stdout.take().unwrap());
    let mut lines = [String::new(), String::new()];
    for line in &mut lines {
        assert!(stdout.read_line(line).unwrap() > 0);
    }
    assert_eq!(lines[0], "second  Wait\n");
    assert!(lines[1].ends_with("  queued       1 at work, 1 in the queue, this one counted\n"), "{lines:?}");
    let mut third = Terminal::start(task("third").args(patch).env("TERM", "xterm-256color"));
    third.until_it_shows("1 at work, 2 in the queue");

    assert_eq!(run(&folder, ["cancel", "slow", "--server", &server.url]).code, Some(0));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("completed after") && !rest.contains("queued"), "{rest}");
    assert_eq!(second.wait().unwrap().code(), Some(0));
    assert_eq!(third.end().0, Some(0));
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn the_record_of_calls_is_read_as_text_by_people_and_as_it_is_by_programs() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    let server = Server::start(&folder);
    let url = server.url.as_str();
    let task =
        ["run", "Mend", "--id", "mend", "--stages", "plan,implement", "--patch", "fix.diff", "--server", url];
    assert_eq!(run(&folder, task).code, Some(0));
    let specification = repository.git(["show", "adw-task/mend:specs/mend-mend.md"]);
    let first = specification.lines().next().unwrap();
    let said = run(&folder, ["journal", "mend", "--server", url]).stdout;
    for call in ["workspace-write.write", "workspace.read"] {
        let (_, call) = said.split_once(call).unwrap_or_else(|| panic!("{call}: {said}"));
        let told: Vec<&str> = call.lines().take(3).collect();
        assert!(told.iter().any(|line| line.contains(&format!("\"{first}\\n"))), "{told:?}");
    }
    let calls = run(&folder, ["journal", "mend", "--json", "--server", url]).json();
    let read =
        calls["items"].as_array().unwrap().iter().find(|call| call["call"] == "workspace.read").unwrap();
    let base64 = read["answer"]["file"].as_str().unwrap();
    assert!(base64.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{base64}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_task_that_fails_ends_with_1_and_can_be_retried() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    let server = Server::start(&folder);
    let url = server.url.as_str();
    let ended = run(
        &folder,
        [
            "run",
            "Nothing to go by",
            "--id",
            "lost",
            "--stages",
            "implement",
            "--agent",
            "patch",
            "--server",
            url,
        ],
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("failed after") && ended.stdout.contains("adw retry lost"),
        "{}",
        ended.stdout
    );
    let why = "the task carries no unified diff";
    assert_eq!(ended.stdout.matches(why).count(), 1, "once is enough: {}", ended.stdout);
    let shown = run(&folder, ["show", "lost", "--server", url]).stdout;
    assert_eq!(shown.matches(why).count(), 1, "once is enough: {shown}");

    let cancelled = run(&folder, ["cancel", "lost", "--server", url]);
    assert_eq!(cancelled.code, Some(2), "{cancelled:?}");
    assert!(cancelled.stderr.contains("a workflow that has failed can't be cancelled"), "{cancelled:?}");
    assert!(cancelled.stderr.contains("help: `adw retry ID` lets it go on"), "{cancelled:?}");

    let again = run(&folder, ["retry", "lost", "--follow", "--json", "--server", url]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(again.json()["status"], "failed");
    assert_eq!(again.json()["stage_runs"][0]["attempt"], 2, "{again:?}");
    assert_eq!(run(&folder, ["retry", "lost", "--from", "test", "--server", url]).code, Some(2));
}

#[test]
fn what_was_mended_in_adw_toml_counts_for_a_retry_and_is_told() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    let config = |allowed: &str| {
        format!(
            "[projects.default]\nrepo = \".\"\n[stages.make]\nplugin = \"builtin:noop\"\n[stages.check]\nplugin = \
             \"builtin:test\"\nconfig = {{ command = \"true\", trust_exit_code = true }}\n\
             grants = {{ workspace = \"read\", exec = [{allowed}] }}\n[pipelines.default]\nstages = [\"make\", \"check\"]\n"
        )
    };
    let write = |text: &str| std::fs::write(folder.join("adw.toml"), text).unwrap();
    write(&config(""));
    let server = Server::start(&folder);
    let ended = run(&folder, ["run", "Check it", "--id", "lost"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("adw retry lost, which goes by the present adw.toml"), "{}", ended.stdout);

    let over = |arguments: &[&str]| {
        let retried: crate::support::Ended = adw(&folder).args(arguments).output().unwrap().into();
        run(&folder, ["logs", "lost", "--follow"]);
        retried
    };
    let same = over(&["retry", "lost"]);
    assert_eq!(
        same.stdout, "lost goes on; the present adw.toml says the same for it as before\n",
        "{same:?}"
    );

    write(&config("").replace("\"make\"", "\"mold\"").replace("stages.make", "stages.mold"));
    let refused = run(&folder, ["retry", "lost"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("its stage make is done, and the pipeline has it no more"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("help: `adw retry ID --pinned`"), "{refused:?}");
    let pinned = over(&["retry", "lost", "--pinned"]);
    assert_eq!(pinned.stdout, "lost goes on by the adw.toml that it went by before\n", "{pinned:?}");

    write(&config("[\"true\"]"));
    let mended = over(&["retry", "lost"]);
    assert_eq!(
        mended.stdout, "lost goes on by the present adw.toml: stages.check.grants changed\n",
        "{mended:?}"
    );
    let shown = run(&folder, ["show", "lost"]);
    assert!(shown.stdout.contains("completed, 100 %"), "{shown:?}");
    assert!(shown.stdout.contains("adw.toml   as of the retry at 2"), "{shown:?}");
    assert!(shown.stdout.contains(": stages.check.grants changed\n"), "{shown:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_task_can_be_left_to_itself_and_cancelled() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    // A stage that takes as long as it is let: its command waits for a file that never comes.
    repository.configure("\n[agents.slow]\nprofile = \"command\"\ncommand = [\"sleep\", \"600\"]\n");
    let server = Server::start(&folder);
    let url = server.url.as_str();
    let task = ["run", "Wait", "--id", "wait", "--stages", "implement", "--agent", "slow", "--no-follow"];
    let handed: crate::support::Ended =
        adw(&folder).args(task).args(["--server", url]).output().unwrap().into();
    assert_eq!((handed.code, handed.stdout.as_str()), (Some(0), "wait\n"), "{handed:?}");
    let cancelled = run(&folder, ["cancel", "wait", "--json", "--server", url]);
    assert_eq!(cancelled.json()["status"], "cancelled", "{cancelled:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn the_logs_of_a_retry_are_followed_past_the_failure_before_it() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    // It fails at once, and when it is retried, it takes as long as it is let.
    let agent = r#"["sh", "-c", "test -e ../../../again || exit 1; touch done; echo at it; until test -e ../../../go-on; do sleep 0.1; done; echo at its end"]"#;
    repository.configure(&format!("\n[agents.mine]\nprofile = \"command\"\ncommand = {agent}\n"));
    let server = Server::start(&folder);
    let url = server.url.as_str();
    let task = ["run", "Try", "--id", "try", "--stages", "implement", "--agent", "mine", "--server", url];
    assert_eq!(run(&folder, task).code, Some(1));
    std::fs::write(folder.join("again"), "").unwrap();
    assert_eq!(run(&folder, ["retry", "try", "--server", url]).code, Some(0));

    let mut command = adw(&folder);
    let logs = ["logs", "try", "--follow", "--server", url];
    let mut child = command.args(logs).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("at it") {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended before it said what the retry says");
    }
    std::fs::write(folder.join("go-on"), "").unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("at its end"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn that_nothing_was_tested_is_said_at_the_end_and_in_show() {
    let repository = Repository::with_a_fix();
    let folder = repository.path();
    let server = Server::start(&folder);
    let url = server.url.as_str();
    let task = |id: &'static str, stages: &'static str| {
        run(&folder, ["run", "Mend", "--id", id, "--stages", stages, "--patch", "fix.diff", "--server", url])
    };
    let note = "nothing was tested: no test was found: there is no Cargo.toml";
    let untested = task("untested", "implement,test");
    assert_eq!(untested.code, Some(0), "{untested:?}");
    let (_, end) = untested.stdout.split_once("\ncompleted after ").unwrap();
    assert!(end.contains(note), "{end}");
    let shown = run(&folder, ["show", "untested", "--server", url]).stdout;
    assert!(shown.contains(&format!("note       {note}")), "{shown}");

    let unasked = task("unasked", "implement");
    assert!(!unasked.stdout.contains("nothing was tested"), "no test was asked for: {}", unasked.stdout);
    let listed = run(&folder, ["ls", "--server", url]).stdout;
    let line = |id: &str| listed.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line("untested").contains("  completed, untested  "), "{listed}");
    assert!(!line("unasked").contains("completed, "), "{listed}");
}
