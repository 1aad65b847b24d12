//! What a server says when it refuses (RFC 9457). It speaks to those who send requests; whoever typed a command is told
//! the same in commands.

use serde::Deserialize;
use serde_json::Value;

use crate::style::printable;

/// A problem document.
#[derive(Clone, Debug, Default, Deserialize, thiserror::Error)]
#[error("{}", printable(&self.in_words()))]
pub(crate) struct Problem {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<Part>,
    #[serde(default)]
    details: Value,
    /// The document itself.
    #[serde(skip)]
    pub(crate) raw: Value,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, Deserialize)]
struct Part {
    #[serde(default)]
    pointer: String,
    #[serde(default)]
    detail: String,
}

impl Problem {
    /// The problem that an answer's body describes; a body that describes none still has a status.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let raw: Value = serde_json::from_slice(body).unwrap_or_default();
        let problem: Self = serde_json::from_value(raw.clone()).unwrap_or_default();
        Self { status, raw, ..problem }
    }

    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    /// What to do next.
    pub(super) fn help(&self) -> Option<&'static str> {
        match (self.code.as_str(), self.detail_member("from")) {
            // The address of the server leads to a place below it.
            ("not_found", _) => {
                Some("name the server alone with `--server URL` or ADW_SERVER: scheme, host and port")
            }
            ("illegal_move", Some("failed")) => {
                Some("`adw retry ID` lets it go on; left alone, it does nothing more")
            }
            ("configuration_unfit", _) => {
                Some("`adw retry ID --pinned` lets it go on by the adw.toml that it went by before")
            }
            ("stale_version", _) => Some("`adw show ID` says how it stands now"),
            _ if self.status == 404 => Some("`adw ls` lists what there is"),
            _ => None,
        }
    }

    fn in_words(&self) -> String {
        self.in_commands().unwrap_or_else(|| self.in_its_own_words())
    }

    /// What only those who send requests could make sense of.
    fn in_commands(&self) -> Option<String> {
        let member = |name| self.detail_member(name);
        match self.code.as_str() {
            "workflow_not_found" => Some(format!("there is no workflow {}", member("adw_id")?)),
            "configuration_unfit" => member("reason").map(str::to_owned),
            "stale_version" => Some("the workflow has changed since it was looked at".to_owned()),
            "illegal_move" => match (member("from")?, member("to")?) {
                ("failed", "cancelled") => Some(
                    "a workflow that has failed can't be cancelled: nothing of it is under way".to_owned(),
                ),
                (from, "pending") => {
                    Some(format!("a workflow that is {from} can't be retried: only one that has failed can"))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn in_its_own_words(&self) -> String {
        let what = self.detail.as_deref().unwrap_or(&self.title);
        let each: Vec<&str> = self.errors.iter().map(|part| part.detail.as_str()).collect();
        if each.len() > 1 && each.join("; ") == what {
            return each.join("\n");
        }
        let mut words = match what {
            "" => format!("the server refused with status {}", self.status),
            what => what.to_owned(),
        };
        for part in self.errors.iter().filter(|part| part.detail != what) {
            words.push_str("\n  ");
            let name = part.pointer.trim_start_matches(['/', '?']);
            if !name.is_empty() {
                words.push_str(name);
                words.push_str(": ");
            }
            words.push_str(&part.detail);
        }
        words
    }

    fn detail_member(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn a_problem_is_told_with_its_parts() {
        let body = br#"{"title":"Unprocessable","detail":"the task is not valid","errors":[
            {"pointer":"/title","detail":"is empty"},{"pointer":"","detail":"the task is not valid"}]}"#;
        assert_eq!(Problem::read(422, body).to_string(), "the task is not valid\n  title: is empty");
        let body = br#"{"detail":"no title; no stage","errors":[
            {"pointer":"/title","detail":"no title"},{"pointer":"/stages/0","detail":"no stage"}]}"#;
        assert_eq!(Problem::read(422, body).to_string(), "no title\nno stage");
        assert_eq!(Problem::read(409, br#"{"title":"Conflict"}"#).to_string(), "Conflict");
        assert_eq!(Problem::read(502, b"<html>").to_string(), "the server refused with status 502");
    }
}
