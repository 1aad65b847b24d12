//! Names that come from outside and end up in paths, refs and URLs, so that they are checked once, here.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::quoted;

/// A name that is not of the form its type demands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {} is not valid: {}", quoted(name), self.remedy())]
pub struct InvalidName {
    /// What the name was meant for.
    pub what: &'static str,
    /// The name as it came.
    pub name: String,
    /// The longest that it may be, in characters.
    pub longest: usize,
    /// Whether the form is right but the name is kept for the API itself.
    pub reserved: bool,
}

impl InvalidName {
    fn remedy(&self) -> String {
        if self.reserved {
            return "the word is kept for the API itself; choose another".to_owned();
        }
        format!("use 1 to {} letters (a to z), digits, _ and -, and no - at the start", self.longest)
    }
}

/// The public id of a workflow: `^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$`, and not `create`, which is a route.
///
/// ```
/// use adw_core::AdwId;
/// assert!("adw_bug_1760000000_1a2b3c4d".parse::<AdwId>().is_ok());
/// assert!("../etc".parse::<AdwId>().is_err());
/// assert!("create".parse::<AdwId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AdwId(String);

/// The name of a stage in adw.toml: `^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StageName(String);

fn well_formed(name: &str, longest: usize) -> bool {
    name.len() <= longest
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl AdwId {
    /// The longest id, in bytes.
    pub const MAX_LEN: usize = 100;

    fn check(name: &str) -> Result<(), InvalidName> {
        let reserved = name == "create";
        if well_formed(name, Self::MAX_LEN) && !reserved {
            return Ok(());
        }
        Err(InvalidName { what: "adw_id", name: name.to_owned(), longest: Self::MAX_LEN, reserved })
    }
}

impl StageName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 64;

    fn check(name: &str) -> Result<(), InvalidName> {
        if well_formed(name, Self::MAX_LEN) {
            return Ok(());
        }
        Err(InvalidName {
            what: "stage name",
            name: name.to_owned(),
            longest: Self::MAX_LEN,
            reserved: false,
        })
    }
}

macro_rules! name {
    ($name:ident) => {
        impl $name {
            /// The name itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(name: &str) -> Result<Self, InvalidName> {
                Self::check(name)?;
                Ok(Self(name.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(name: String) -> Result<Self, InvalidName> {
                Self::check(&name)?;
                Ok(Self(name))
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }
        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

name!(AdwId);
name!(StageName);
