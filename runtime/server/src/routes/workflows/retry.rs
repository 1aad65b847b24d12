use adw_core::{Command, Retry, RetryBy};
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
    wire::{TaskObject, schema},
};

/// Where to go on, and by what. The body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "stage": "implement" }))]
pub(super) struct RetryBody {
    /// The stage to begin from: the one that failed, or an earlier one; the one that failed where absent.
    #[schema(value_type = Option<String>)]
    stage: Option<Value>,
    /// What it goes by: `present`, what adw.toml says now; `pinned`, what it went by before. `present` where absent.
    #[schema(value_type = Option<schema::RetryBySchema>)]
    configuration: Option<Value>,
}

/// Lets a failed workflow go on.
///
/// It goes by the present adw.toml, whose pipeline has to begin with the stages that are done and not to be done again; where
/// it doesn't, the answer is 409 `configuration_unfit`. What differs from before is in `reconfigured` of the answer.
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
    let by = by(&mut faults, body.configuration);
    faults.into_result(Some(()))?;
    let from = named.map(|name| stage_of(&app.engine, &stored, name));
    let stored = app.engine.command(&id.0, Command::Retry(Retry { from, by }), None).await?;
    Ok(task_response(StatusCode::ACCEPTED, &stored, &app.engine))
}

/// What was chosen, of [`RetryBody::configuration`].
fn by(faults: &mut Faults, chosen: Option<Value>) -> RetryBy {
    match faults.word("/configuration", chosen).as_deref() {
        None | Some("present") => RetryBy::Present,
        Some("pinned") => RetryBy::Pinned,
        Some(other) => {
            faults.add_choice("/configuration", other, &["present", "pinned"]);
            RetryBy::default()
        }
    }
}
