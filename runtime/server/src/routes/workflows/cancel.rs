use adw_core::{Cancel, Command};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::id::{Id, IdParameter};
use crate::{app::App, precondition::IfMatch, problem::Problem};

/// Cancels a workflow.
///
/// Its agents and commands are ended; it stays readable. Cancelling a cancelled one again is fine; one that ended
/// otherwise answers 409.
#[utoipa::path(
    delete,
    path = "/api/v1/workflows/{adw_id}",
    operation_id = "cancel_workflow",
    tag = "workflows",
    params(IdParameter, ("If-Match" = Option<String>, Header, description = "the version that you saw")),
    responses((status = 204, description = "It is cancelled, for good"))
)]
pub(super) async fn cancel(
    State(app): State<App>,
    id: Id,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let expected = IfMatch::of(&headers).expected(&id.find(&app.engine).await?)?;
    app.engine.command(&id.0, Command::Cancel(Cancel::default()), expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
