//! Chance that a failure can be told by.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Numbers from a seed, which a failing test should show.
#[derive(Debug)]
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// Others each time.
    pub fn new() -> Self {
        // Zero would stay zero.
        let seed = RandomState::new().build_hasher().finish() | 1;
        Self { seed, state: seed }
    }

    /// What all of its numbers follow from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// One of `0..end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }
}
