use adw_core::{Command, Pause};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    id::{Id, IdParameter},
    task_response,
};
use crate::{
    app::App,
    body::{Faults, OptionalJsonBody},
    precondition::IfMatch,
    problem::Problem,
    wire::TaskObject,
};

/// The longest reason, in bytes.
const LONGEST_REASON: usize = 16 << 10;

/// Why. The body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "the budget is being looked at" }))]
pub(super) struct PauseBody {
    /// What `waiting.message` says meanwhile.
    #[schema(value_type = Option<String>)]
    reason: Option<Value>,
}

/// Pauses a workflow: nothing of it goes on until it is resumed.
///
/// The attempt under way is cut off where it is, at no cost, and goes on there afterwards. An agent or a command that is
/// at work meanwhile works on, and its answer is taken then. A question may be answered, and the workflow ended or moved;
/// nothing falls due. To pause a paused one is fine, and changes nothing; one that has ended answers 409.
#[utoipa::path(
    post,
    path = "/api/v1/workflows/{adw_id}/pause",
    operation_id = "pause_workflow",
    tag = "workflows",
    params(IdParameter, ("If-Match" = Option<String>, Header, description = "the version that you saw")),
    request_body = Option<PauseBody>,
    responses((status = 202, description = "It is paused: no call of it begins any more", body = TaskObject<'_>))
)]
pub(super) async fn pause(
    State(app): State<App>,
    id: Id,
    headers: HeaderMap,
    OptionalJsonBody(body): OptionalJsonBody<PauseBody>,
) -> Result<Response, Problem> {
    let expected = IfMatch::of(&headers).expected(&id.find(&app.engine).await?)?;
    let stored = app.engine.command(&id.0, Command::Pause(body.check()?), expected).await?;
    Ok(task_response(StatusCode::ACCEPTED, &stored, &app.engine))
}

impl PauseBody {
    fn check(self) -> Result<Pause, Problem> {
        let mut faults = Faults::default();
        let reason = faults.text("/reason", self.reason).filter(|reason| !reason.trim().is_empty());
        if reason.as_ref().is_some_and(|reason| reason.len() > LONGEST_REASON) {
            faults.add("/reason", format!("a reason may have {LONGEST_REASON} bytes at the most"));
        }
        faults.into_result(Some(Pause { reason }))
    }
}
