use adw_core::StageName;
use adw_engine::{LARGEST_PLUGIN, ReplayError};
use axum::{
    Json,
    extract::{Request, State},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    id::{Id, IdParameter},
    journal::meant,
};
use crate::{
    app::App,
    body::{self, Faults},
    problem::Problem,
    query::Parameters,
    wire::ReplayObject,
};

/// Which attempt is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReplayQuery {
    /// Of this stage; where absent, of the one that is at work, or was last.
    stage: Option<String>,
    /// This attempt; where absent, the newest.
    #[param(value_type = Option<u32>, minimum = 1)]
    attempt: Option<String>,
}

/// Runs the plugin of an attempt once more over the record of its calls, and tells the first difference.
///
/// Nothing else happens: a call is answered from the record, and the first one that isn't there ends it. The body may be
/// another build of the plugin, a .wasm file of 64 MiB at the most, which then runs in the place of the one that made the record.
#[utoipa::path(
    post,
    path = "/api/v1/workflows/{adw_id}/replay",
    operation_id = "replay_attempt",
    tag = "workflows",
    params(IdParameter, ReplayQuery),
    request_body(content = Option<Vec<u8>>, content_type = "application/wasm"),
    responses((status = 200, description = "What came of it", body = ReplayObject))
)]
pub(super) async fn replay(
    State(app): State<App>,
    id: Id,
    Parameters(query): Parameters<ReplayQuery>,
    request: Request,
) -> Result<Json<ReplayObject>, Problem> {
    let mut faults = Faults::default();
    let stage: Option<StageName> = faults.parameter("?stage", query.stage);
    let attempt = faults.number("?attempt", query.attempt, 1, u64::from(u32::MAX));
    faults.into_result(Some(()))?;
    let plugin = body::read(request, LARGEST_PLUGIN).await?;
    let plugin = Some(plugin).filter(|bytes| !bytes.is_empty()).map(Into::into);
    let workflow = id.find(&app.engine).await?.workflow;
    let (stage, attempt) = meant(&app.engine, &workflow, stage, attempt)
        .ok_or_else(|| Problem::fault("?stage", "no stage has begun yet, and so there is no record"))?;
    let replay = app.engine.replay(&id.0, &stage, attempt, plugin).await.map_err(refused)?;
    Ok(Json(ReplayObject::new(id.0, stage, attempt, replay)))
}

fn refused(error: ReplayError) -> Problem {
    match error {
        ReplayError::Workflow(error) => error.into(),
        ReplayError::NoAttempt { .. } => Problem::fault("?attempt", error.to_string()),
        ReplayError::Plugin(_) => Problem::fault("", error.to_string()),
    }
}
