//! How a client waits for a server to come back.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tokio::time::sleep;

/// After so many tries in a row the server counts as unreachable: a minute or two.
pub(crate) const TRIES: u32 = 10;

/// The longest that the first pause may be; it doubles with each try up to the longest of all.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Waits before another try. Anything from nothing to the longest that is due, so that many clients don't come back as
/// one.
pub(crate) async fn pause(tries: u32) {
    let longest = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST);
    let chance = RandomState::new().build_hasher().finish() % 1000;
    sleep(longest / 1000 * u32::try_from(chance).unwrap_or(1000)).await;
}
