//! Checksums over a workflow's history, each covering the one before it: a changed, missing or exchanged event shows.

use adw_core::Timestamp;
use sha2::{Digest, Sha256};

/// The first half of a sha256: enough to notice damage, and small beside what it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum([u8; Self::LEN]);

impl Checksum {
    const LEN: usize = 16;

    /// What stands before the first event.
    pub(crate) const START: Self = Self([0; Self::LEN]);

    /// The checksum of the event that comes after this one.
    #[must_use]
    pub(crate) fn then(self, seq: u64, at: Timestamp, body: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(self.0)
            .chain_update(seq.to_le_bytes())
            .chain_update(at.as_millis().to_le_bytes())
            .chain_update(body)
            .finalize();
        Self::shortened(&digest)
    }

    /// The checksum of the state that a history with this one at its end gives.
    #[must_use]
    pub(crate) fn of_state(self, state: &[u8]) -> Self {
        Self::shortened(
            &Sha256::new().chain_update(b"state").chain_update(self.0).chain_update(state).finalize(),
        )
    }

    /// As it was stored; none where that isn't a checksum at all.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn shortened(digest: &[u8]) -> Self {
        let mut half = [0; Self::LEN];
        half.copy_from_slice(&digest[..Self::LEN]);
        Self(half)
    }
}
