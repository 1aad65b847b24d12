use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::id::{Id, IdParameter};
use crate::{
    app::App,
    problem::Problem,
    wire::{Items, StageRun},
};

/// The stages of a workflow, in order, and how each went.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/stages",
    operation_id = "list_stages",
    tag = "workflows",
    params(IdParameter),
    responses((status = 200, description = "The stages", body = Items<StageRun<'_>>))
)]
pub(super) async fn stages(State(app): State<App>, id: Id) -> Result<Response, Problem> {
    let stored = id.find(&app.engine).await?;
    Ok(Json(Items { items: StageRun::all(&stored.workflow), next_cursor: None }).into_response())
}
