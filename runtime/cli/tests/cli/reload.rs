//! adw.toml, changed while a server runs.

use serde_json::Value;

use crate::support::{Ended, Repository, Server, adw, run};

const AGENT: &str = "\n[agents.mine]\nprofile = \"command\"\ncommand = [\"touch\", \"done\"]\n";
const TASK: [&str; 6] = ["run", "Touch it", "--stages", "implement", "--agent", "mine"];

/// What the server says of its configuration, asked until it is as wanted. Nobody waits but for the server.
fn until(server: &Server, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let told = server.get("/api/v1/configuration");
        if wanted(&told) {
            return told;
        }
    }
}

#[test]
fn what_is_changed_counts_from_the_next_command_on() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    repository.configure(AGENT);
    let ended: Ended = adw(&repository.path()).args(TASK).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("adw.toml"), "{ended:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_server_sees_by_itself_that_it_has_changed_and_at_a_signal_reads_it_anyway() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    let first = until(&server, |_| true);
    repository.configure(AGENT);
    let second = until(&server, |told| told["sha256"] != first["sha256"]);
    // As editors do: another file in its place.
    let file = repository.path().join("adw.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file.with_extension("swp"), text + "# another\n").unwrap();
    std::fs::rename(file.with_extension("swp"), &file).unwrap();
    let third = until(&server, |told| told["sha256"] != second["sha256"]);
    server.signal("HUP");
    until(&server, |told| told["since"] != third["since"] && told["sha256"] == third["sha256"]);
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn one_that_is_wrong_is_told_and_the_one_before_counts() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    repository.configure(AGENT);
    assert_eq!(run(&repository.path(), ["reload"]).code, Some(0));
    repository.configure("\n[agents.other]\nprofile = \"comand\"\n");
    let refused = run(&repository.path(), ["reload"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("error: there is no profile \"comand\"\n"), "once an error: {refused:?}");
    assert!(refused.stderr.contains("adw.toml"), "{refused:?}");
    let mut task = adw(&repository.path());
    let ended: Ended = task.args(TASK).arg("--served-config").output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    until(&server, |told| told["refused"]["errors"][0].as_str().is_some_and(|why| why.contains("comand")));
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn one_that_is_wrong_stands_in_the_way_of_no_command_while_a_server_goes_by_the_one_before() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    repository.configure("\n[agents.mine\n");
    let asked: [(&[&str], i32, &str); 4] = [
        (&["ls"], 0, "no workflows"),
        (&["show", "one"], 2, "there is no workflow one"),
        (&["cancel", "one"], 2, "there is no workflow one"),
        (
            &[
                "run",
                "Mend it",
                "--id",
                "mend",
                "--stages",
                "implement",
                "--patch",
                "fix.diff",
                "--served-config",
            ],
            0,
            "",
        ),
    ];
    for (arguments, code, said) in asked {
        let ended: Ended = adw(&repository.path()).args(arguments).output().unwrap().into();
        assert_eq!(ended.code, Some(code), "{ended:?}");
        for said in [said, "adw.toml:", " is wrong: ", &server.url, "`adw check`"] {
            assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
        }
    }
    for more in [&[][..], &["--no-follow"]] {
        let task = ["run", "Mend it", "--id", "unmended", "--stages", "implement", "--patch", "fix.diff"];
        let refused: Ended = adw(&repository.path()).args(task).args(more).output().unwrap().into();
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.starts_with("error: "), "{refused:?}");
        for said in ["adw.toml:", "`--served-config`"] {
            assert!(refused.stderr.contains(said), "{said}: {refused:?}");
        }
    }
    let once = run(&repository.path(), ["reload"]);
    assert_eq!((once.code, once.stderr.matches("adw.toml:").count()), (Some(2), 1), "{once:?}");
    assert_eq!(server.end("TERM"), Some(0));
    // What was done can be looked at without a server too; to change anything takes one, and that takes an adw.toml.
    let alone = run(&repository.path(), ["show", "mend"]);
    assert_eq!(alone.code, Some(0), "{alone:?}");
    assert!(alone.stdout.contains("implement    completed"), "{alone:?}");
    let data = format!("these are the data in {}", repository.path().join(".adw").display());
    for said in ["adw.toml:", " is wrong: ", &data, "`adw check`"] {
        assert!(alone.stderr.contains(said), "{said}: {}", alone.stderr);
    }
    for arguments in [&["cancel", "mend"][..], &["run", "More"]] {
        let refused: Ended = adw(&repository.path()).args(arguments).output().unwrap().into();
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.stderr.starts_with("error: ") && !refused.stderr.contains(" is wrong: "),
            "{refused:?}"
        );
    }
}

#[test]
fn where_it_is_wrong_the_server_of_another_folder_is_not_asked_at_an_address_that_was_left() {
    let (other, repository) = (Repository::with_a_fix(), Repository::with_a_fix());
    let server = Server::start(&other.path());
    // There is a database, which nobody has.
    assert_eq!(Server::start(&repository.path()).end("TERM"), Some(0));
    std::fs::copy(other.path().join(".adw/address"), repository.path().join(".adw/address")).unwrap();
    repository.configure("\n[agents.mine\n");
    let ended = run(&repository.path(), ["cancel", "one"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.starts_with("error: ") && !ended.stderr.contains("no workflow"), "{ended:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_plugin_that_does_not_load_is_told_and_the_task_goes_by_the_one_before_only_where_that_is_asked_for() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    repository.configure("\n[stages.own]\npath = \"own.wasm\"\n");
    let task = |more: &[&str]| -> Ended {
        let task = ["run", "Mend it", "--stages", "implement", "--patch", "fix.diff"];
        adw(&repository.path()).args(task).args(more).output().unwrap().into()
    };
    let refused = task(&[]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for said in ["own.wasm can't be read", "`--served-config`"] {
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
    }
    let ended = task(&["--served-config"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = format!("the server at {} goes by adw.toml as it was before: ", server.url);
    assert!(ended.stderr.contains(&said) && ended.stderr.contains("own.wasm can't be read"), "{ended:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn what_counts_at_the_next_start_only_is_said() {
    let repository = Repository::with_a_fix();
    let server = Server::start(&repository.path());
    let file = repository.path().join("adw.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replace("concurrent_workflows = 10", "concurrent_workflows = 3");
    assert_ne!(text, changed);
    std::fs::write(file, changed).unwrap();
    let ended = run(&repository.path(), ["reload"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = "what it says of limits.concurrent_workflows counts when the server is started anew";
    assert!(ended.stderr.contains(said), "{ended:?}");
    assert_eq!(server.end("TERM"), Some(0));
}
