//! `random`: random bytes, as the journal has them.

use serde::{Deserialize, Serialize};

use super::bounds::{self, KIB};
use crate::bindings::adw::stage::random as bindings;
use crate::call;
use crate::guest::{Guest, Refused};

/// How many bytes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// At most 64 KiB.
    pub length: u32,
}

const LENGTH: usize = 64 * KIB;

impl bindings::Host for Guest {
    async fn bytes(&mut self, length: u32) -> Result<Vec<u8>, Refused> {
        let wanted = length as usize;
        bounds::at_most("the number of bytes", wanted, LENGTH)?;
        self.ask(call::Call::Random(Request { length }), |reply| match reply {
            call::Reply::Random(bytes) => (bytes.0.len() == wanted).then_some(bytes.0),
            _ => None,
        })
        .await
    }
}
