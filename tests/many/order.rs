//! Who starts before whom: the more urgent, then the older.

use serde_json::Value;

use super::burst::Acknowledged;

/// Holds the order of starting against what the client knows. A place is given strictly in order, and only those with a
/// place are under way to their start: so when one starts, fewer than there are places of those that go before it may
/// not have.
pub fn is_kept(tasks: &[Acknowledged], heard: &[Vec<Value>], places: usize) {
    let started: Vec<Option<&str>> = heard.iter().map(|events| start_of(events)).collect();
    for (one, at) in tasks.iter().zip(&started) {
        let Some(at) = at else { continue };
        let passed_over = tasks.iter().zip(&started).filter(|(other, other_at)| {
            goes_before(other, one) && other_at.is_some_and(|other_at| other_at > *at)
        });
        let passed_over: Vec<_> = passed_over.map(|(other, _)| &other.adw_id).collect();
        assert!(passed_over.len() < places, "{} started before {passed_over:?}", one.adw_id);
    }
}

/// When it started; never, where it was cancelled before.
fn start_of(events: &[Value]) -> Option<&str> {
    events.iter().find(|event| event["event"] == "workflow_started")?["timestamp"].as_str()
}

/// Whether it is sure that one goes before the other: of two that were on their way at once, either may be older.
fn goes_before(one: &Acknowledged, other: &Acknowledged) -> bool {
    one.priority > other.priority || (one.priority == other.priority && one.answered < other.sent)
}
