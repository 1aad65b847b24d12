//! What every message is wrapped in.

use std::sync::Arc;

use adw_core::{AdwId, Recorded, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::message_type;

/// A message as it goes out.
#[derive(Serialize)]
pub(super) struct Message<'a, D> {
    pub(super) r#type: &'a str,
    pub(super) event: &'a str,
    /// The topic that it belongs to, where a connection may carry several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) adw_id: Option<&'a str>,
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    pub(super) words: Option<&'a str>,
    pub(super) data: D,
    pub(super) timestamp: Timestamp,
    pub(super) epoch: Uuid,
    /// Absent rather than null where there is none: clients compare it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<u64>,
}

impl<'a, D> Message<'a, D> {
    /// Tells of an event.
    pub(super) fn of_event(recorded: &'a Recorded, data: D, epoch: Uuid) -> Self {
        Self {
            r#type: message_type(&recorded.event),
            event: recorded.event.kind().as_str(),
            topic: None,
            adw_id: None,
            words: None,
            data,
            timestamp: recorded.at,
            epoch,
            #[cfg(not(feature = "failure-points"))]
            seq: Some(recorded.seq),
            #[cfg(feature = "failure-points")]
            seq: Some(adw_engine::Sabotage::told_as(recorded.seq)),
        }
    }

    /// Says something that is no event.
    pub(super) fn now(name: &'a str, data: D, epoch: Uuid) -> Self {
        Self {
            r#type: name,
            event: name,
            topic: None,
            adw_id: None,
            words: None,
            data,
            timestamp: Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()),
            epoch,
            seq: None,
        }
    }

    pub(super) fn about(self, adw_id: &'a AdwId) -> Self {
        Self { adw_id: Some(adw_id.as_str()), ..self }
    }
}

impl<D: Serialize> Message<'_, D> {
    pub(super) fn write(&self) -> Arc<str> {
        // Strings, numbers and JSON values: it can't fail.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}
