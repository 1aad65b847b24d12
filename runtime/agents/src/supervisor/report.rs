//! What a supervisor says to whoever started it, once, before it lets go: a line of JSON.

use std::io;

use serde::{Deserialize, Serialize};

use crate::supervisor::exit::OsError;
use crate::supervisor::record::VERSION;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    version: u32,
    pub(crate) news: News,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// It has the try, and runs the program.
    Claimed,
    /// Another one has it.
    Taken,
    /// It can do nothing.
    Unable(OsError),
}

impl Report {
    /// Of a try, and what was claimed of it.
    pub(crate) fn new<T>(claimed: &io::Result<Option<T>>) -> Self {
        let news = match claimed {
            Ok(Some(_)) => News::Claimed,
            Ok(None) => News::Taken,
            Err(error) => News::Unable(OsError::of(error)),
        };
        Self { version: VERSION, news }
    }
}
