//! `[secrets]`: where values come from that no plugin may see.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    form::{TEXT, VARIABLE, Wrong},
    reader::{Entry, Keys, Table},
};

/// Where a secret is read from when it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// `{ env = "NAME" }`: a variable of the server.
    Env(String),
    /// `{ file = "PATH" }`: a file, absolute.
    File(PathBuf),
}

const EXAMPLE: &str = "{ env = \"NAME\" } or { file = \"PATH\" }";

pub(crate) fn read(root: &Table<'_>, folder: &Path) -> BTreeMap<String, SecretSource> {
    let table = root
        .get("secrets")
        .and_then(|entry| entry.free_table("a table of secrets, each written NAME = { env = \"NAME\" }"));
    table.iter().flat_map(Table::named).filter_map(|entry| secret(&entry, folder)).collect()
}

/// The names that have an entry, be it right or wrong: what refers to one is not wrong too.
pub(crate) fn names(root: &Table<'_>) -> Vec<String> {
    let table = root.peek("secrets");
    table.iter().flat_map(Table::named).map(|entry| entry.name).collect()
}

fn secret(entry: &Entry<'_>, folder: &Path) -> Option<(String, SecretSource)> {
    let name = (VARIABLE.read)(&entry.name).map_err(|wrong| entry.fail_key(wrong)).ok();
    if matches!(entry.value(), Some(toml::de::DeValue::String(_))) {
        entry.fail_hidden(
            Wrong::new(format!("the value of `{}` must not stand in this file", entry.name))
                .help(format!("say where it is read from: {EXAMPLE}")),
        );
        return None;
    }
    let table = entry.table(&Keys::flat(&["env", "file"]))?;
    let source = match (table.get("env"), table.get("file")) {
        (Some(variable), None) => SecretSource::Env(variable.read(&VARIABLE)?),
        (None, Some(file)) => SecretSource::File(folder.join(file.read(&TEXT)?)),
        _ => {
            table.fail(
                Wrong::new(format!("`{}` must say one place that it is read from", entry.name)).help(EXAMPLE),
            );
            return None;
        }
    };
    Some((name?, source))
}
