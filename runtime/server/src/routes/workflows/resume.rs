use adw_core::{Command, Resume};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    id::{Id, IdParameter},
    task_response,
};
use crate::{app::App, precondition::IfMatch, problem::Problem, wire::TaskObject};

/// Lets a paused workflow go on where it was.
///
/// To resume one that isn't paused is fine, and changes nothing; one that has ended answers 409.
#[utoipa::path(
    post,
    path = "/api/v1/workflows/{adw_id}/resume",
    operation_id = "resume_workflow",
    tag = "workflows",
    params(IdParameter, ("If-Match" = Option<String>, Header, description = "the version that you saw")),
    responses((status = 202, description = "It goes on as soon as it has a place", body = TaskObject<'_>))
)]
pub(super) async fn resume(State(app): State<App>, id: Id, headers: HeaderMap) -> Result<Response, Problem> {
    let expected = IfMatch::of(&headers).expected(&id.find(&app.engine).await?)?;
    let stored = app.engine.command(&id.0, Command::Resume(Resume), expected).await?;
    Ok(task_response(StatusCode::ACCEPTED, &stored, &app.engine))
}
