//! `[store]`: where state is kept.

use std::path::{Path, PathBuf};

use crate::{
    Env,
    form::Wrong,
    reader::{Keys, Table},
};

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreConfig {
    /// `url = "sqlite:FILE"`.
    Sqlite {
        /// The database, absolute.
        file: PathBuf,
    },
}

impl StoreConfig {
    /// The database of a folder whose adw.toml names none.
    pub fn default_file(folder: &Path) -> PathBuf {
        folder.join(DEFAULT_FILE)
    }
}

const DEFAULT_FILE: &str = ".adw/adw.db";
const EXAMPLE: &str = "url = \"sqlite:.adw/adw.db\"";

pub(crate) fn read(root: &Table<'_>, folder: &Path, env: &Env) -> StoreConfig {
    let table = root.overridable("store", &Keys::flat(&["url"]), env);
    let file = table.get("url").and_then(|entry| {
        let url = entry.text("a string, such as \"sqlite:.adw/adw.db\"")?;
        // What stands before an @ is a name and a password.
        let fail = |wrong| if url.contains('@') { entry.fail_hidden(wrong) } else { entry.fail(wrong) };
        sqlite_file(url).and_then(|file| regular(folder, file)).map_err(fail).ok()
    });
    let file = folder.join(file.unwrap_or(DEFAULT_FILE));
    if file.to_str().is_none() {
        let wrong = Wrong::new("the path of the database is not UTF-8, and SQLite opens no other");
        table.fail(
            wrong.help(
                "rename the folder, or keep it elsewhere, as in `url = \"sqlite:/var/lib/adw/adw.db\"`",
            ),
        );
    }
    StoreConfig::Sqlite { file }
}

/// A device or a folder is never a database, and a pipe would be waited for.
fn regular<'a>(folder: &Path, file: &'a str) -> Result<&'a str, Wrong> {
    match folder.join(file).metadata() {
        Ok(found) if !found.is_file() => {
            let what = if found.is_dir() { "a folder" } else { "no regular file" };
            let help = format!("name a file, which is made where there is none, as in `{EXAMPLE}`");
            Err(Wrong::new(format!("{file} is {what}, and a database is kept in a file")).help(help))
        }
        // One that is not there is made; one that can't be looked at, the start complains of.
        _ => Ok(file),
    }
}

fn sqlite_file(url: &str) -> Result<&str, Wrong> {
    let scheme = url.split(':').next().unwrap_or_default();
    if scheme == "postgres" || scheme == "postgresql" {
        return Err(Wrong::new("Postgres is not available in this version").help(format!("use `{EXAMPLE}`")));
    }
    let Some(rest) = url.strip_prefix("sqlite:") else {
        return Err(Wrong::new("the store's URL begins with `sqlite:`").help(format!("as in `{EXAMPLE}`")));
    };
    let file = rest.strip_prefix("//").unwrap_or(rest);
    if file.starts_with(":memory:") || file.contains("mode=memory") {
        return Err(Wrong::new("a database in memory would lose every task with the process")
            .help(format!("name a file, as in `{EXAMPLE}`")));
    }
    if file.contains('\u{fffd}') {
        return Err(Wrong::new("the path of the database is not UTF-8, and SQLite opens no other")
            .help(format!("name another, as in `{EXAMPLE}`")));
    }
    if file.is_empty() || file.ends_with('/') || file.contains(['?', '\0']) {
        return Err(Wrong::new("`sqlite:` is followed by the path of a file and nothing else")
            .help(format!("as in `{EXAMPLE}`")));
    }
    Ok(file)
}
