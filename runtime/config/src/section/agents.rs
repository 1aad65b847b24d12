//! `[agents.NAME]`: programs that write code when prompted.

use std::{path::Path, time::Duration};

use adw_core::Budget;

use crate::{
    form::{DURATION, Form, TEXT, VARIABLE, Wrong, name},
    reader::{Entry, Keys, Table},
    section::projects::beneath,
    suggest::nearest,
};

/// `[agents.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentConfig {
    /// NAME.
    pub name: String,
    /// How it is talked to.
    pub profile: AgentProfile,
}

/// How an agent is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentProfile {
    /// `profile = "command"`: a program, run in the workspace with the prompt on its standard input.
    Command {
        /// The program, by its name or its absolute path, and its arguments; in these, `{prompt}` stands for the prompt.
        /// Never empty.
        command: Vec<String>,
        /// The variables of the server that it sees, besides those that every program needs; one that ends in `*`
        /// stands for all that begin so.
        env: Vec<String>,
        /// The longest that it may take; none for what is left of the stage's own time.
        timeout: Option<Duration>,
        /// Where it says what it has used.
        usage: UsagePointers,
    },
    /// `profile = "patch"`: the unified diff that the task carries, applied.
    Patch,
}

/// Where a line of JSON on an agent's standard output says what it has used so far, as JSON pointers: `/usage/output_tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsagePointers {
    /// Dollars.
    pub cost_usd: Option<String>,
    /// What it has read.
    pub input_tokens: Option<String>,
    /// What it has written.
    pub output_tokens: Option<String>,
}

/// The agents that are there without a table of their own.
pub const BUILTIN_AGENTS: [&str; 2] = ["patch", "manual"];

/// Profiles that are known and come with a later version.
const LATER: [&str; 6] = ["claude", "codex", "gemini", "opencode", "goose", "acp"];

const COMMAND_EXAMPLE: &str = "command = [\"my-agent\", \"--prompt\", \"{prompt}\"]";

/// In the order of the file, which is the order of preference.
pub(crate) fn read(root: &Table<'_>, folder: &Path, budget: &Budget) -> Vec<AgentConfig> {
    let table = root
        .get("agents")
        .and_then(|entry| entry.free_table("a table of agents, each written [agents.NAME]"));
    table.iter().flat_map(Table::named).filter_map(|entry| agent(&entry, folder, budget)).collect()
}

/// The names that can be referred to: those that have a table, be it right or wrong, and the built-in ones.
pub(crate) fn names(root: &Table<'_>) -> Vec<String> {
    let table = root.peek("agents");
    let configured = table.iter().flat_map(Table::named).map(|entry| entry.name);
    configured.chain(BUILTIN_AGENTS.map(str::to_owned)).collect()
}

/// Reports a name that no agent has.
pub(crate) fn check_name(entry: &Entry<'_>, name: &str, known: &[String]) {
    if known.iter().any(|agent| agent == name) {
        return;
    }
    let help = match nearest(name, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("add [agents.{name}], or use \"patch\" or \"manual\", which are built in"),
    };
    entry.fail(Wrong::new(format!("there is no agent {name:?}")).help(help));
}

fn agent(entry: &Entry<'_>, folder: &Path, budget: &Budget) -> Option<AgentConfig> {
    let name = agent_name(entry);
    let table = entry.free_table("a table, such as { profile = \"command\", command = [\"my-agent\"] }")?;
    let profile = table.require("profile", "profile = \"command\"")?;
    let profile = match profile.text("the name of a profile, such as \"command\"")? {
        "command" => {
            table.check(&Keys::flat(&["profile", "command", "env", "timeout", "usage"]));
            command(&table, folder, budget)
        }
        "patch" => {
            table.check(&Keys::flat(&["profile"]));
            Some(AgentProfile::Patch)
        }
        other => {
            profile.fail(unknown_profile(other));
            None
        }
    };
    Some(AgentConfig { name: name?, profile: profile? })
}

fn agent_name(entry: &Entry<'_>) -> Option<String> {
    let checked = if BUILTIN_AGENTS.contains(&entry.name.as_str()) {
        Err(Wrong::new(format!("the agent `{}` is built in", entry.name))
            .help("it needs no table; give yours another name"))
    } else {
        name("an agent", &entry.name)
    };
    checked.map_err(|wrong| entry.fail_key(wrong)).ok()
}

fn unknown_profile(profile: &str) -> Wrong {
    if profile == "manual" {
        return Wrong::new("work by hand has no profile")
            .help("the agent \"manual\" is built in: name it in agent = \"manual\", or by --agent manual, and leave out this table");
    }
    if LATER.contains(&profile) {
        return Wrong::new(format!("the profile {profile:?} is not available in this version"))
            .help(format!("any program can be run: profile = \"command\", {COMMAND_EXAMPLE}"));
    }
    let help = match nearest(profile, ["command", "patch"]) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => "there are \"command\" and \"patch\"".to_owned(),
    };
    Wrong::new(format!("there is no profile {profile:?}")).help(help)
}

const PASSED_ON: Form<String> = Form {
    expected: "the name of a variable, such as \"API_KEY\" or \"API_*\"",
    read: |text| match text.strip_suffix('*') {
        Some("") => Err(Wrong::new("`*` alone would hand over every key and token of the server")
            .help("name what the agent needs, as in [\"API_KEY\"] or [\"API_*\"]")),
        Some(start) => (VARIABLE.read)(start).map(|_| text.to_owned()),
        None => (VARIABLE.read)(text),
    },
};

fn command(table: &Table<'_>, folder: &Path, budget: &Budget) -> Option<AgentProfile> {
    const ARGUMENT: Form<String> = Form { expected: "a string", read: |text| Ok(text.to_owned()) };
    let command = table.require("command", COMMAND_EXAMPLE).and_then(|entry| {
        let expected = "a list of the program and its arguments, such as [\"my-agent\", \"{prompt}\"]";
        let words = entry.list(expected)?;
        if words.is_empty() {
            entry.fail(Wrong::new("`command` has no program").help(format!("as in `{COMMAND_EXAMPLE}`")));
            return None;
        }
        let form = |index| if index == 0 { &TEXT } else { &ARGUMENT };
        words.iter().enumerate().map(|(index, word)| word.read(form(index))).collect::<Option<Vec<_>>>()
    });
    let command = command.map(|words| with_program_from(folder, words));
    let env = table.get("env").map_or_else(
        || Some(Vec::new()),
        |entry| entry.list_of("a list of variables to let through, such as [\"API_KEY\"]", &PASSED_ON),
    );
    let timeout = table.read("timeout", &DURATION);
    let usage = usage(table, budget);
    Some(AgentProfile::Command { command: command?, env: env?, timeout, usage })
}

const POINTER: Form<String> = Form {
    expected: "a JSON pointer, such as \"/usage/output_tokens\"",
    read: |text| {
        let mut escapes = text.split('~').skip(1);
        let fits =
            text.len() > 1 && text.starts_with('/') && escapes.all(|rest| rest.starts_with(['0', '1']));
        fits.then(|| text.to_owned()).ok_or_else(|| {
            Wrong::new(format!("{text:?} is no JSON pointer to a member"))
                .help("it names the members on the way, each after a `/`, as in \"/usage/output_tokens\"")
        })
    },
};

/// Where an agent says what it uses. A budget that its agents say nothing to would bound nothing, and so it has to be said
/// of each that there is nothing to count.
fn usage(table: &Table<'_>, budget: &Budget) -> UsagePointers {
    let keys = Keys::flat(&["cost_usd", "input_tokens", "output_tokens"]);
    let section = table.section("usage", &keys);
    let pointers = UsagePointers {
        cost_usd: section.read("cost_usd", &POINTER),
        input_tokens: section.read("input_tokens", &POINTER),
        output_tokens: section.read("output_tokens", &POINTER),
    };
    let written = section.named();
    let says = |names: &[&str]| written.iter().any(|entry| names.contains(&entry.name.as_str()));
    let mute = [
        ("cost_usd", budget.cost_usd.is_some() && !says(&["cost_usd"])),
        ("tokens", budget.tokens.is_some() && !says(&["input_tokens", "output_tokens"])),
    ];
    let is_exempt = table.get("usage").is_some() && written.is_empty();
    for (bounded, _) in mute.iter().filter(|(_, mute)| *mute && !is_exempt) {
        let example = if *bounded == "tokens" {
            "input_tokens = \"/usage/input_tokens\", output_tokens = \"/usage/output_tokens\""
        } else {
            "cost_usd = \"/total_cost_usd\""
        };
        table.fail(
            Wrong::new(format!("[budget] bounds `{bounded}`, and nothing says how much of it {} uses", table.title()))
                .help(format!(
                    "say where its lines of JSON have it, as in `usage = {{ {example} }}`; `usage = {{}}` where it uses none"
                )),
        );
    }
    pointers
}

/// A program that is named by a relative path lies in the file's folder, as every path of the file does: in the worktree,
/// where it runs, it may be missing or another.
fn with_program_from(folder: &Path, mut words: Vec<String>) -> Vec<String> {
    if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
        *program = beneath(folder, program).display().to_string();
    }
    words
}
