//! `adw doctor`: what it says of surroundings that are broken, one way each.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Ended, Repository, Server, adw, run};

/// A repository in which nothing is wrong.
fn repository() -> Repository {
    Repository::new(&[("adw.toml", &config(&free_address()))])
}

fn config(address: &str) -> String {
    format!(
        r#"
[server]
listen = "{address}"
[projects.demo]
repo = "."
base = "main"
[agents.mine]
profile = "command"
command = ["sh", "-c", "true"]
[stages.plan]
plugin = "builtin:noop"
[pipelines.default]
stages = ["plan"]
"#
    )
}

fn configure(repository: &Repository, change: impl FnOnce(String) -> String) {
    let file = repository.path().join("adw.toml");
    fs::write(&file, change(fs::read_to_string(&file).unwrap())).unwrap();
}

/// A port that was free a moment ago, and is nobody's.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn diagnose(folder: &Path) -> (Option<i32>, Value) {
    of(adw(folder).args(["doctor", "--json"]))
}

fn of(command: &mut Command) -> (Option<i32>, Value) {
    let ended: Ended = command.output().unwrap().into();
    (ended.code, ended.json())
}

/// What is said of one subject, with names in the place of what is different each time.
fn said(report: &Value, subject: &str, names: &[(&str, &str)]) -> String {
    let mut lines = Vec::new();
    for finding in report["findings"].as_array().unwrap().iter().filter(|found| found["subject"] == subject) {
        let (verdict, message) = (finding["verdict"].as_str().unwrap(), finding["message"].as_str().unwrap());
        lines.push(format!("{verdict}: {message}\n"));
        if let Some(fix) = finding.get("fix") {
            lines.push(format!("  fix: {}\n", fix.as_str().unwrap().replace('\n', "\n       ")));
        }
        assert_eq!(finding.get("fix").is_none(), verdict == "ok", "what is not ok has a fix: {finding}");
    }
    names.iter().fold(lines.concat(), |text, (what, name)| text.replace(what, name))
}

/// Without whoever it was that was found to have something open.
fn without_process(text: &str) -> String {
    let Some((before, rest)) = text.split_once(" (") else { return text.to_owned() };
    match rest.split_once(')') {
        Some((holder, after)) if holder.contains(", process ") => format!("{before}{after}"),
        _ => text.to_owned(),
    }
}

/// All that lies in a folder, with its size and the time of its last change.
fn inventory(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            found.extend(inventory(&entry.path()));
        } else {
            found.insert(entry.path(), (metadata.len(), metadata.modified().unwrap()));
        }
    }
    found
}

#[test]
fn where_nothing_is_wrong_it_says_so_and_leaves_no_trace() {
    let repository = repository();
    let before = inventory(&repository.path());
    let (code, report) = diagnose(&repository.path());
    assert_eq!((code, &report["ok"], &report["failed"]), (Some(0), &true.into(), &0.into()), "{report:#}");
    assert_eq!(inventory(&repository.path()), before);
    assert!(!repository.path().join(".adw").exists());
    let subjects: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["subject"].as_str().unwrap())
        .collect();
    for subject in
        ["git", "config", "projects", "disk", "plugins", "agents", "store", "port", "limits", "clock"]
    {
        assert!(subjects.contains(&subject), "{subject}: {report:#}");
    }

    let ended = run(&repository.path(), ["doctor"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("ok    git       git version "), "{}", ended.stdout);
    assert!(ended.stdout.contains("nothing stands in the way of work"), "{}", ended.stdout);
}

#[test]
fn a_server_that_runs_is_known_and_left_alone() {
    let (one, two) = (repository(), repository());
    let server = Server::start(&one.path());
    for repository in [&one, &two] {
        configure(repository, |_| config(server.address()));
    }
    // What it does by itself about its new adw.toml is done then.
    assert_eq!(run(&one.path(), ["reload"]).code, Some(0));
    let data = inventory(&one.path().join(".adw"));
    let (code, own) = diagnose(&one.path());
    assert_eq!(code, Some(0), "{own:#}");
    assert_eq!(inventory(&one.path().join(".adw")), data);
    let names = [(server.address(), "[address]"), (env!("CARGO_PKG_VERSION"), "[version]")];
    assert_eq!(
        without_process(&said(&own, "port", &names)),
        "ok: [address] is served by adw [version], for this folder\n"
    );
    assert!(said(&own, "store", &[]).contains("is open in adw, process "), "{own:#}");

    let (code, other) = diagnose(&two.path());
    assert_eq!(code, Some(1));
    let folder = one.path().display().to_string();
    let names = [names.as_slice(), &[(folder.as_str(), "[folder]")]].concat();
    insta::assert_snapshot!("port-of-another-folder", without_process(&said(&other, "port", &names)));
    assert_eq!(server.end("TERM"), Some(0));
}

/// A way to break something, and what is then told of which subject.
struct Broken {
    name: &'static str,
    subjects: &'static [&'static str],
    code: i32,
    how: fn(&Repository),
}

const BROKEN: &[Broken] = &[
    Broken {
        name: "config",
        subjects: &["config", "plugins"],
        code: 1,
        how: |repository| {
            configure(repository, |text| {
                text + "\n[limits]\nqueue = \"many\"\n[stages.mine]\nplugn = \"x\"\n"
            });
        },
    },
    Broken {
        name: "no-stages",
        subjects: &["config"],
        code: 1,
        how: |repository| configure(repository, |_| String::new()),
    },
    Broken {
        name: "no-config",
        subjects: &["config", "projects"],
        code: 0,
        how: |repository| fs::remove_file(repository.path().join("adw.toml")).unwrap(),
    },
    Broken {
        name: "base",
        subjects: &["projects"],
        code: 1,
        how: |repository| configure(repository, |text| text.replace("base = \"main\"", "base = \"trunk\"")),
    },
    Broken {
        name: "no-repository",
        subjects: &["projects"],
        code: 0,
        how: |repository| {
            fs::remove_dir_all(repository.path().join(".git")).unwrap();
            configure(repository, |text| text.replace("base = \"main\"", ""));
        },
    },
    Broken {
        name: "stale-lock",
        subjects: &["projects"],
        code: 0,
        how: |repository| {
            let lock = File::create(repository.path().join(".git/index.lock")).unwrap();
            lock.set_modified(SystemTime::now() - Duration::from_secs(3605)).unwrap();
        },
    },
    Broken {
        name: "data-folder-is-a-file",
        subjects: &["disk", "plugins"],
        code: 1,
        how: |repository| fs::write(repository.path().join(".adw"), "").unwrap(),
    },
    Broken {
        name: "compile-cache-is-a-file",
        subjects: &["plugins"],
        code: 1,
        how: |repository| {
            fs::create_dir(repository.path().join(".adw")).unwrap();
            fs::write(repository.path().join(".adw/compiled"), "").unwrap();
        },
    },
    Broken {
        name: "plugins",
        subjects: &["plugins"],
        code: 1,
        how: |repository| {
            let text = "[stages.mine]\npath = \"mine.wasm\"\n[stages.test]\nplugin = \"builtin:test\"\n\
                        [pipelines.default]\nstages = [\"mine\", \"test\"]\n";
            configure(repository, |_| text.to_owned());
        },
    },
    Broken {
        name: "agents",
        subjects: &["agents"],
        code: 1,
        how: |repository| {
            fs::write(repository.path().join("agent.sh"), "#!/bin/sh\n").unwrap();
            let text = "[agents.gone]\nprofile = \"command\"\ncommand = [\"no-such-agent\"]\n\
                        [agents.forbidden]\nprofile = \"command\"\ncommand = [\"./agent.sh\"]\n\
                        [agents.away]\nprofile = \"command\"\ncommand = [\"/no/such/agent\"]\n\
                        [stages.implement]\nplugin = \"builtin:implement\"\nagent = \"gone\"\n\
                        [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
                        [pipelines.default]\nstages = [\"implement\"]\n";
            configure(repository, |_| text.to_owned());
        },
    },
    Broken {
        name: "database-with-a-log",
        subjects: &["store"],
        code: 1,
        how: |repository| {
            fs::create_dir(repository.path().join(".adw")).unwrap();
            fs::write(repository.path().join(".adw/adw.db"), "somebody's notes\n").unwrap();
            fs::write(repository.path().join(".adw/adw.db-wal"), "more of them\n").unwrap();
        },
    },
    Broken {
        name: "database",
        subjects: &["store"],
        code: 1,
        how: |repository| {
            fs::create_dir(repository.path().join(".adw")).unwrap();
            fs::write(repository.path().join(".adw/adw.db"), "somebody's notes\n").unwrap();
        },
    },
];

#[test]
fn what_is_broken_is_told_with_what_mends_it() {
    for broken in BROKEN {
        let repository = repository();
        (broken.how)(&repository);
        let before = inventory(&repository.path());
        let (code, report) = diagnose(&repository.path());
        // Without a configuration the usual port is looked at, and who listens there is not of the test's making.
        let is_taken = said(&report, "port", &[]).contains("fail: ");
        let expected = if is_taken { 1 } else { broken.code };
        assert_eq!(code, Some(expected), "{}: {report:#}", broken.name);
        assert_eq!(inventory(&repository.path()), before, "{}", broken.name);
        let folder = repository.path().display().to_string();
        let said: Vec<String> =
            broken.subjects.iter().map(|subject| said(&report, subject, &[(&folder, "[folder]")])).collect();
        insta::assert_snapshot!(broken.name, said.concat());
        // Whatever it is, it is not the end of the examination.
        assert!(report["findings"].as_array().unwrap().iter().any(|found| found["subject"] == "clock"));
    }
}

#[test]
fn without_git_everything_else_is_still_looked_at() {
    let repository = repository();
    let nothing = tempfile::tempdir().unwrap();
    let (code, report) = of(adw(&repository.path()).args(["doctor", "--json"]).env("PATH", nothing.path()));
    assert_eq!(code, Some(1));
    let folder = repository.path().display().to_string();
    let told = ["git", "projects", "agents"].map(|subject| said(&report, subject, &[(&folder, "[folder]")]));
    insta::assert_snapshot!("no-git", told.concat());
    assert!(said(&report, "plugins", &[]).contains("1 of 1 stages load"), "{report:#}");
}

#[test]
fn a_port_that_another_program_has_is_told() {
    let repository = repository();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, report) =
        of(adw(&repository.path()).args(["doctor", "--json"]).env("ADW_SERVER_LISTEN", &address));
    assert_eq!(code, Some(1));
    let told = said(&report, "port", &[(&address, "[address]")]);
    insta::assert_snapshot!("port-of-another-program", without_process(&told));
}

#[test]
fn a_database_that_is_held_is_not_touched() {
    let repository = repository();
    fs::create_dir(repository.path().join(".adw")).unwrap();
    // Not a database at all; whoever holds it may be writing it just now.
    fs::write(repository.path().join(".adw/adw.db"), "").unwrap();
    let lock = File::create(repository.path().join(".adw/adw.db.lock")).unwrap();
    lock.lock().unwrap();
    let (code, report) = diagnose(&repository.path());
    assert_eq!(code, Some(0), "{report:#}");
    assert!(said(&report, "store", &[]).contains("adw.db is open in "), "{report:#}");
}

#[test]
fn outside_of_everything_it_works_too() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), ["doctor", "--json"]);
    let report = ended.json();
    assert!(said(&report, "config", &[]).starts_with("warn: there is no adw.toml"), "{report:#}");
    assert!(said(&report, "projects", &[]).contains("is no git repository"), "{report:#}");
    let named = run(folder.path(), ["doctor", "--json", "--config", "missing.toml"]);
    assert_eq!(named.code, Some(1), "{named:?}");
    assert!(said(&named.json(), "config", &[]).contains("missing.toml: failed to read"), "{named:?}");
}

#[test]
fn in_a_folder_whose_name_is_no_text_it_says_so_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).unwrap();
    for config in [None, Some(config(&free_address()))] {
        if let Some(config) = &config {
            fs::write(folder.join("adw.toml"), config).unwrap();
        }
        let (code, report) = diagnose(&folder);
        assert_eq!(code, Some(1), "{report:#}");
        assert!(said(&report, "config", &[]).contains("is not UTF-8"), "{report:#}");
        assert!(said(&report, "git", &[]).starts_with("ok: "), "{report:#}");
        assert!(said(&report, "clock", &[]).starts_with("ok: "), "{report:#}");
    }
}

#[test]
fn a_database_that_is_kept_elsewhere_is_looked_at_there() {
    let (repository, elsewhere) = (repository(), tempfile::tempdir().unwrap());
    let folder = elsewhere.path().canonicalize().unwrap().join("kept here");
    fs::write(&folder, "a file").unwrap();
    let url = format!("sqlite:{}/adw.db", folder.display());
    let with_url = || of(adw(&repository.path()).args(["doctor", "--json"]).env("ADW_STORE_URL", &url));
    let (code, report) = with_url();
    assert_eq!(code, Some(1), "{report:#}");
    let fix = format!("fix: mv '{0}' '{0}'.old", folder.display());
    assert!(said(&report, "disk", &[]).contains(&fix), "{report:#}");
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    let said = said(&with_url().1, "disk", &[]);
    assert!(said.contains(&format!("MiB are free in {}", folder.display())), "{said}");
}
