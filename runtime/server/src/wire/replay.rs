//! What came of a replay, as clients see it.

use adw_core::{AdwId, Event, PluginPin, StageName};
use adw_engine::{Difference, Replay, Request};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An attempt, once more over the record of its calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayObject {
    #[schema(value_type = String)]
    adw_id: AdwId,
    #[schema(value_type = String)]
    stage: StageName,
    attempt: u32,
    /// The plugin that made the record.
    recorded_by: PluginObject,
    /// The one that ran now.
    plugin: PluginObject,
    /// How many calls are on record.
    calls: u32,
    /// How long it took, in milliseconds.
    took_ms: f64,
    /// Whether all was as it is on record.
    same: bool,
    /// How it ended now, as the event that would tell of it; null where it was stopped, at a call that is not on record.
    #[schema(required, value_type = Option<Object>)]
    end: Option<Event>,
    /// The first call that was different: null on the one side where only the other has it.
    #[schema(required)]
    call: Option<DifferentCall>,
    /// The ends, where those are what was different.
    #[schema(required)]
    ends: Option<DifferentEnds>,
}

/// The plugin of a stage.
#[derive(Serialize, ToSchema)]
#[schema(as = Plugin)]
pub(crate) struct PluginObject {
    name: String,
    version: String,
    sha256: String,
}

/// A call that was different.
#[derive(Serialize, ToSchema)]
pub(crate) struct DifferentCall {
    /// Its number in the attempt.
    n: u32,
    /// The one on record.
    #[schema(required)]
    recorded: Option<RequestObject>,
    /// The one that the plugin makes now.
    #[schema(required)]
    now: Option<RequestObject>,
}

/// A call's request. Texts longer than 4,000 characters are cut, with a mark.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(crate) struct RequestObject {
    /// What is called, such as `agent.run`; null where the record can't be read.
    call: Option<&'static str>,
    /// What is asked.
    request: Value,
}

/// Ends that were different, as the events that tell of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct DifferentEnds {
    #[schema(value_type = Object)]
    recorded: Box<Event>,
    #[schema(value_type = Object)]
    now: Box<Event>,
}

impl ReplayObject {
    pub(crate) fn new(adw_id: AdwId, stage: StageName, attempt: u32, replay: Replay) -> Self {
        let same = replay.difference.is_none();
        let (call, ends) = match replay.difference {
            Some(Difference::Call { n, recorded, now }) => {
                let (recorded, now) = (recorded.map(RequestObject::from), now.map(RequestObject::from));
                (Some(DifferentCall { n, recorded, now }), None)
            }
            Some(Difference::End { recorded, now }) => (None, Some(DifferentEnds { recorded, now })),
            None => (None, None),
        };
        Self {
            adw_id,
            stage,
            attempt,
            recorded_by: replay.recorded_by.into(),
            plugin: replay.plugin.into(),
            calls: replay.calls,
            took_ms: replay.took.as_secs_f64() * 1000.0,
            same,
            end: replay.end,
            call,
            ends,
        }
    }
}

impl From<PluginPin> for PluginObject {
    fn from(pin: PluginPin) -> Self {
        let PluginPin { name, version, sha256 } = pin;
        Self { name, version: version.to_string(), sha256 }
    }
}

impl From<Request> for RequestObject {
    fn from(Request { name, request }: Request) -> Self {
        Self { call: name, request }
    }
}
