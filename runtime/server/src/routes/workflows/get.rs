use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    id::{Id, IdParameter},
    task_response,
};
use crate::{app::App, problem::Problem, wire::TaskObject};

/// A workflow as it stands.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}",
    operation_id = "get_workflow",
    tag = "workflows",
    params(IdParameter),
    responses((
        status = 200,
        description = "The workflow",
        body = TaskObject<'_>,
        headers(("ETag" = String, description = "its version"))
    ))
)]
pub(super) async fn get(State(app): State<App>, id: Id) -> Result<Response, Problem> {
    Ok(task_response(StatusCode::OK, &id.find(&app.engine).await?, &app.engine))
}
