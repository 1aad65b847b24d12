//! What a person reads who wrote something wrong: one page of messages a section.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{fmt::Write as _, fs, path::Path, process::Command};

use adw_config::{Config, Env};

/// Each file with what is said of it, one after the other.
fn page(cases: &[(&str, &str)]) -> String {
    let mut page = String::new();
    for (title, text) in cases {
        let errors = Config::parse(text, "adw.toml", "/project", &Env::empty()).expect_err(title);
        write!(page, "## {title}\n{errors}\n\n").unwrap();
    }
    page
}

/// The same of variables, beside an empty file.
fn page_of_variables(cases: &[(&str, &str)]) -> String {
    let mut page = String::new();
    for (name, value) in cases {
        let env: Env = [(*name, *value)].into_iter().collect();
        let errors = Config::parse("", "adw.toml", "/project", &env).expect_err(name);
        write!(page, "## {name}={value}\n{errors}\n\n").unwrap();
    }
    page
}

/// The page as it was the last time somebody looked at it.
macro_rules! assert_page {
    ($name:literal, $page:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($name, $page) })
    };
}

/// A stage that is right but for these lines.
fn stage(lines: &str) -> String {
    format!("[stages.test]\nplugin = \"builtin:test\"\n{lines}\n[pipelines.default]\nstages = [\"test\"]\n")
}

fn stages(cases: &[(&str, &str)]) -> String {
    let files: Vec<(&str, String)> = cases.iter().map(|(title, lines)| (*title, stage(lines))).collect();
    page(&files.iter().map(|(title, text)| (*title, text.as_str())).collect::<Vec<_>>())
}

#[test]
fn syntax() {
    assert_page!(
        "syntax",
        page(&[
            ("a value without quotes", "[server]\nlisten = localhost\n"),
            ("a key that comes twice", "[limits]\nqueue = 1\nqueue = 2\n"),
            ("a table that comes twice", "[limits]\nqueue = 1\n[limits]\nqueue = 2\n"),
            ("an array that doesn't end", "[server]\ncors_origins = [\"http://localhost:3000\"\n"),
            ("two broken lines", "[server]\nlisten = \n[store\nurl = \"sqlite:a.db\"\n"),
            ("what a terminal would obey", "[server]\nlisten = \"\u{1b}[31m\"\n"),
            ("YAML", "server:\n  listen: 127.0.0.1:8000\n"),
            ("JSON", "{\"server\": {\"listen\": \"127.0.0.1:8000\"}}\n"),
            ("too deep", &format!("x = {}{}\n", "[".repeat(200), "]".repeat(200))),
        ])
    );
}

/// What is wrong with the file itself, before anything in it is read.
#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        file
    };
    let pipe = folder.path().join("pipe.toml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let cases = [
        ("none", folder.path().join("nothing.toml")),
        ("a pipe that nobody writes to", pipe),
        ("a folder", folder.path().to_owned()),
        ("what never ends", Path::new("/dev/zero").to_owned()),
        ("another encoding", made("latin1.toml", b"[server]\n# f\xfcr mich\n")),
        ("UTF-16", made("utf16.toml", b"\xff\xfe[\0s\0]\0")),
        ("a megabyte and more", made("large.toml", &vec![b'#'; (1 << 20) + 1])),
    ];
    let mut page = String::new();
    for (title, file) in cases {
        let errors = Config::load(&file, &Env::empty()).expect_err(title);
        write!(page, "## {title}\n{errors}\n\n").unwrap();
    }
    assert_page!("files", page.replace(&folder.path().display().to_string(), "FOLDER"));
}

#[test]
fn a_folder_whose_name_is_not_utf8_is_no_place_for_the_database() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let folder = Path::new(OsStr::from_bytes(b"/pro\xffject"));
    let errors = Config::parse("", "adw.toml", folder, &Env::empty()).unwrap_err();
    insta::assert_snapshot!(errors, @r#"
    error: the path of the database is not UTF-8, and SQLite opens no other
     --> adw.toml
      = help: rename the folder, or keep it elsewhere, as in `url = "sqlite:/var/lib/adw/adw.db"`
    "#);
    let elsewhere = "[store]\nurl = \"sqlite:/var/lib/adw/adw.db\"\n";
    assert!(Config::parse(elsewhere, "adw.toml", folder, &Env::empty()).is_ok());
}

#[test]
fn the_top_of_the_file() {
    assert_page!(
        "the_top_of_the_file",
        page(&[
            ("a section in the singular", "[stage.test]\nplugin = \"builtin:test\"\n"),
            ("a section of another program", "[database]\nurl = \"x\"\n"),
            ("sections that are no tables", "stages = 3\nsecrets = []\n[[server]]\n"),
        ])
    );
}

#[test]
fn server_and_store() {
    assert_page!(
        "server_and_store",
        page(&[
            ("a misspelt key", "[server]\nlistn = \"127.0.0.1:8000\"\n"),
            ("a port as a number", "[server]\nlisten = 8000\n"),
            ("an address without a port", "[server]\nlisten = \"127.0.0.1\"\n"),
            ("an address for everyone", "[server]\nlisten = \"0.0.0.0:8000\"\n"),
            ("every origin", "[server]\ncors_origins = [\"*\"]\n"),
            (
                "origins that are none",
                "[server]\ncors_origins = [\"localhost:3000\", \"http://localhost:3000/\", \"http://a:99999\", 5]\n"
            ),
            ("one origin without brackets", "[server]\ncors_origins = \"http://localhost:3000\"\n"),
            ("a host with a scheme", "[server]\nallowed_hosts = [\"http://adw.internal\"]\n"),
            ("postgres, with a password", "[store]\nurl = \"postgres://adw:hunter2@db/adw\"\n"),
            ("a path for a URL", "[store]\nurl = \".adw/adw.db\"\n"),
            ("a database in memory", "[store]\nurl = \"sqlite::memory:\"\n"),
            ("options of another program", "[store]\nurl = \"sqlite:adw.db?mode=rwc\"\n"),
            ("a limit of none", "[limits]\nconcurrent_workflows = 0\nqueue = -1\n"),
            ("a limit in quotes", "[limits]\nqueue = \"10000\"\n"),
        ])
    );
}

#[test]
fn projects_and_secrets() {
    assert_page!(
        "projects_and_secrets",
        page(&[
            ("a project without a repository", "[projects.demo]\nbase = \"main\"\n"),
            ("a project that is a path", "[projects]\ndemo = \"../demo\"\n"),
            (
                "a base that git would take for an option",
                "[projects.demo]\nrepo = \".\"\nbase = \"--upload-pack=x\"\n"
            ),
            ("a name with a space", "[projects.\"my demo\"]\nrepo = \".\"\n"),
            ("a secret in the file", "[secrets]\nCHAT_TOKEN = \"hunter2\"\n"),
            ("a secret from two places", "[secrets]\nCHAT_TOKEN = { env = \"A\", file = \"b\" }\n"),
            ("a secret from nowhere", "[secrets]\nCHAT_TOKEN = {}\n"),
            ("a secret from somewhere else", "[secrets]\nCHAT_TOKEN = { vault = \"x\" }\n"),
            ("a secret with a dash", "[secrets]\nCHAT-TOKEN = { env = \"CHAT-TOKEN\" }\n"),
        ])
    );
}

#[test]
fn budgets() {
    let mine = "[agents.mine]\nprofile = \"command\"\ncommand = [\"x\"]\n";
    let with = |budget: &str, usage: &str| format!("[budget]\n{budget}\n{mine}{usage}\n");
    assert_page!(
        "budgets",
        page(&[
            ("nothing to spend", "[budget]\ncost_usd = 0\ntokens = 0\nwall = \"0s\"\n"),
            ("less than nothing", "[budget]\ncost_usd = -0.5\ntokens = -1\nwall = \"-1h\"\n"),
            (
                "more than there is",
                "[budget]\ncost_usd = 1e7\ntokens = 2_000_000_000_000\nwall = \"3 years\"\n"
            ),
            ("numbers that are none", "[budget]\ncost_usd = inf\ntokens = 1.5\nwall = 7200\n"),
            ("numbers in quotes", "[budget]\ncost_usd = \"20\"\ntokens = \"5M\"\nwall = \"two hours\"\n"),
            ("dollars in another base", "[budget]\ncost_usd = 0x14\n"),
            ("misspelt keys", "[budget]\ncost = 20\ntoken = 5\ntimeout = \"2h\"\n"),
            ("no table", "budget = 20\n"),
            ("an agent that doesn't say what it costs", &with("cost_usd = 20", "")),
            (
                "an agent that doesn't say what it reads",
                &with("tokens = 20", "usage = { cost_usd = \"/cost\" }")
            ),
            (
                "pointers that are none",
                &with("", "usage = { cost_usd = \"cost\", input_tokens = \"/\", output_tokens = \"/a~2\" }")
            ),
            ("usage of another kind", &with("", "usage = { cost = \"/cost\", input_tokens = 5 }")),
            ("usage that is no table", &with("cost_usd = 20", "usage = \"none\"")),
        ])
    );
}

#[test]
fn agents() {
    assert_page!(
        "agents",
        page(&[
            (
                "an agent that comes later",
                "[agents.claude]\nprofile = \"claude\"\nmodel = \"x\"\nmax_cost_usd = 2.0\n"
            ),
            ("a misspelt profile", "[agents.mine]\nprofile = \"comand\"\ncommand = [\"x\"]\n"),
            ("an agent without a profile", "[agents.mine]\ncommand = [\"x\"]\n"),
            ("an agent without a command", "[agents.mine]\nprofile = \"command\"\n"),
            (
                "a command as one string",
                "[agents.mine]\nprofile = \"command\"\ncommand = \"my-agent --print\"\n"
            ),
            ("an empty command", "[agents.mine]\nprofile = \"command\"\ncommand = []\n"),
            ("an argument that is a number", "[agents.mine]\nprofile = \"command\"\ncommand = [\"x\", 3]\n"),
            (
                "a key of another profile",
                "[agents.mine]\nprofile = \"command\"\ncommand = [\"x\"]\nmodel = \"y\"\n"
            ),
            (
                "a variable with its value",
                "[agents.mine]\nprofile = \"command\"\ncommand = [\"x\"]\nenv = [\"A=1\"]\n"
            ),
            ("every variable", "[agents.mine]\nprofile = \"command\"\ncommand = [\"x\"]\nenv = [\"*\"]\n"),
            ("a name that is taken", "[agents.patch]\nprofile = \"patch\"\n"),
        ])
    );
}

#[test]
fn stages_themselves() {
    assert_page!(
        "stages_themselves",
        page(&[
            ("no plugin", "[stages.plan]\n[pipelines.default]\nstages = [\"plan\"]\n"),
            (
                "two plugins",
                "[stages.plan]\nplugin = \"builtin:plan\"\npath = \"plan.wasm\"\n[pipelines.default]\nstages = [\"plan\"]\n"
            ),
            (
                "a misspelt plugin",
                "[stages.plan]\nplugin = \"builtin:plam\"\n[pipelines.default]\nstages = [\"plan\"]\n"
            ),
            (
                "a plugin without its kind",
                "[stages.plan]\nplugin = \"plan\"\n[pipelines.default]\nstages = [\"plan\"]\n"
            ),
            (
                "a file as a plugin",
                "[stages.mine]\nplugin = \"mine.wasm\"\n[pipelines.default]\nstages = [\"mine\"]\n"
            ),
            (
                "a plugin that comes later",
                "[stages.ship]\nplugin = \"builtin:ship\"\n[pipelines.default]\nstages = [\"ship\"]\n"
            ),
            (
                "a name that is a path",
                "[stages.\"../x\"]\nplugin = \"builtin:plan\"\n[pipelines.default]\nstages = [\"../x\"]\n"
            ),
        ])
    );
    assert_page!(
        "stage_keys",
        stages(&[
            ("a misspelt key", "grant = { workspace = \"read\" }"),
            ("a grant at the wrong place", "workspace = \"read\""),
            ("a number for a duration", "timeout = 900"),
            ("a unit that is none", "timeout = \"15 moments\""),
            ("no time", "timeout = \"0s\""),
            ("all the time", "timeout = \"3 years\""),
            ("no silence", "silence = \"0s\""),
            ("a silence that is a number", "silence = 300"),
            ("a silence that never comes", "silence = \"45m\""),
            ("a version that is none", "version = \"newest\""),
            ("a hash that is none", "sha256 = \"abc\""),
            ("work back to nobody", "on_rework = \"implment\""),
            ("work back to itself", "on_rework = \"test\""),
            ("rework without end", "max_rework = -1"),
            ("a time for an answer, and none to take", "question_timeout = \"24h\""),
            ("an answer to take, and no time", "question_default = \"approve\""),
            ("a time for an answer that is none", "question_timeout = 24\nquestion_default = inf"),
            ("an agent that isn't there", "agent = \"claud\"\ngrants = { agent = [\"*\"] }"),
            ("an agent that isn't granted", "agent = \"patch\""),
            ("numbers that JSON hasn't", "config = { low = -inf, big = 9_223_372_036_854_775_808 }"),
            ("a size without a meaning", "limits = { memory = \"much\", cpu = 10 }"),
            ("a size too large", "limits = { memory = \"8GiB\" }"),
            ("a backoff turned round", "retry = { backoff = \"1m..2s\" }"),
            ("a backoff that is one wait", "retry = { backoff = \"2s\" }"),
            ("no attempts", "retry = { attempts = 0, on = [\"Network Error\"] }"),
        ])
    );
}

#[test]
fn grants() {
    assert_page!(
        "grants",
        stages(&[
            ("a third access", "grants = { workspace = \"admin\" }"),
            ("a yes", "grants = { workspace = true }"),
            ("command lines as strings", "grants = { exec = [\"cargo test\", \"git diff\"] }"),
            ("one command without its brackets", "grants = { exec = [\"cargo\", \"test\"] }"),
            ("a command line as one argument", "grants = { exec = [[\"cargo test\"]] }"),
            ("a command among strings", "grants = { exec = [[\"git\", \"diff\"], \"cargo test\"] }"),
            ("a command of nothing", "grants = { exec = [[]] }"),
            ("everything", "grants = { exec = \"*\" }"),
            ("an agent that isn't there", "grants = { agent = [\"mine\"] }"),
            ("an agent without brackets", "grants = { agent = \"*\" }"),
            (
                "destinations that are none",
                "[[stages.test.grants.http]]\nhost = \"api.example.com\"\nmethods = [\"get\"]\nsecrets = [\"TOKEN\"]\n\
             [[stages.test.grants.http]]\nhost = \"https://*\"\nmethods = []\n\
             [[stages.test.grants.http]]\nhost = \"https://api.example.com/v1\"\n"
            ),
        ])
    );
}

#[test]
fn pipelines() {
    let plan = "[stages.plan]\nplugin = \"builtin:plan\"\n";
    let both = "[stages.implement]\nplugin = \"builtin:implement\"\n\
                [stages.test]\nplugin = \"builtin:test\"\non_rework = \"implement\"\n";
    assert_page!(
        "pipelines",
        page(&[
            ("no default", plan),
            ("none of the stages", "[pipelines.default]\nstages = [\"plan\"]\n"),
            ("a misspelt stage", &format!("{plan}[pipelines.default]\nstages = [\"paln\"]\n")),
            ("a stage twice", &format!("{plan}[pipelines.default]\nstages = [\"plan\", \"plan\"]\n")),
            ("no stages", &format!("{plan}[pipelines.default]\nstages = []\n")),
            ("no list of stages", &format!("{plan}[pipelines.default]\nfinally = []\n")),
            (
                "at the end what has been there before",
                &format!("{plan}[pipelines.default]\nstages = [\"plan\"]\nfinally = [\"plan\"]\n")
            ),
            (
                "at the end what isn't there",
                &format!("{plan}[pipelines.default]\nstages = [\"plan\"]\nfinally = [\"paln\"]\n")
            ),
            (
                "no list at the end",
                &format!("{plan}[pipelines.default]\nstages = [\"plan\"]\nfinally = \"plan\"\n")
            ),
            (
                "work back from the end",
                &format!("{both}[pipelines.default]\nstages = [\"implement\"]\nfinally = [\"test\"]\n")
            ),
            (
                "work back to what comes later",
                &format!("{both}[pipelines.default]\nstages = [\"test\", \"implement\"]\n")
            ),
        ])
    );
}

#[test]
fn variables() {
    assert_page!(
        "variables",
        page_of_variables(&[
            ("ADW_SERVER_LISTN", "127.0.0.1:1"),
            ("ADW_SERVER__LISTEN", "127.0.0.1:1"),
            ("ADW_LIMITS_MEMORY", "1"),
            ("ADW_LISTEN", "0.0.0.0:80"),
            ("ADW_LIMITS_QUEUE", "many"),
            ("ADW_STORE_URL", "postgres://adw:hunter2@db/adw"),
            ("ADW_SERVER_CORS_ORIGINS", "http://localhost:1, localhost:2"),
        ])
    );
}

#[test]
fn everything_is_said_at_once_in_the_order_of_the_file() {
    let text = "[server]\nlisten = 1\n[stages.test]\nplugin = \"builtin:tset\"\ntimeout = \"soon\"\n\
                [stages.test.grants]\nworkspce = \"read\"\n[pipelines.default]\nstages = [\"test\", \"tset\"]\n[budget]\ncost_usd = 0\n";
    let errors = Config::parse(text, "adw.toml", "/project", &Env::empty()).unwrap_err();
    let keys: Vec<&str> = errors.iter().filter_map(|error| error.key.as_deref()).collect();
    assert_eq!(
        keys,
        [
            "server.listen",
            "stages.test.plugin",
            "stages.test.timeout",
            "stages.test.grants.workspce",
            "pipelines.default.stages[1]",
            "budget.cost_usd",
        ]
    );
    insta::assert_json_snapshot!(errors.iter().nth(3).unwrap(), @r#"
    {
      "message": "unknown key `workspce` in [stages.test.grants]",
      "help": "did you mean `stages.test.grants.workspace`?",
      "key": "stages.test.grants.workspce",
      "file": "adw.toml",
      "line": 7,
      "column": 1,
      "length": 8,
      "source": "workspce = \"read\""
    }
    "#);
}

#[test]
fn what_might_be_secret_is_not_shown() {
    let text = "[secrets]\nTOKEN = \"hunter2\"\n[store]\nurl = \"postgres://adw:hunter2@db/adw\"\n";
    let errors = Config::parse(text, "adw.toml", "/project", &Env::empty()).unwrap_err();
    assert_eq!(errors.iter().len(), 2);
    assert!(!errors.to_string().contains("hunter2"), "{errors}");
    let env: Env = [("ADW_STORE_URL", "postgres://adw:hunter2@db/adw")].into_iter().collect();
    let errors = Config::parse("", "adw.toml", "/project", &env).unwrap_err();
    assert!(!errors.to_string().contains("hunter2"), "{errors}");
}
