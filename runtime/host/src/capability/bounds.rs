//! Bounds on what crosses the border. Passing one is an error to the guest, and no call is made.

use serde_json::Value;

use crate::call::CallError;

pub(super) const KIB: usize = 1 << 10;
pub(super) const MIB: usize = 1 << 20;

/// A path may be this long.
const PATH: usize = 4 * KIB;
/// A revision this.
const REVISION: usize = 256;
/// And a JSON Schema this.
const SCHEMA: usize = 64 * KIB;

/// Holds a length to its bound.
pub(super) fn at_most(what: &str, length: usize, bound: usize) -> Result<(), CallError> {
    if length <= bound {
        return Ok(());
    }
    Err(CallError::Invalid(format!("{what}: {length} is more than the {bound} that a call may pass")))
}

/// A text that something has to be named by: not empty, of one line, within its bound.
pub(super) fn name(what: &str, text: &str, bound: usize) -> Result<(), CallError> {
    at_most(what, text.len(), bound)?;
    if text.is_empty() {
        return Err(CallError::Invalid(format!("{what} is empty")));
    }
    if text.chars().any(char::is_control) {
        return Err(CallError::Invalid(format!("{what} holds a control character")));
    }
    Ok(())
}

/// A path that stays beneath the worktree and out of git's own files.
pub(super) fn path(what: &str, path: &str) -> Result<(), CallError> {
    name(what, path, PATH)?;
    let wrong = |reason: &str| {
        let remedy = "give a path within the workspace, relative, with `/`";
        Err(CallError::Invalid(format!("{what} `{path}`: {reason}; {remedy}")))
    };
    if path.starts_with('/') {
        return wrong("it is absolute");
    }
    if path.contains('\\') {
        return wrong("it holds a `\\`");
    }
    for segment in path.split('/') {
        match segment {
            ".." => return wrong("`..` leads out of the workspace"),
            "" => return wrong("a folder's name is empty"),
            git if git.eq_ignore_ascii_case(".git") => return wrong("git's own files are out of reach"),
            _ => {}
        }
    }
    Ok(())
}

/// A glob over the worktree. It is matched against paths that stay beneath it, so this only tells who hopes for others.
pub(super) fn pattern(what: &str, pattern: &str, bound: usize) -> Result<(), CallError> {
    name(what, pattern, bound)?;
    if pattern.starts_with('/') || pattern.split('/').any(|segment| segment == "..") {
        return Err(CallError::Invalid(format!(
            "{what} `{pattern}` leads out of the workspace: patterns are relative to it, like `**/*.rs`"
        )));
    }
    Ok(())
}

/// A commit, a checkpoint or a name for one. It may end up as an argument of git, so it must not look like an option.
pub(super) fn revision(what: &str, revision: &str) -> Result<(), CallError> {
    name(what, revision, REVISION)?;
    if revision.starts_with('-') {
        return Err(CallError::Invalid(format!("{what} `{revision}` names no commit")));
    }
    Ok(())
}

/// A JSON Schema.
pub(super) fn schema(text: Option<String>) -> Result<Option<Value>, CallError> {
    let Some(text) = text else { return Ok(None) };
    at_most("the schema's length", text.len(), SCHEMA)?;
    match serde_json::from_str(&text) {
        Ok(schema @ (Value::Object(_) | Value::Bool(_))) => Ok(Some(schema)),
        Ok(_) => Err(CallError::Invalid(
            "the schema is no JSON Schema: an object or a boolean is expected".to_owned(),
        )),
        Err(error) => Err(CallError::Invalid(format!("the schema is no JSON: {error}"))),
    }
}

/// Pairs like headers and environments: how many, and how long together.
pub(super) fn pairs(
    what: &str,
    pairs: &[(String, String)],
    most: usize,
    bytes: usize,
) -> Result<(), CallError> {
    at_most(&format!("the number of {what}"), pairs.len(), most)?;
    at_most(&format!("the length of {what}"), pairs.iter().map(|(k, v)| k.len() + v.len()).sum(), bytes)
}
