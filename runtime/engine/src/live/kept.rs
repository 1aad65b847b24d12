//! What a workflow may keep: fuel and memory bound a stage while it runs, and this what it leaves behind.

use adw_host::CallError;
use adw_store::{Artifact, ValuesKept};

/// Of small values, over all stages of a workflow.
const VALUES: u64 = 1_000;
const VALUE_BYTES: u64 = 16 << 20;
/// Of artifacts, likewise.
const ARTIFACTS: u64 = 1_000;
const ARTIFACT_BYTES: u64 = 256 << 20;

/// Whether one value more may be kept, or another in the place of one.
pub(super) fn room_for_value(
    kept: ValuesKept,
    key: &str,
    before: Option<&[u8]>,
    value: &[u8],
) -> Result<(), CallError> {
    let size = |value: &[u8]| (key.len() + value.len()) as u64;
    let (replaced, bytes) = before.map_or((0, 0), |before| (1, size(before)));
    room(
        "values of `state`",
        Amount {
            number: kept.values + 1 - replaced,
            bytes: (kept.bytes + size(value)).saturating_sub(bytes),
        },
        Amount { number: VALUES, bytes: VALUE_BYTES },
        "keep less, or what is large as artifacts",
    )
}

/// Whether one artifact more may be kept, or another in the place of one.
pub(super) fn room_for_artifact(kept: &[Artifact], name: &str, size: u64) -> Result<(), CallError> {
    let others = || kept.iter().filter(|artifact| artifact.name != name);
    room(
        "artifacts",
        Amount {
            number: others().count() as u64 + 1,
            bytes: others().map(|artifact| artifact.size).sum::<u64>() + size,
        },
        Amount { number: ARTIFACTS, bytes: ARTIFACT_BYTES },
        "keep fewer or smaller ones",
    )
}

#[derive(Clone, Copy)]
struct Amount {
    number: u64,
    bytes: u64,
}

fn room(what: &str, wanted: Amount, most: Amount, remedy: &str) -> Result<(), CallError> {
    if wanted.number <= most.number && wanted.bytes <= most.bytes {
        return Ok(());
    }
    Err(CallError::Invalid(format!(
        "a workflow keeps at most {} {what} of {} MiB together, and this would make {} of {} bytes; no setting raises that: {remedy}",
        most.number,
        most.bytes >> 20,
        wanted.number,
        wanted.bytes
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use adw_core::Timestamp;
    use adw_store::{Artifact, ValuesKept};

    use super::{room_for_artifact, room_for_value};

    #[test]
    fn state_is_bounded_in_number_and_in_bytes_and_what_is_replaced_makes_room() {
        let full = ValuesKept { values: 1_000, bytes: 1_000 };
        assert!(room_for_value(full, "k", None, b"v").is_err());
        assert!(room_for_value(full, "k", Some(b"v"), b"w").is_ok());
        let heavy = ValuesKept { values: 300, bytes: (16 << 20) - 2 };
        assert!(room_for_value(heavy, "k", None, b"v").is_ok());
        assert!(room_for_value(heavy, "k", None, b"vv").is_err());
        assert!(room_for_value(heavy, "k", Some(b"old"), b"fresh").is_ok());
    }

    #[test]
    fn artifacts_are_bounded_in_number_and_in_bytes_and_what_is_replaced_makes_room() {
        let artifact = |name: &str, size| Artifact {
            name: name.to_owned(),
            media_type: "text/plain".to_owned(),
            sha256: String::new(),
            size,
            stage: "plan".parse().unwrap(),
            at: Timestamp::from_millis(0),
        };
        let many: Vec<_> = (0..1_000).map(|number| artifact(&number.to_string(), 1)).collect();
        assert!(room_for_artifact(&many, "new", 1).is_err());
        assert!(room_for_artifact(&many, "7", 1).is_ok());
        let heavy = [artifact("heavy", 256 << 20)];
        assert!(room_for_artifact(&heavy, "light", 1).is_err());
        assert!(room_for_artifact(&heavy, "heavy", 256 << 20).is_ok());
    }
}
