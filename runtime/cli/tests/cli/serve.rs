//! `adw serve`: its line, its folder, its end.

use std::fs::File;
use std::net::TcpListener;

use crate::support::{Ended, Repository, Server, adw, run};

fn configured() -> Repository {
    let repository = Repository::new(&[]);
    assert_eq!(run(&repository.path(), ["init"]).code, Some(0));
    repository
}

#[test]
fn it_ends_well_on_either_signal() {
    for signal in ["TERM", "INT"] {
        let repository = configured();
        let server = Server::start(&repository.path());
        let listed = run(&repository.path(), ["ls", "--json", "--server", &server.url]);
        assert_eq!(listed.json()["items"], serde_json::json!([]));
        assert_eq!(server.end(signal), Some(0), "{signal}");
    }
}

#[test]
fn its_data_lie_beside_adw_toml_and_out_of_git() {
    let repository = configured();
    let below = repository.path().join("below");
    std::fs::create_dir(&below).unwrap();
    let server = Server::start(&below);
    assert_eq!(std::fs::read_to_string(repository.path().join(".adw/.gitignore")).unwrap(), "*\n");
    assert_eq!(repository.git(["status", "--porcelain"]), "?? adw.toml\n");

    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_second_one_of_the_same_folder_says_where_the_first_is_and_what_to_do() {
    let repository = configured();
    let server = Server::start(&repository.path());
    for listen in [server.address(), "127.0.0.1:0"] {
        let second = run(&repository.path(), ["serve", "--listen", listen]);
        assert_eq!(second.code, Some(2), "{second:?}");
        let said = format!("a server runs for this folder already, at {}", server.url);
        assert!(second.stderr.contains(&said), "{}", second.stderr);
        assert!(second.stderr.contains("help: use that one: `adw run"), "{}", second.stderr);
    }
    assert_eq!(run(&repository.path(), ["ls"]).code, Some(0), "the first is left alone");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_log_that_can_not_be_written_stops_nothing() {
    let repository = configured();
    let folder = repository.path();
    repository.configure("\n[agents.mine]\nprofile = \"command\"\ncommand = [\"touch\", \"done\"]\n");
    let server = Server::start_with_log(&folder, File::options().write(true).open("/dev/full").unwrap());
    let url = server.url.as_str();
    let ended =
        run(&folder, ["run", "Touch it", "--stages", "implement", "--agent", "mine", "--server", url]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_taken_port_is_told_with_a_way_out() {
    let repository = configured();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&repository.path(), ["serve", "--listen", &address]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(&format!("failed to listen on {address}")), "{}", ended.stderr);
    let holder = format!(", process {} listens there: ", std::process::id());
    for said in [
        &holder,
        "under [server], as in `listen = \"127.0.0.1:",
        "`--listen 127.0.0.1:0`, which takes a free port",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    assert!(
        !repository.path().join(".adw").exists(),
        "the data of a server that may run there are left alone"
    );
}

#[test]
fn its_log_tells_of_each_task_when_it_is_taken_when_it_waits_and_when_it_ends() {
    let repository = configured();
    let folder = repository.path();
    repository.configure(
        "\n[agents.mine]\nprofile = \"command\"\ncommand = [\"sh\", \"-c\", \"echo why; exit 3\"]\n",
    );
    let log = folder.join("log");
    let server = Server::start_with_log(&folder, File::create(&log).unwrap());
    let task = |id: &str, agent: &str| {
        run(
            &folder,
            ["run", "Touch it", "--id", id, "--stages", "implement", "--agent", agent, "--no-follow"],
        );
    };
    task("fails", "mine");
    assert_eq!(run(&folder, ["logs", "fails", "--follow"]).code, Some(0));
    task("asks", "manual");
    while !run(&folder, ["show", "asks"]).stdout.contains("adw answer asks") {}
    assert_eq!(run(&folder, ["cancel", "asks"]).code, Some(0));
    assert_eq!(server.end("TERM"), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    for said in [
        r#"INFO adw_engine::log_line: task taken adw_id="fails" title="Touch it""#,
        r#"INFO adw_engine::log_line: task ended adw_id="fails" title="Touch it" status="failed" reason="stage implement failed: "#,
        r#"task waits for a person adw_id="asks" title="Touch it" stage="implement" asked=""#,
        r#"task ended adw_id="asks" title="Touch it" status="cancelled""#,
    ] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
}

#[test]
fn a_database_that_is_no_file_is_refused_with_what_to_do() {
    let repository = configured();
    for (path, what) in [("/dev/null", "no regular file"), (".", "a folder")] {
        let file = repository.path().join("adw.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("sqlite:.adw/adw.db", &format!("sqlite:{path}"))).unwrap();
        for arguments in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"], &["ls"]] {
            let ended: Ended = adw(&repository.path()).args(arguments).output().unwrap().into();
            assert_eq!(ended.code, Some(2), "{ended:?}");
            for said in [&format!("{path} is {what}"), "name a file", "sqlite:.adw/adw.db"] {
                assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
            }
        }
        std::fs::write(&file, text).unwrap();
        assert!(!repository.path().join(".adw").exists());
    }
}

#[test]
fn a_variable_that_cannot_be_understood_is_told() {
    let repository = configured();
    let mut command = adw(&repository.path());
    let output = command.arg("serve").env("ADW_LIMITS_QUEUE", "many").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("ADW_LIMITS_QUEUE") && !stderr.contains("error: error:"), "{stderr}");
}

#[test]
fn a_filter_for_the_log_that_cannot_be_understood_is_told() {
    let repository = configured();
    let mut command = adw(&repository.path());
    let output =
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("ADW_LOG", "info,=,,[").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ADW_LOG can't be understood"), "{output:?}");
}
