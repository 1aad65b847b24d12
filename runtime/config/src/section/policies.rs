//! `[stages.NAME.retry]` and `[stages.NAME.limits]`.

use adw_core::{Limits, RetryPolicy};

use crate::{
    form::{BACKOFF, DURATION, Form, SIZE, Wrong, millis},
    reader::{Keys, Table},
};

pub(super) const RETRY_KEYS: &[&str] = &["attempts", "backoff", "on"];
pub(super) const LIMITS_KEYS: &[&str] = &["memory", "cpu"];

/// One page of WebAssembly memory to all that 32 bits can address.
const MEMORY: std::ops::RangeInclusive<u64> = (64 << 10)..=(4 << 30);

/// Plugins may name classes of their own, so only the form is checked.
const CLASS: Form<String> = Form {
    expected: "a class of failure, such as \"unavailable\" or \"rate_limit\"",
    read: |text| {
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        fits.then(|| text.to_owned()).ok_or_else(|| {
            Wrong::new(format!("{text:?} is not a class of failure"))
                .help("such as \"unavailable\", \"network\", \"rate_limit\" or \"timeout\"")
        })
    },
};

pub(super) fn retry(stage: &Table<'_>) -> RetryPolicy {
    let table = stage.section("retry", &Keys::flat(RETRY_KEYS));
    let default = RetryPolicy::default();
    let attempts = table.get("attempts").and_then(|entry| entry.integer(&(1..=100)));
    RetryPolicy {
        attempts: attempts.and_then(|number| u32::try_from(number).ok()).unwrap_or(default.attempts),
        backoff: table.read("backoff", &BACKOFF).unwrap_or(default.backoff),
        on: table
            .get("on")
            .and_then(|entry| {
                entry.list_of("a list of classes of failure, such as [\"unavailable\"]", &CLASS)
            })
            .unwrap_or(default.on),
    }
}

pub(super) fn limits(stage: &Table<'_>) -> Limits {
    let table = stage.section("limits", &Keys::flat(LIMITS_KEYS));
    let default = Limits::default();
    let memory = table.get("memory").and_then(|entry| {
        let bytes = entry.read(&SIZE)?;
        if !MEMORY.contains(&bytes) {
            entry.fail(Wrong::new("a plugin's memory is between 64KiB and 4GiB"));
        }
        Some(bytes)
    });
    Limits {
        memory_bytes: memory.unwrap_or(default.memory_bytes),
        cpu_ms: table.read("cpu", &DURATION).map_or(default.cpu_ms, millis),
    }
}
