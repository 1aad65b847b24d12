//! `adw serve`: its line, its folder, its end.

use std::fs::File;
use std::net::TcpListener;

use crate::support::{Repository, Server, run};

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
    let holder =
        format!(", process {} listens there: `--listen 127.0.0.1:0` takes a free port", std::process::id());
    assert!(ended.stderr.contains(&holder), "{}", ended.stderr);
    assert!(
        !repository.path().join(".adw").exists(),
        "the data of a server that may run there are left alone"
    );
}

#[test]
fn a_variable_that_cannot_be_understood_is_told() {
    let repository = configured();
    let mut command = crate::support::adw(&repository.path());
    let output = command.arg("serve").env("ADW_LIMITS_QUEUE", "many").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("ADW_LIMITS_QUEUE") && !stderr.contains("error: error:"), "{stderr}");
}

#[test]
fn a_filter_for_the_log_that_cannot_be_understood_is_told() {
    let repository = configured();
    let mut command = crate::support::adw(&repository.path());
    let output =
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("ADW_LOG", "info,=,,[").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ADW_LOG can't be understood"), "{output:?}");
}
