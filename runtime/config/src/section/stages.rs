//! `[stages.NAME]`: what does a stage's work, and how it is treated.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use adw_core::{Grants, Limits, QuestionPolicy, RetryPolicy, StageName};
use semver::VersionReq;
use serde_json::{Map, Value};
use toml::de::DeValue;

use super::{agents, grants, policies};
use crate::{
    form::{DURATION, Form, SHA256, TEXT, Wrong, millis, name},
    reader::{Entry, Keys, Table},
    suggest::{listed, nearest},
};

/// `[stages.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct StageConfig {
    /// NAME.
    pub name: StageName,
    /// Where its plugin comes from.
    pub plugin: PluginSource,
    /// The versions of it that will do; none for any.
    pub version: Option<VersionReq>,
    /// What its bytes must hash to, in lower-case hex; none for anything.
    pub sha256: Option<String>,
    /// The longest that one attempt may take, its calls included.
    pub timeout: Duration,
    /// How long a program that it runs may write nothing; none for as long as it likes.
    pub silence: Option<Duration>,
    /// The stage that gets the work back when this one finds it wanting.
    pub on_rework: Option<StageName>,
    /// How often it may send the work back.
    pub max_rework: u32,
    /// The agent that it asks when the task names none.
    pub agent: Option<String>,
    /// What becomes of its questions that nobody answers; none where they wait for as long as it takes.
    pub questions: Option<QuestionPolicy>,
    /// `[stages.NAME.config]`, an object; its meaning is the plugin's.
    pub config: Value,
    /// What it may do.
    pub grants: Grants,
    /// What it may use up.
    pub limits: Limits,
    /// What happens after a failure that another try may mend.
    pub retry: RetryPolicy,
}

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginSource {
    /// `plugin = "builtin:NAME"`: one that adw carries.
    Builtin(String),
    /// `path = "FILE"`: a component or core module, absolute.
    File(PathBuf),
}

/// The plugins that adw carries.
pub const BUILTIN_PLUGINS: [&str; 6] = ["plan", "implement", "test", "gate", "run", "noop"];

/// Plugins that are known and come with a later version.
const LATER: [&str; 3] = ["review", "document", "ship"];

const DEFAULT_TIMEOUT: Duration = Duration::from_mins(30);
const DEFAULT_MAX_REWORK: u32 = 3;

const KEYS: Keys = Keys {
    own: &[
        "plugin",
        "path",
        "version",
        "sha256",
        "timeout",
        "silence",
        "on_rework",
        "max_rework",
        "agent",
        "question_timeout",
        "question_default",
        "config",
        "grants",
        "limits",
        "retry",
    ],
    within: &[("grants", grants::KEYS), ("limits", policies::LIMITS_KEYS), ("retry", policies::RETRY_KEYS)],
};

const VERSION: Form<VersionReq> = Form {
    expected: "the versions that will do, such as \"^0.1\"",
    read: |text| {
        VersionReq::parse(text).map_err(|error| {
            Wrong::new(format!("{text:?} is not a version requirement: {error}"))
                .help("as in `version = \"^0.1\"`")
        })
    },
};

const BUILTIN: Form<PluginSource> = Form { expected: "a plugin, such as \"builtin:plan\"", read: builtin };

/// The stages that are right, in the order of the file, and the names of all.
pub(crate) fn read(root: &Table<'_>, folder: &Path) -> (Vec<StageConfig>, Vec<String>) {
    let table = root
        .get("stages")
        .and_then(|entry| entry.free_table("a table of stages, each written [stages.NAME]"));
    let entries: Vec<Entry<'_>> = table.iter().flat_map(Table::named).collect();
    let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    let known = grants::Known::of(root);
    let stages = entries.iter().filter_map(|entry| stage(entry, folder, &names, &known)).collect();
    (stages, names)
}

fn stage(entry: &Entry<'_>, folder: &Path, names: &[String], known: &grants::Known) -> Option<StageConfig> {
    let name = name("a stage", &entry.name).map_err(|wrong| entry.fail_key(wrong)).ok();
    let table = entry.table(&KEYS)?;
    let plugin = plugin(&entry.name, &table, folder);
    // Everything is read, and told where it is wrong, before the stage is given up for want of a plugin or a name.
    let max_rework = table.get("max_rework").and_then(|entry| entry.integer(&(0..=100)));
    let grants = grants::read(&table, known);
    let agent = table.get("agent").and_then(|entry| agent(&entry, &grants, known));
    let version = table.read("version", &VERSION);
    let sha256 = table.read("sha256", &SHA256);
    let timeout = table.read("timeout", &DURATION).unwrap_or(DEFAULT_TIMEOUT);
    let silence = table.get("silence").and_then(|entry| silence(&entry, timeout));
    let on_rework = table.get("on_rework").and_then(|rework| on_rework(&rework, &entry.name, names));
    let questions = questions(&table);
    let config = table.get("config").and_then(|entry| config(&entry));
    let limits = policies::limits(&table);
    let retry = policies::retry(&table);
    Some(StageConfig {
        name: name?.parse().ok()?,
        plugin: plugin?,
        version,
        sha256,
        timeout,
        silence,
        on_rework,
        max_rework: max_rework.and_then(|number| u32::try_from(number).ok()).unwrap_or(DEFAULT_MAX_REWORK),
        agent,
        questions,
        config: config.unwrap_or_else(|| Map::new().into()),
        grants,
        limits,
        retry,
    })
}

fn plugin(stage: &str, table: &Table<'_>, folder: &Path) -> Option<PluginSource> {
    match (table.get("plugin"), table.get("path")) {
        (Some(plugin), None) => plugin.read(&BUILTIN),
        (None, Some(path)) => Some(PluginSource::File(folder.join(path.read(&TEXT)?))),
        (Some(_), Some(path)) => {
            path.fail_key(
                Wrong::new(format!("{} has both `plugin` and `path`", table.title()))
                    .help("`plugin` is for those that adw carries, `path` for a file: leave one out"),
            );
            None
        }
        (None, None) => {
            let named = BUILTIN_PLUGINS.into_iter().find(|builtin| *builtin == stage);
            let builtin = named.unwrap_or(BUILTIN_PLUGINS[0]);
            table.fail(
                Wrong::new(format!("{} has no plugin", table.title()))
                    .help(format!("add `plugin = \"builtin:{builtin}\"`, or `path = \"my-plugin.wasm\"`")),
            );
            None
        }
    }
}

fn builtin(text: &str) -> Result<PluginSource, Wrong> {
    let Some(name) = text.strip_prefix("builtin:") else {
        let help = match nearest(text, BUILTIN_PLUGINS) {
            Some(meant) => format!("did you mean \"builtin:{meant}\"?"),
            None => format!("a plugin of your own is named by its file: `path = {text:?}`"),
        };
        return Err(Wrong::new(format!("{text:?} is not a plugin that adw carries")).help(help));
    };
    if BUILTIN_PLUGINS.contains(&name) {
        return Ok(PluginSource::Builtin(name.to_owned()));
    }
    if LATER.contains(&name) {
        return Err(Wrong::new(format!("the plugin {text:?} is not available in this version"))
            .help(format!("there are {}", listed(BUILTIN_PLUGINS))));
    }
    let help = match nearest(name, BUILTIN_PLUGINS) {
        Some(meant) => format!("did you mean \"builtin:{meant}\"?"),
        None => format!("there are {}", listed(BUILTIN_PLUGINS)),
    };
    Err(Wrong::new(format!("adw carries no plugin {name:?}")).help(help))
}

/// A silence that the stage's own end comes before bounds nothing.
fn silence(entry: &Entry<'_>, timeout: Duration) -> Option<Duration> {
    let silence = entry.read(&DURATION)?;
    if silence < timeout {
        return Some(silence);
    }
    let (silence, timeout) = (humantime::format_duration(silence), humantime::format_duration(timeout));
    entry.fail(
        Wrong::new(format!(
            "a silence of {silence} never comes: the stage is ended after its `timeout` of {timeout}"
        ))
        .help("make it shorter, or raise `timeout`"),
    );
    None
}

fn on_rework(entry: &Entry<'_>, own_name: &str, names: &[String]) -> Option<StageName> {
    let target = entry.text("the name of an earlier stage, such as \"implement\"")?;
    if target == own_name {
        entry.fail(
            Wrong::new("a stage can't send work back to itself")
                .help("name the stage whose work it judges, as in `on_rework = \"implement\"`"),
        );
        return None;
    }
    if names.iter().any(|name| name == target) {
        return target.parse().ok();
    }
    let others = || names.iter().map(String::as_str).filter(|name| *name != own_name);
    let help = match nearest(target, others()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("the other stages: {}", listed(others())),
    };
    entry.fail(Wrong::new(format!("there is no stage {target:?}")).help(help));
    None
}

fn agent(entry: &Entry<'_>, grants: &Grants, known: &grants::Known) -> Option<String> {
    let name = entry.text("the name of an agent")?;
    agents::check_name(entry, name, &known.agents);
    let granted = grants.agent.iter().flatten().any(|grant| grant == "*" || grant == name);
    if !granted {
        let stage = entry.path.trim_end_matches(".agent");
        entry
            .fail(Wrong::new(format!("this stage may not ask the agent {name:?}")).help(format!(
                "under [{stage}.grants], add {name:?} to `agent`, as in `agent = [{name:?}]`"
            )));
    }
    Some(name.to_owned())
}

fn questions(table: &Table<'_>) -> Option<QuestionPolicy> {
    let incomplete = |entry: &Entry<'_>, message: &str, help: &str| {
        entry.fail_key(Wrong::new(message.to_owned()).help(help.to_owned()));
        None
    };
    match (table.get("question_timeout"), table.get("question_default")) {
        (Some(timeout), Some(default)) => {
            let (timeout, default) = (timeout.read(&DURATION), json(&default));
            Some(QuestionPolicy { timeout_ms: millis(timeout?), default: default? })
        }
        (Some(timeout), None) => incomplete(
            &timeout,
            "`question_timeout` says when a question is answered by default, and nothing says how",
            "add the answer that is taken then, as in `question_default = \"approve\"`",
        ),
        (None, Some(default)) => incomplete(
            &default,
            "`question_default` says how a question is answered by default, and nothing says when",
            "add how long people have, as in `question_timeout = \"24h\"`",
        ),
        (None, None) => None,
    }
}

/// A table of the plugin's own as JSON.
fn config(entry: &Entry<'_>) -> Option<Value> {
    let table = entry.free_table("a table of what the plugin is to know")?;
    let members = table.named().into_iter().filter_map(|entry| {
        let value = json(&entry)?;
        Some((entry.name, value))
    });
    Some(Value::Object(members.collect()))
}

fn json(entry: &Entry<'_>) -> Option<Value> {
    let refused = |message: &str| {
        entry.fail(
            Wrong::new(format!("`{}` {message}", entry.name)).help("plugins get their configuration as JSON"),
        );
        None
    };
    match entry.value()? {
        DeValue::String(text) => Some(Value::String(text.as_ref().to_owned())),
        DeValue::Boolean(truth) => Some(Value::Bool(*truth)),
        DeValue::Datetime(time) => Some(Value::String(time.to_string())),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Some(number.into()),
            Err(_) => refused("does not fit into 64 bits"),
        },
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            number.map(Value::Number).or_else(|| refused("is not a number that JSON can write"))
        }
        DeValue::Array(_) => Some(Value::Array(entry.list("an array")?.iter().filter_map(json).collect())),
        DeValue::Table(_) => config(entry),
    }
}
