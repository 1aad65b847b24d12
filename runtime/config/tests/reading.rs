//! What a right file means.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use adw_config::{AgentProfile, Config, Env, PluginSource, SecretSource, StoreConfig, UsagePointers};
use adw_core::{Backoff, Budget, Limits, QuestionPolicy, RetryPolicy, WorkspaceAccess};
use serde_json::json;

fn parsed(text: &str) -> Config {
    parsed_with(text, &[])
}

fn parsed_with(text: &str, variables: &[(&str, &str)]) -> Config {
    let env: Env = variables.iter().copied().collect();
    Config::parse(text, "adw.toml", "/project", &env).unwrap_or_else(|errors| panic!("{errors}"))
}

const EVERYTHING: &str = r#"
[server]
listen = "[::1]:9000"
cors_origins = ["HTTPS://Board.Example.com:443"]
allowed_hosts = ["Adw.Internal:9000"]
[store]
url = "sqlite:///var/lib/adw.db"
[projects.other]
repo = "../other"
[projects.demo]
repo = "./demo"
base = "feature/x"
[secrets]
CHAT_TOKEN = { env = "TOKEN" }
KEY = { file = "keys/key" }
[agents.zed]
profile = "command"
command = ["zed", "", "{prompt}"]
env = ["ZED_KEY", "ZED_*"]
timeout = "1h 30m"
usage = { cost_usd = "/total_cost_usd", output_tokens = "/usage/a~1b" }
[agents.apply]
profile = "patch"
[stages.notify]
path = "plugins/notify.wasm"
version = "^0.1"
sha256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
timeout = "15m"
silence = "5m"
on_rework = "plan"
max_rework = 0
agent = "zed"
question_timeout = "1h"
question_default = { merge = true }
[stages.notify.config]
since = 2026-01-31T12:00:00Z
numbers = [0xff, 1_000, -1.5]
nested.deep = true
[stages.notify.grants]
workspace = "write"
exec = [["git", "diff", "**"]]
agent = ["zed", "manual"]
[[stages.notify.grants.http]]
host = "https://*.Example.com:8443"
methods = ["GET", "POST"]
secrets = ["CHAT_TOKEN"]
[stages.notify.limits]
memory = "64 MiB"
cpu = "500ms"
[stages.notify.retry]
attempts = 5
backoff = "100ms..10s"
on = ["timeout", "out_of_coffee"]
[stages.plan]
plugin = "builtin:plan"
[stages.tell]
plugin = "builtin:noop"
[pipelines.default]
stages = ["plan", "notify"]
finally = ["tell"]
[limits]
concurrent_workflows = 3
queue = 7
"#;

#[test]
fn nothing_at_all_means_the_defaults() {
    let config = parsed("");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    let origins: Vec<&str> = config.server.cors_origins.iter().map(adw_config::Origin::as_str).collect();
    assert_eq!(origins, ["http://localhost:5173", "http://localhost:3000"]);
    assert_eq!(config.store, StoreConfig::Sqlite { file: PathBuf::from("/project/.adw/adw.db") });
    assert_eq!(config.data_dir(), Path::new("/project/.adw"));
    let project = config.default_project().unwrap();
    assert_eq!((project.name.as_str(), project.repo.as_path()), ("default", Path::new("/project")));
    assert_eq!((config.limits.concurrent_workflows, config.limits.queue), (10, 10_000));
    assert!(config.stages.is_empty() && config.pipelines.is_empty());
}

#[test]
fn a_stage_of_one_line_gets_the_defaults() {
    let config =
        parsed("[stages.plan]\nplugin = \"builtin:plan\"\n[pipelines.default]\nstages = [\"plan\"]\n");
    let stage = config.stage("plan").unwrap();
    assert_eq!(stage.plugin, PluginSource::Builtin("plan".to_owned()));
    assert_eq!(
        (stage.timeout, stage.max_rework, stage.questions.as_ref()),
        (Duration::from_mins(30), 3, None)
    );
    assert_eq!((stage.retry.clone(), stage.limits), (RetryPolicy::default(), Limits::default()));
    assert_eq!(stage.config, json!({}));
    assert_eq!(stage.grants, adw_core::Grants::default(), "what is absent is not granted");
}

#[test]
fn sections_that_serve_the_whole() {
    let config = parsed(EVERYTHING);
    assert_eq!(config.server.listen.to_string(), "[::1]:9000");
    assert_eq!(config.server.cors_origins[0].as_str(), "https://board.example.com");
    assert_eq!(config.server.allowed_hosts, ["adw.internal:9000"]);
    assert_eq!(config.store, StoreConfig::Sqlite { file: PathBuf::from("/var/lib/adw.db") });
    assert_eq!(config.project("demo").unwrap().repo, Path::new("/project/demo"));
    assert_eq!(config.default_project().unwrap().name, "other", "the first, where none is called default");
    assert_eq!(config.secrets["CHAT_TOKEN"], SecretSource::Env("TOKEN".to_owned()));
    assert_eq!(config.secrets["KEY"], SecretSource::File(PathBuf::from("/project/keys/key")));
    assert_eq!((config.limits.concurrent_workflows, config.limits.queue), (3, 7));
    let agents: Vec<&str> = config.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(agents, ["zed", "apply"], "in the order of the file");
    assert_eq!(config.agent("apply").unwrap().profile, AgentProfile::Patch);
    assert_eq!(
        config.agent("zed").unwrap().profile,
        AgentProfile::Command {
            command: ["zed", "", "{prompt}"].map(str::to_owned).to_vec(),
            env: vec!["ZED_KEY".to_owned(), "ZED_*".to_owned()],
            timeout: Some(Duration::from_mins(90)),
            usage: UsagePointers {
                cost_usd: Some("/total_cost_usd".to_owned()),
                input_tokens: None,
                output_tokens: Some("/usage/a~1b".to_owned()),
            },
        }
    );
}

#[test]
fn a_budget_is_read_by_its_digits() {
    let budget = |lines: &str| parsed(&format!("[budget]\n{lines}\n")).budget;
    assert_eq!(budget(""), Budget::default());
    for (written, micros) in
        [("20", 20_000_000), ("0.1", 100_000), ("1_000.25", 1_000_250_000), ("2e-1", 200_000)]
    {
        let cost = budget(&format!("cost_usd = {written}")).cost_usd.unwrap();
        assert_eq!(cost.as_micros(), micros, "{written}");
    }
    let all = budget("cost_usd = 20\ntokens = 5_000_000\nwall = \"2h\"");
    assert_eq!((all.tokens, all.wall_ms), (Some(5_000_000), Some(7_200_000)));
}

#[test]
fn of_an_agent_that_uses_nothing_it_can_be_said() {
    let free = "[budget]\ncost_usd = 1\ntokens = 1\n[agents.mine]\nprofile = \"command\"\ncommand = [\"x\"]\nusage = {}\n";
    assert_eq!(parsed(free).agents.len(), 1);
}

#[test]
fn an_agents_program_is_looked_for_beside_the_file_where_its_path_is_relative() {
    for (program, meant) in [
        ("./agent.sh", "/project/agent.sh"),
        ("tools/agent", "/project/tools/agent"),
        ("../agent", "/project/../agent"),
        ("/opt/agent", "/opt/agent"),
        ("agent", "agent"),
    ] {
        let config =
            parsed(&format!("[agents.mine]\nprofile = \"command\"\ncommand = [{program:?}, \"./x\"]\n"));
        let AgentProfile::Command { command, .. } = &config.agent("mine").unwrap().profile else { panic!() };
        assert_eq!(command[..], [meant, "./x"], "an argument is the program's own business");
    }
}

#[test]
fn a_stage_with_everything() {
    let config = parsed(EVERYTHING);
    let stage = config.stage("notify").unwrap();
    assert_eq!(stage.plugin, PluginSource::File(PathBuf::from("/project/plugins/notify.wasm")));
    assert!(stage.version.as_ref().unwrap().matches(&"0.1.7".parse().unwrap()));
    assert!(stage.sha256.as_ref().unwrap().starts_with("e3b0c442"));
    assert_eq!(stage.silence, Some(Duration::from_mins(5)));
    assert_eq!((stage.timeout, stage.max_rework), (Duration::from_mins(15), 0));
    let questions = QuestionPolicy { timeout_ms: 3_600_000, default: json!({ "merge": true }) };
    assert_eq!(stage.questions, Some(questions));
    assert_eq!(stage.on_rework.as_ref().unwrap().as_str(), "plan");
    assert_eq!(stage.agent.as_deref(), Some("zed"));
    assert_eq!(
        stage.config,
        json!({ "since": "2026-01-31T12:00:00Z", "numbers": [255, 1000, -1.5], "nested": { "deep": true } })
    );
    assert_eq!(stage.limits, Limits { memory_bytes: 64 << 20, cpu_ms: 500 });
    assert_eq!(stage.retry.attempts, 5);
    assert_eq!(stage.retry.backoff, Backoff { first_ms: 100, longest_ms: 10_000 });
    assert_eq!(stage.retry.on, ["timeout", "out_of_coffee"]);
    assert_eq!(stage.grants.workspace, Some(WorkspaceAccess::Write));
    assert_eq!(stage.grants.exec.as_ref().unwrap()[0].0, ["git", "diff", "**"]);
    let http = &stage.grants.http.as_ref().unwrap()[0];
    assert_eq!(http.host, "https://*.example.com:8443");
    assert_eq!(
        (http.methods.join(" "), http.secrets.join(" ")),
        ("GET POST".to_owned(), "CHAT_TOKEN".to_owned())
    );
}

#[test]
fn an_empty_list_is_a_grant_of_nothing_and_not_no_grant() {
    let text = "[stages.test]\nplugin = \"builtin:test\"\ngrants = { exec = [], agent = [] }\n\
                [pipelines.default]\nstages = [\"test\"]\n";
    let grants = parsed(text).stage("test").unwrap().grants.clone();
    assert_eq!((grants.exec, grants.agent, grants.http), (Some(vec![]), Some(vec![]), None));
}

#[test]
fn variables_stand_in_the_place_of_the_file() {
    let text = "[server]\nlisten = \"0.0.0.0:1\"\n[limits]\nqueue = \"none of this is judged\"\n";
    let config = parsed_with(
        text,
        &[
            ("ADW_SERVER_LISTEN", "localhost:0"),
            ("ADW_SERVER_CORS_ORIGINS", "http://localhost:1, http://localhost:2,"),
            ("ADW_STORE_URL", "sqlite:elsewhere.db"),
            ("ADW_LIMITS_QUEUE", "5"),
            ("ADW_LIMITS_CONCURRENT_WORKFLOWS", ""),
            // Of others, and left to them.
            ("ADW_SERVER", "http://127.0.0.1:8000"),
            ("ADW_LOG", "debug"),
            ("ADW_CONFIG", "other.toml"),
            ("ADW_WASM_TOOLCHAIN", "x"),
            ("HOME", "/root"),
        ],
    );
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.server.cors_origins.len(), 2);
    assert_eq!(config.store, StoreConfig::Sqlite { file: PathBuf::from("/project/elsewhere.db") });
    assert_eq!((config.limits.concurrent_workflows, config.limits.queue), (10, 5), "an empty one is unset");
}

#[test]
fn the_short_variable_yields_to_the_long_one() {
    let short = ("ADW_LISTEN", "127.0.0.1:1");
    assert_eq!(parsed_with("", &[short]).server.listen.to_string(), "127.0.0.1:1");
    let both = [short, ("ADW_SERVER_LISTEN", "127.0.0.1:2")];
    assert_eq!(parsed_with("", &both).server.listen.to_string(), "127.0.0.1:2");
}

#[test]
fn clients_may_call_a_stage_by_its_old_name() {
    let stages = |names: [&str; 2]| {
        let [first, second] = names.map(|name| format!("[stages.{name}]\nplugin = \"builtin:noop\"\n"));
        format!("{first}{second}[pipelines.default]\nstages = [{:?}]\n", names[0])
    };
    let alias = |config: &Config, name: &str| config.stage_alias(name).map(ToString::to_string);
    let config = parsed(&stages(["implement", "ship"]));
    for (asked, meant) in [("build", "implement"), ("pr", "ship"), ("deploy", "ship"), ("ship", "ship")] {
        assert_eq!(alias(&config, asked).as_deref(), Some(meant));
    }
    assert_eq!(alias(&config, "plan"), None);
    let config = parsed(&stages(["build", "implement"]));
    assert_eq!(alias(&config, "build").as_deref(), Some("build"), "an exact name wins");
    assert_eq!(alias(&config, "pr"), None, "an alias of nothing is nothing");
}

#[test]
fn the_file_is_found_from_below_and_its_paths_start_at_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    fs::write(root.path().join("adw.toml"), "[projects.default]\nrepo = \"a\"\n").unwrap();
    let file = Config::find(&below).unwrap();
    assert_eq!(file, root.path().join("adw.toml"));
    let config = Config::load(&file, &Env::empty()).unwrap();
    assert_eq!(config.root, root.path());
    assert_eq!(config.projects[0].repo, root.path().join("a"));
}

#[test]
fn a_worktree_belongs_to_the_folder_whose_data_it_is() {
    let root = tempfile::tempdir().unwrap();
    let worktree = root.path().join(".adw/trees/mend");
    let (below, own) = (worktree.join("src"), worktree.join("target/own"));
    for folder in [&below, &own] {
        fs::create_dir_all(folder).unwrap();
    }
    for folder in [root.path(), &worktree, &own] {
        fs::write(folder.join("adw.toml"), "").unwrap();
    }
    for folder in [&worktree, &below] {
        assert_eq!(Config::find(folder).unwrap(), root.path().join("adw.toml"));
    }
    assert_eq!(Config::find(&own).unwrap(), own.join("adw.toml"), "this is no copy of it");
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_says_what_to_do() {
    let errors = Config::load(Path::new("/nowhere/adw.toml"), &Env::empty()).unwrap_err();
    let text = errors.to_string();
    assert!(text.contains("--> /nowhere/adw.toml") && text.contains("adw init"), "{text}");
}

#[test]
fn later_findings_point_into_the_file_too() {
    let config = parsed(EVERYTHING);
    let line = |path: &[&str]| match config.error_at(path, "wrong", None).location {
        adw_config::Location::Line { source, column, .. } => {
            source.chars().skip(column - 1).collect::<String>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(line(&["stages", "plan", "plugin"]), "plugin = \"builtin:plan\"");
    assert_eq!(line(&["stages", "plan", "grants", "exec"]), "plan]", "the nearest above what isn't there");
    let nowhere = config.error_at(&["budget"], "wrong", None).location;
    assert_eq!(nowhere, adw_config::Location::File { file: "adw.toml".to_owned() });
}
