//! `[stages.NAME.grants]`: what a plugin may do.

use adw_core::{ArgvPattern, Grants, HttpGrant, WorkspaceAccess};
use toml::de::DeValue;

use super::{agents, secrets};
use crate::{
    Origin,
    form::{Form, VARIABLE, Wrong},
    reader::{Entry, Keys, Table},
    suggest::nearest,
};

pub(super) const KEYS: &[&str] = &["workspace", "exec", "agent", "http"];

/// The names that grants may refer to.
pub(super) struct Known {
    pub(super) agents: Vec<String>,
    pub(super) secrets: Vec<String>,
}

impl Known {
    pub(super) fn of(root: &Table<'_>) -> Self {
        Self { agents: agents::names(root), secrets: secrets::names(root) }
    }
}

const WORKSPACE: Form<WorkspaceAccess> = Form {
    expected: "\"read\" or \"write\"",
    read: |text| match text {
        "read" => Ok(WorkspaceAccess::Read),
        "write" => Ok(WorkspaceAccess::Write),
        _ => Err(Wrong::new(format!("`workspace` is \"read\" or \"write\", not {text:?}"))
            .help("leave the line out to grant neither")),
    },
};

pub(super) fn read(stage: &Table<'_>, known: &Known) -> Grants {
    let table = stage.section("grants", &Keys::flat(KEYS));
    Grants {
        workspace: table.read("workspace", &WORKSPACE),
        exec: table.get("exec").and_then(|entry| exec(&entry)),
        agent: table.get("agent").and_then(|entry| agent(&entry, &known.agents)),
        http: table.get("http").and_then(|entry| http(&entry, &known.secrets)),
    }
}

fn exec(entry: &Entry<'_>) -> Option<Vec<ArgvPattern>> {
    let patterns = entry.list("a list of commands, such as [[\"cargo\", \"test\", \"**\"]]")?;
    if let Some(meant) = unbracketed(&patterns) {
        entry.fail(
            Wrong::new("`exec` is a list of commands, and each command is a list of its arguments")
                .help(format!("as in `exec = [{meant}]`")),
        );
        return None;
    }
    Some(patterns.iter().filter_map(argv_pattern).collect())
}

/// What is meant by a list of strings, the slip that everyone makes: command lines, or the words of one.
fn unbracketed(patterns: &[Entry<'_>]) -> Option<String> {
    let strings: Option<Vec<&str>> = patterns
        .iter()
        .map(|pattern| match pattern.value() {
            Some(DeValue::String(text)) => Some(text.as_ref()),
            _ => None,
        })
        .collect();
    let strings = strings.filter(|strings| !strings.is_empty())?;
    if strings.iter().any(|line| line.contains(char::is_whitespace)) {
        let commands: Vec<String> = strings.iter().map(|line| bracketed(line.split_whitespace())).collect();
        Some(commands.join(", "))
    } else {
        Some(bracketed(strings))
    }
}

fn bracketed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

fn argv_pattern(entry: &Entry<'_>) -> Option<ArgvPattern> {
    let elements =
        entry.list("a list of the program and its arguments, such as [\"cargo\", \"test\", \"**\"]")?;
    let Some(program) = elements.first() else {
        entry.fail(Wrong::new("this command has no program").help("as in [\"cargo\", \"test\", \"**\"]"));
        return None;
    };
    let argv: Option<Vec<String>> = elements
        .iter()
        .map(|element| element.text("a pattern in quotes, such as \"test\" or \"*\"").map(str::to_owned))
        .collect();
    let argv = argv?;
    let name = argv.first().map(String::as_str).unwrap_or_default();
    if name.is_empty() || (name.contains(char::is_whitespace) && !name.contains('/')) {
        program.fail(
            Wrong::new(format!("no program is called {name:?}")).help(format!(
                "each argument is an element of its own: {}",
                bracketed(name.split_whitespace())
            )),
        );
        return None;
    }
    Some(ArgvPattern(argv))
}

fn agent(entry: &Entry<'_>, known: &[String]) -> Option<Vec<String>> {
    let names = entry.list("a list of agents, such as [\"*\"]")?;
    let names = names.iter().filter_map(|element| {
        let name = element.text("the name of an agent, or \"*\" for any")?;
        if name != "*" {
            agents::check_name(element, name, known);
        }
        Some(name.to_owned())
    });
    Some(names.collect())
}

const HOST: Form<String> = Form {
    expected: "a scheme and a host, such as \"https://api.example.com\"",
    read: |text| {
        // `*.` stands for every name below the rest, which is a host like any other.
        let (scheme, below) =
            text.split_once("://*.").map_or((text, None), |(scheme, rest)| (scheme, Some(rest)));
        let plain = below.map_or_else(|| text.to_owned(), |rest| format!("{scheme}://{rest}"));
        let origin: Origin = plain.parse().map_err(|invalid: crate::InvalidOrigin| {
            let whole_host = plain
                .contains('*')
                .then_some("only a whole first label can be `*`: \"https://*.example.com\"");
            Wrong::new(format!("{text:?} is not a destination")).help(whole_host.unwrap_or(invalid.reason))
        })?;
        Ok(match below {
            Some(_) => origin.as_str().replacen("://", "://*.", 1),
            None => origin.as_str().to_owned(),
        })
    },
};

const METHOD: Form<String> = Form {
    expected: "a method, such as \"POST\"",
    read: |text| {
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
        fits.then(|| text.to_owned()).ok_or_else(|| {
            Wrong::new(format!("{text:?} is not a method"))
                .help(format!("methods are written in capitals, as in [{:?}]", text.to_ascii_uppercase()))
        })
    },
};

fn http(entry: &Entry<'_>, known_secrets: &[String]) -> Option<Vec<HttpGrant>> {
    let destinations = entry.list("a list of tables: write [[stages.NAME.grants.http]] above each")?;
    Some(destinations.iter().filter_map(|destination| http_grant(destination, known_secrets)).collect())
}

fn http_grant(entry: &Entry<'_>, known_secrets: &[String]) -> Option<HttpGrant> {
    let table = entry.table(&Keys::flat(&["host", "methods", "secrets"]))?;
    let host =
        table.require("host", "host = \"https://api.example.com\"").and_then(|entry| entry.read(&HOST));
    let methods = table.require("methods", "methods = [\"GET\"]").and_then(|entry| {
        let methods = entry.list("a list of methods, such as [\"GET\", \"POST\"]")?;
        if methods.is_empty() {
            entry.fail(Wrong::new("`methods` names none").help("as in `methods = [\"GET\"]`"));
        }
        Some(methods.iter().filter_map(|method| method.read(&METHOD)).collect())
    });
    let secrets =
        table.get("secrets").map_or_else(|| Some(Vec::new()), |entry| secret_names(&entry, known_secrets));
    Some(HttpGrant { host: host?, methods: methods?, secrets: secrets? })
}

fn secret_names(entry: &Entry<'_>, known: &[String]) -> Option<Vec<String>> {
    let names = entry.list("a list of names in [secrets]")?;
    let names = names.iter().filter_map(|element| {
        let name = element.read(&VARIABLE)?;
        if !known.contains(&name) {
            let help = match nearest(&name, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!("add it under [secrets]: {name} = {{ env = {name:?} }}"),
            };
            element.fail(Wrong::new(format!("there is no secret {name:?}")).help(help));
        }
        Some(name)
    });
    Some(names.collect())
}
