//! An adw.toml that `adw check` and `adw serve` refuse. What each section may hold, the tests of adw-config tell; here is
//! what only a real file, a real folder and a real environment can get wrong.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    os::unix::ffi::OsStrExt,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    page::{Page, assert_page},
    support::{
        repository::{Repository, without_settings},
        server::ADW,
    },
};

const RIGHT: &str = "[projects.demo]\nrepo = \".\"\n[stages.plan]\nplugin = \"builtin:noop\"\n[pipelines.default]\nstages = [\"plan\"]\n";

type Variables = &'static [(&'static str, &'static [u8])];

/// A file, and the variables beside it.
type Case = (&'static str, Vec<u8>, Variables);

/// A file that is right, beside variables that aren't.
fn beside(name: &'static str, variables: Variables) -> Case {
    (name, RIGHT.as_bytes().to_vec(), variables)
}

fn cases() -> Vec<Case> {
    let text = |name, text: &str| (name, text.as_bytes().to_vec(), &[] as Variables);
    let stage = |name, lines: &str| {
        text(name, &format!("[stages.mine]\n{lines}\n[pipelines.default]\nstages = [\"mine\"]\n"))
    };
    vec![
        text("nothing at all", ""),
        text("YAML", "server:\n  listen: 127.0.0.1:8000\n"),
        text("JSON", "{ \"server\": { \"listen\": \"127.0.0.1:8000\" } }\n"),
        ("another encoding", b"[server]\n# f\xfcr mich\n".to_vec(), &[]),
        ("no text", vec![0xff; 1000], &[]),
        text("a NUL", "[server]\nlisten = \"\0\"\n"),
        text("a megabyte and more", &"#".repeat((1 << 20) + 1)),
        text("brackets without end", &format!("x = {}", "[".repeat(100_000))),
        text("a name of ten thousand parts", &format!("[{}]\n", vec!["a"; 10_000].join("."))),
        text("wrong throughout", &"no value\n".repeat(20_000)),
        text("a repository that isn't there", &RIGHT.replace("\".\"", "\"nowhere\"")),
        text("a file for a repository", &RIGHT.replace("\".\"", "\"notes.txt\"")),
        text("a base that isn't there", &RIGHT.replace("repo = \".\"", "repo = \".\"\nbase = \"develop\"")),
        stage("a plugin that isn't there", "path = \"mine.wasm\""),
        stage("a folder for a plugin", "path = \".\""),
        stage("a text for a plugin", "path = \"notes.txt\""),
        stage("a plugin without its end", "path = \"half.wasm\""),
        stage("a plugin that may not do what it asks for", "plugin = \"builtin:test\""),
        stage(
            "a config that its plugin doesn't take",
            "plugin = \"builtin:test\"\n[stages.mine.grants]\nworkspace = \"read\"\nexec = []\n[stages.mine.config]\ncomand = \"make\"",
        ),
        text(
            "several mistakes, of which the text shows one",
            "[limits]\nqueues = 1\n[projects.demo]\nrepo = \".\"\nbase = \"develop\"\n[stages.plan]\nplugin = \"builtin:noop\"\nconfig = { quiet = true }\n[stages.other]\nplugin = \"builtin:test\"\ngrant = {}\n[pipelines.default]\nstages = [\"plan\"]\n",
        ),
        stage("another version than there is", "plugin = \"builtin:noop\"\nversion = \"^9\""),
        stage(
            "another hash than there is",
            &format!("plugin = \"builtin:noop\"\nsha256 = \"{}\"", "0".repeat(64)),
        ),
        text(
            "stages that send work to each other",
            "[stages.a]\nplugin = \"builtin:noop\"\non_rework = \"b\"\n[stages.b]\nplugin = \"builtin:noop\"\non_rework = \"a\"\n[pipelines.default]\nstages = [\"a\", \"b\"]\n",
        ),
        beside("a variable that overrides nothing", &[("ADW_SERVER_PORT", b"8000")]),
        beside("a variable with a number in words", &[("ADW_LIMITS_CONCURRENT_WORKFLOWS", b"ten")]),
        beside("a variable with a number below zero", &[("ADW_LIMITS_QUEUE", b"-1")]),
        beside("a variable that opens the server to all", &[("ADW_SERVER_LISTEN", b"0.0.0.0:8000")]),
        beside("a variable with every origin", &[("ADW_SERVER_CORS_ORIGINS", b"*")]),
        beside(
            "a variable that is no text",
            &[("ADW_STORE_URL", b"sqlite:\xff.db"), ("ADW_SERVER_LISTEN", b"\xff:1")],
        ),
        beside(
            "several variables at once",
            &[("ADW_LIMITS_QUEUE", b"many"), ("ADW_STORE_URL", b"postgres://adw:hunter2@db/adw")],
        ),
    ]
}

fn adw(repository: &Repository, arguments: &[&str], variables: &[(&str, &[u8])]) -> Output {
    let mut command = Command::new(ADW);
    without_settings(&mut command).args(arguments).arg("--json").current_dir(repository.path());
    command.envs(variables.iter().map(|(name, value)| (name, OsStr::from_bytes(value)))).output().unwrap()
}

#[test]
fn what_only_a_real_file_can_get_wrong() {
    let repository = Repository::of(&[("notes.txt", "one\n")]);
    std::fs::write(repository.path().join("half.wasm"), b"\0asm\x01\0\0\0\x01\xff").unwrap();
    let mut page = Page::default();
    for (name, content, variables) in cases() {
        std::fs::write(repository.path().join("adw.toml"), content).unwrap();
        let output = adw(&repository, &["check"], variables);
        page.add(name, "", &in_words(name, &repository, &output));
        let set: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
        assert!(set.iter().all(|name| String::from_utf8_lossy(&output.stdout).contains(name)), "{name}");
    }
    assert!(!repository.path().join(".adw").exists(), "a check leaves nothing behind");
    let file = repository.path().join("adw.toml");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    page.add(
        "a folder of that name",
        "",
        &in_words("a folder", &repository, &adw(&repository, &["check"], &[])),
    );
    std::fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("nowhere.toml", &file).unwrap();
    page.add("a link to nowhere", "", &in_words("a link", &repository, &adw(&repository, &["check"], &[])));
    assert_page!("adw_toml", page);
}

#[test]
fn a_server_does_not_start_on_what_is_wrong_and_touches_nothing() {
    let repository = Repository::configured(&RIGHT.replace("noop", "nop"));
    let belongings = repository.belongings();
    let served = adw(&repository, &["serve", "--listen", "127.0.0.1:0"], &[]);
    assert_eq!(served.status.code(), Some(2), "{served:?}");
    assert!(String::from_utf8_lossy(&served.stdout).contains("did you mean"), "{served:?}");
    belongings.are_untouched(&repository.belongings());
    assert!(!repository.path().join(".adw").exists());
}

/// Every error that is told, with its place and what to do about it.
fn in_words(name: &str, repository: &Repository, output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error}: {output:?}"));
    let errors = answer["error"]["errors"].as_array().unwrap();
    let mut text = String::new();
    for error in errors.iter().take(3) {
        let word = |name: &str| error[name].as_str();
        let message = word("message").unwrap();
        match (error["line"].as_u64(), word("variable")) {
            (Some(line), _) => writeln!(text, "line {line}: {message}"),
            (None, Some(variable)) => writeln!(text, "{variable}: {message}"),
            (None, None) => writeln!(text, "{message}"),
        }
        .unwrap();
        if let Some(help) = word("help") {
            writeln!(text, "  help: {help}").unwrap();
        }
    }
    if errors.len() > 3 {
        writeln!(text, "and {} more", errors.len() - 3).unwrap();
    }
    let text = text.replace(&repository.path().display().to_string(), "FOLDER");
    // The hash of a plugin is another with every change of it.
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split_inclusive([' ', ',', '\n']);
    words.map(|word| if is_hash(word.trim_end_matches([' ', ','])) { "HASH " } else { word }).collect()
}
