//! `/ws/workflows/{adw_id}`: one workflow, live.
//!
//! [`follow`] makes the sequence of messages that a connection gets, without a gap and without a repeat;
//! [`messages`] gives each its words; [`socket`] is the connection, with its heartbeat and its limits.

mod follow;
mod inbound;
mod messages;
mod socket;
mod upgrade;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upgrade::upgrade))
}
