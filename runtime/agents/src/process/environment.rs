//! The environment that a program is given.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// What passes from the server's environment to every program: where things are, who asks, in which language, and how
/// to get out. Keys and tokens pass only where the operator names them.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR",
    "XDG_*",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPATH",
    "GOCACHE",
    "GOMODCACHE",
    "GOROOT",
    "JAVA_HOME",
    "NVM_DIR",
    "PYENV_ROOT",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
];

/// Set by an agent for its own children; one that finds it believes itself nested and refuses to work.
const NEVER: &[&str] = &["CLAUDECODE"];

/// The variables of a program: nothing is inherited but what is named here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// No variables at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// What passes from this process's environment to every program, and what is named beyond it; `*` at the end of a
    /// name stands for any end.
    pub fn inherit<S: AsRef<str>>(beyond: impl IntoIterator<Item = S>) -> Self {
        let beyond: Vec<S> = beyond.into_iter().collect();
        let patterns: Vec<&str> = PASSED_ON.iter().copied().chain(beyond.iter().map(AsRef::as_ref)).collect();
        Self::select(std::env::vars_os(), &patterns)
    }

    fn select(variables: impl Iterator<Item = (OsString, OsString)>, patterns: &[&str]) -> Self {
        let passes = |name: &OsStr| patterns.iter().any(|pattern| matches(pattern, name));
        Self(variables.filter(|(name, _)| passes(name)).collect())
    }

    /// Sets a variable, in place of the one that it may have inherited.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Sets several.
    #[must_use]
    pub fn with_all<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.0.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// The value of a variable.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        self.0.get(name.as_ref()).map(OsString::as_os_str)
    }

    /// The variables that a program gets.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter().filter(|(name, _)| !NEVER.iter().any(|never| name.as_os_str() == *never))
    }

    /// A name that no environment can hold.
    pub(crate) fn invalid_name(&self) -> Option<&OsStr> {
        let invalid = |name: &&OsString| {
            let bytes = name.as_encoded_bytes();
            bytes.is_empty() || bytes.contains(&b'=') || bytes.contains(&0)
        };
        self.0.keys().find(invalid).map(OsString::as_os_str)
    }
}

fn matches(pattern: &str, name: &OsStr) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.as_encoded_bytes().starts_with(start.as_bytes()),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(environment: &Environment) -> Vec<String> {
        environment.variables().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn only_what_is_named_passes() {
        let server = ["PATH", "LC_ALL", "HOME", "API_KEY", "API_URL", "SECRET", "CLAUDECODE", "PATHS"];
        let variables = || server.iter().map(|name| (OsString::from(name), OsString::from("x")));
        assert_eq!(names(&Environment::select(variables(), PASSED_ON)), ["HOME", "LC_ALL", "PATH"]);
        let named = Environment::select(variables(), &["PATH", "API_*", "CLAUDECODE"]);
        assert_eq!(names(&named), ["API_KEY", "API_URL", "PATH"]);
    }

    #[test]
    fn a_name_without_sense_is_found() {
        assert_eq!(Environment::empty().with("GOOD", "a=b").invalid_name(), None);
        for bad in ["", "A=B", "A\0B"] {
            assert_eq!(Environment::empty().with(bad, "x").invalid_name(), Some(OsStr::new(bad)));
        }
    }
}
