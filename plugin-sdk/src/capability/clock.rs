//! Time, as the journal has it.

use std::time::{Duration, SystemTime};

use crate::capability::{handle, milliseconds};
use crate::imports::clock;
use crate::{Error, Result};

handle! {
    /// Time, as the journal has it: a stage that is run again is told what it was told before.
    Clock
}

impl Clock<'_> {
    /// What time it is. (`SystemTime::now()` panics in a plugin: there is no clock but this one.)
    pub fn now(self) -> Result<SystemTime> {
        let since_the_epoch = clock::now().map_err(Error::from)?;
        Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(since_the_epoch))
    }

    /// Waits. One of ten seconds or more costs nothing: the stage gives up its place, is dropped, and run again over its
    /// journal when it is over, also where another server is there by then. It is a part of the stage's `timeout` all the
    /// same.
    pub fn sleep(self, duration: Duration) -> Result<()> {
        clock::sleep(milliseconds(duration)).map_err(Error::from)
    }
}
