//! `random`: random bytes, as the journal has them.

use serde::{Deserialize, Serialize};

/// How many bytes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// At most 64 KiB.
    pub length: u32,
}
