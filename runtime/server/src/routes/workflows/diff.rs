use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::id::{Id, IdParameter};
use crate::{app::App, problem::Problem};

/// What the workflow changed, as a unified diff against the commit that it began from; empty where no stage touched
/// the repository. Where the branch was deleted, and what adw keeps beside it, that is 410.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/diff",
    operation_id = "get_diff",
    tag = "workflows",
    params(IdParameter),
    responses((status = 200, description = "The diff", body = String, content_type = "text/plain"))
)]
pub(super) async fn diff(State(app): State<App>, id: Id) -> Result<Response, Problem> {
    let diff = app.engine.diff(&id.0).await?;
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, diff).into_response())
}
