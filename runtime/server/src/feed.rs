//! `/ws/workflows/{adw_id}`: one workflow, live. `/ws/events`: many topics over one connection, of which [`board`] is
//! there: all workflows.
//!
//! [`follow`] and [`board`] make the sequence of messages that a connection gets, without a gap and without a repeat;
//! [`messages`] gives each its words; [`socket`] is the connection, with its heartbeat and its limits.

mod board;
mod follow;
mod inbound;
mod messages;
mod socket;
mod topics;
mod upgrade;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upgrade::upgrade)).routes(routes!(upgrade::events))
}
