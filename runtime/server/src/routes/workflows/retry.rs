use adw_core::{Command, Retry};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    id::{Id, IdParameter},
    status::stage_of,
    task_response,
};
use crate::{
    app::App,
    body::{Faults, OptionalJsonBody},
    problem::Problem,
    wire::TaskObject,
};

/// Where to go on. The body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "stage": "implement" }))]
pub(super) struct RetryBody {
    /// The stage to begin from: the one that failed, or an earlier one; the one that failed where absent.
    #[schema(value_type = Option<String>)]
    stage: Option<Value>,
}

/// Lets a failed workflow go on.
#[utoipa::path(
    post,
    path = "/api/v1/workflows/{adw_id}/retry",
    operation_id = "retry_workflow",
    tag = "workflows",
    params(IdParameter),
    request_body = Option<RetryBody>,
    responses((status = 202, description = "It waits for a place", body = TaskObject<'_>))
)]
pub(super) async fn retry(
    State(app): State<App>,
    id: Id,
    OptionalJsonBody(body): OptionalJsonBody<RetryBody>,
) -> Result<Response, Problem> {
    let stored = id.find(&app.engine).await?;
    let mut faults = Faults::default();
    let named = faults.parsed("/stage", body.stage);
    faults.into_result(Some(()))?;
    let from = named.map(|name| stage_of(&app.engine, &stored, name));
    let stored = app.engine.command(&id.0, Command::Retry(Retry { from }), None).await?;
    Ok(task_response(StatusCode::ACCEPTED, &stored, &app.engine))
}
