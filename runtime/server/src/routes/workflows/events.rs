use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::id::{Id, IdParameter};
use crate::{
    app::App,
    body::Faults,
    problem::Problem,
    query::Parameters,
    wire::{EventObject, Items},
};

/// Which events are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Those with a greater `seq`; all where absent.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
    /// How many at the most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
}

/// The events of a workflow, in order: its whole history, or what came after a `seq`.
///
/// `next_cursor` is the `after` to read on with.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/events",
    operation_id = "list_events",
    tag = "workflows",
    params(IdParameter, EventsQuery),
    responses((status = 200, description = "A part of the events", body = Items<EventObject<'_>>))
)]
pub(super) async fn events(
    State(app): State<App>,
    id: Id,
    Parameters(query): Parameters<EventsQuery>,
) -> Result<Response, Problem> {
    let mut faults = Faults::default();
    let after = faults.number("?after", query.after, 0, i64::MAX as u64).unwrap_or(0);
    let limit = faults.number("?limit", query.limit, 1, 200).unwrap_or(100);
    faults.into_result(Some(()))?;
    // One more than asked for tells whether there are more.
    let fetch = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut events = app.engine.events(&id.0, after, fetch).await?;
    if events.is_empty() {
        id.find(&app.engine).await?;
    }
    let more = events.len() as u64 > limit;
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = events.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(Json(Items { items: events.iter().map(EventObject::new).collect(), next_cursor }).into_response())
}
