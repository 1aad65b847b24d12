//! Lines and progress for the person who watches.

use std::fmt::Display;

use crate::capability::handle;
use crate::imports::log::{self, Level};

handle! {
    /// Lines for the person who watches: at most 8 KiB each and 1 MiB an attempt; what is over is cut.
    Log
}

impl Log<'_> {
    /// What only somebody who looks for a fault wants to see.
    pub fn debug(self, message: impl Display) {
        log::write(Level::Debug, &message.to_string());
    }

    /// What the stage does.
    pub fn info(self, message: impl Display) {
        log::write(Level::Info, &message.to_string());
    }

    /// What is odd, and didn't stop it.
    pub fn warn(self, message: impl Display) {
        log::write(Level::Warn, &message.to_string());
    }

    /// What is wrong.
    pub fn error(self, message: impl Display) {
        log::write(Level::Error, &message.to_string());
    }

    /// How far this stage is, 0 to 100.
    pub fn progress(self, percent: u8, message: impl Display) {
        log::progress(percent.min(100), &message.to_string());
    }
}
