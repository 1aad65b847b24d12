//! Randomness, as the journal has it.

use crate::capability::handle;
use crate::imports::random;
use crate::{Error, Result};

handle! {
    /// Randomness, as the journal has it. Crates that call `getrandom` find no source of their own in a plugin.
    Random
}

impl Random<'_> {
    /// Random bytes, at most 64 KiB a call.
    pub fn bytes(self, length: u32) -> Result<Vec<u8>> {
        random::bytes(length).map_err(Error::from)
    }

    /// A random number, to seed a generator of your own.
    pub fn number(self) -> Result<u64> {
        let bytes = self.bytes(8)?;
        let bytes = bytes.as_slice().try_into();
        bytes
            .map(u64::from_le_bytes)
            .map_err(|_| Error::Invalid("the host gave another number of bytes".to_owned()))
    }
}
