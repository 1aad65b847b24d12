//! What stands in the way of work on this machine, and what mends it.
//!
//! A check looks at one subject and answers with findings; it changes nothing, and knows nothing of how findings are
//! shown. [`CHECKS`] is the list of them. None stops another: one that hangs or breaks off is itself a finding.

mod agents;
mod clock;
mod config;
mod disk;
mod git;
mod limits;
mod place;
mod plugins;
mod port;
mod projects;
mod store;
mod surroundings;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub(crate) use surroundings::Surroundings;

use crate::style::{one_line, printable};

/// How long a check may take. Compiling plugins takes longest.
const PATIENCE: Duration = Duration::from_mins(2);

/// The longest line that a finding says.
const WIDTH: usize = 240;

type Check = fn(&Surroundings) -> Vec<Finding>;

/// By subject, in the order in which they are made and told.
const CHECKS: [(&str, Check); 10] = [
    ("git", git::check),
    ("config", config::check),
    ("projects", projects::check),
    ("disk", disk::check),
    ("plugins", plugins::check),
    ("agents", agents::check),
    ("store", store::check),
    ("port", port::check),
    ("limits", limits::check),
    ("clock", clock::check),
];

/// How it is with something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// In one line.
    pub(crate) message: String,
}

/// Whether it will do. What won't comes with what mends it, to be pasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It will.
    Ok,
    /// Work is possible, and something is not as it should be.
    Warn { fix: String },
    /// Some work is not possible.
    Fail { fix: String },
}

/// A finding, and what it is about.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) subject: &'static str,
    #[serde(flatten)]
    pub(crate) finding: Finding,
}

impl Finding {
    fn ok(message: impl AsRef<str>) -> Self {
        Self::new(Verdict::Ok, message.as_ref())
    }

    fn warn(message: impl AsRef<str>, fix: impl Into<String>) -> Self {
        Self::new(Verdict::Warn { fix: printable(&fix.into()) }, message.as_ref())
    }

    fn fail(message: impl AsRef<str>, fix: impl Into<String>) -> Self {
        Self::new(Verdict::Fail { fix: printable(&fix.into()) }, message.as_ref())
    }

    fn new(verdict: Verdict, message: &str) -> Self {
        Self { verdict, message: one_line(message, WIDTH) }
    }
}

/// A word as a shell takes it, on one line, and with nothing in it that a terminal would obey.
fn quoted(word: impl AsRef<OsStr>) -> String {
    let bytes = word.as_ref().as_bytes();
    let plain = str::from_utf8(bytes).ok().filter(|text| one_line(text, usize::MAX) == **text);
    match plain.filter(|text| !text.contains('\t')).map(shlex::try_quote) {
        Some(Ok(quoted)) => quoted.into_owned(),
        _ => format!("$'{}'", bytes.iter().map(|byte| escaped(*byte)).collect::<String>()),
    }
}

/// A byte within `$'…'`.
fn escaped(byte: u8) -> String {
    match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// Makes every check, one after the other: they would spoil each other's timings.
pub(crate) async fn examine(surroundings: Surroundings) -> Vec<Told> {
    let surroundings = Arc::new(surroundings);
    let mut told = Vec::new();
    for (subject, check) in CHECKS {
        let surroundings = Arc::clone(&surroundings);
        // Files and programs may take any time; what hangs is left behind on its thread.
        let found = match timeout(PATIENCE, spawn_blocking(move || check(&surroundings))).await {
            Ok(Ok(findings)) => findings,
            Ok(Err(_panicked)) => {
                vec![Finding::fail("the check broke off, which is a fault of adw", "please report it")]
            }
            Err(_elapsed) => vec![Finding::fail(
                format!("the check gave no answer within {} s", PATIENCE.as_secs()),
                "look for a program or a file system that hangs, and run `adw doctor` again",
            )],
        };
        told.extend(found.into_iter().map(|finding| Told { subject, finding }));
    }
    told
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::quoted;

    #[test]
    fn a_word_is_one_word_to_a_shell_and_nothing_to_a_terminal() {
        for (word, expected) in [
            (&b"/srv/adw"[..], "/srv/adw"),
            (b"/my work", "'/my work'"),
            (b"caf\xe9 d'or", r"$'caf\xe9 d\'or'"),
            (b"a\nrm b", r"$'a\x0arm b'"),
            (b"a\n", r"$'a\x0a'"),
            (b"a\x1b[2J\\", r"$'a\x1b[2J\\'"),
        ] {
            assert_eq!(quoted(OsStr::from_bytes(word)), expected);
        }
    }
}
