//! Plugins that misbehave, as any author could write and build them.

/// `tests/guests/hostile`: its configuration says what it does.
pub const HOSTILE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile.wasm"));

/// `tests/guests/onlooker`: it may change nothing, and takes the steps of its configuration.
pub const ONLOOKER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/onlooker.wasm"));

/// `tests/guests/player`: it plays the part that its task's description gives it.
pub const PLAYER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/player.wasm"));
