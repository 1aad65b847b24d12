//! Chance that a failure can be told by.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Numbers from a seed, which a failing test should show.
#[derive(Debug)]
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// Others each time; the same where ADW_SEED says so.
    pub fn new() -> Self {
        let asked = std::env::var("ADW_SEED").map(|seed| seed.parse().expect("ADW_SEED is a number"));
        Self::of(asked.unwrap_or_else(|_| RandomState::new().build_hasher().finish()))
    }

    const fn of(seed: u64) -> Self {
        // Zero would stay zero.
        let seed = seed | 1;
        Self { seed, state: seed }
    }

    /// Numbers for somebody else, which follow from these.
    pub const fn branch(&mut self) -> Self {
        self.next();
        Self::of(self.state)
    }

    /// What all of its numbers follow from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// One of `0..end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.next();
        self.state % end
    }

    const fn next(&mut self) {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
    }
}
