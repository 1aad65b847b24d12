//! Names of git objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::WorkspaceError;

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id in lower-case hex, 40 digits for SHA-1 and 64 for SHA-256.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = WorkspaceError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if matches!(text.len(), 40 | 64) && is_hex(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(WorkspaceError::InvalidId { id: text.to_owned() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = WorkspaceError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

object_id! {
    /// A commit, by its full id.
    CommitId
}

object_id! {
    /// A tree, by its full id.
    TreeId
}

/// Whether the text is lower-case hex.
pub(crate) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A workflow's id as it names a folder and a ref: letters, digits, `-`, `_` and `.`, within git's rules for refs.
pub(crate) fn check_adw_id(adw_id: &str) -> Result<(), WorkspaceError> {
    let fits = (1..=128).contains(&adw_id.len())
        && adw_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !adw_id.starts_with(['-', '.'])
        && !adw_id.ends_with('.')
        && !adw_id.contains("..")
        && !adw_id.to_ascii_lowercase().ends_with(".lock");
    if fits { Ok(()) } else { Err(WorkspaceError::InvalidAdwId { adw_id: adw_id.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adw_id_names_a_folder_and_a_ref() {
        for good in ["test", "a1b2c3d4", "adw-1_x.y", "0"] {
            assert!(check_adw_id(good).is_ok(), "{good}");
        }
        for bad in
            ["", ".", "..", "a/b", "-x", ".x", "x.", "a..b", "x.lock", "ä", "a b", "a\0", &"x".repeat(129)]
        {
            assert!(check_adw_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_object_id_is_forty_or_sixty_four_hex_digits() {
        assert!("a".repeat(40).parse::<CommitId>().is_ok());
        assert!("0".repeat(64).parse::<TreeId>().is_ok());
        assert!("a".repeat(39).parse::<CommitId>().is_err());
        assert!("G".repeat(40).parse::<CommitId>().is_err());
        assert!("main".parse::<CommitId>().is_err());
    }
}
