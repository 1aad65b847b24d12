//! `ETag` and `If-Match`: a workflow's version as HTTP has it.

use adw_store::Stored;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use crate::problem::{Kind, Problem};

/// The version, as an entity tag.
pub(crate) fn etag(stored: &Stored) -> HeaderValue {
    // Digits in quotes are always a valid header.
    HeaderValue::from_str(&format!("\"{}\"", stored.workflow.seq))
        .unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// What `If-Match` demands of a workflow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing: it is absent, or `*`, and the workflow exists.
    Any,
    /// One of these versions. A tag that was never ours names none, and so fits nothing.
    Versions(Vec<u64>),
}

impl IfMatch {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Self::Any;
        }
        let mut versions = Vec::new();
        for tag in values.flat_map(|value| value.to_str().unwrap_or_default().split(',')) {
            match tag.trim() {
                "*" => return Self::Any,
                tag => versions.extend(version(tag)),
            }
        }
        Self::Versions(versions)
    }

    /// The version that a command must still find, if the workflow fits; 412 if it doesn't.
    pub(crate) fn expected(&self, stored: &Stored) -> Result<Option<u64>, Problem> {
        let actual = stored.workflow.seq;
        match self {
            Self::Any => Ok(None),
            Self::Versions(versions) if versions.contains(&actual) => Ok(Some(actual)),
            Self::Versions(versions) => {
                let detail = format!(
                    "the workflow is at version {actual}, which If-Match doesn't name: read it again, and send \
                     its ETag, as in If-Match: \"{actual}\""
                );
                Err(Problem::new(Kind::StaleVersion, detail)
                    .with_details(json!({ "expected": versions, "actual": actual })))
            }
        }
    }
}

/// The version in a tag; bare digits are understood too. A weak tag is none: `If-Match` compares strongly.
fn version(tag: &str) -> Option<u64> {
    let bare = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn of(value: &str) -> IfMatch {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, value.parse().unwrap());
        IfMatch::of(&headers)
    }

    #[test]
    fn tags_are_read_as_versions() {
        assert_eq!(IfMatch::of(&HeaderMap::new()), IfMatch::Any);
        assert_eq!(of("*"), IfMatch::Any);
        assert_eq!(of("\"7\""), IfMatch::Versions(vec![7]));
        assert_eq!(of("7"), IfMatch::Versions(vec![7]));
        assert_eq!(of("\"6\", \"7\""), IfMatch::Versions(vec![6, 7]));
        for foreign in ["W/\"7\"", "\"abc\"", "", "\"-1\"", "\""] {
            assert_eq!(of(foreign), IfMatch::Versions(vec![]), "{foreign}");
        }
    }
}
