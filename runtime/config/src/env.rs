//! The environment as far as it configures adw.

use std::collections::BTreeMap;

/// The variables that stand in the place of what adw.toml says.
///
/// A key of `[server]`, `[store]` or `[limits]` is overridden by `ADW_<SECTION>_<KEY>`: `ADW_SERVER_LISTEN`,
/// `ADW_STORE_URL`, `ADW_LIMITS_QUEUE`. A list is written with commas. `ADW_LISTEN` is short for `ADW_SERVER_LISTEN`,
/// which wins over it.
/// An empty variable counts as none. One that begins like one of these sections but names no key of it is an error; any
/// other is left alone.
///
/// ```
/// use adw_config::{Config, Env};
/// let env = Env::from_iter([("ADW_SERVER_LISTEN", "127.0.0.1:0")]);
/// let config = Config::parse("", "adw.toml", "/project", &env)?;
/// assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
/// # Ok::<(), adw_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Env(BTreeMap<String, String>);

/// A short name and what it is short for.
const SHORT: (&str, &str) = ("ADW_LISTEN", "ADW_SERVER_LISTEN");

impl Env {
    /// No variables.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The variables of this process. A value that isn't UTF-8 is taken with replacement characters, which no key
    /// accepts.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect()
    }

    /// The value for a key, with the name of the variable that holds it.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<(&str, &str)> {
        let long = variable(section, key);
        let found = self.0.get_key_value(&long);
        let found = found.or_else(|| (long == SHORT.1).then(|| self.0.get_key_value(SHORT.0)).flatten());
        found.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The variables that begin like a section.
    pub(crate) fn of_section(&self, section: &str) -> impl Iterator<Item = &str> {
        let prefix = variable(section, "");
        self.0.keys().filter(move |name| name.starts_with(&prefix)).map(String::as_str)
    }
}

/// The variable that overrides a key.
pub(crate) fn variable(section: &str, key: &str) -> String {
    format!("ADW_{}_{}", section.to_uppercase(), key.to_uppercase())
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(variables.filter(|(name, value)| name.starts_with("ADW_") && !value.is_empty()).collect())
    }
}
