use adw_core::{Command, SetStatus, StageName, Status};
use adw_engine::Engine;
use adw_store::Stored;
use axum::{
    extract::{FromRequest, Request, State},
    http::StatusCode,
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
    body::{Faults, JsonBody},
    precondition::IfMatch,
    problem::Problem,
    wire::{TaskObject, schema},
};

/// What to set; what is absent or null stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "status": "running", "current_stage": "implement" }))]
pub(super) struct StatusBody {
    /// Where the workflow is to stand.
    #[schema(value_type = Option<schema::StatusSchema>)]
    status: Option<Value>,
    /// The stage that it is to be at.
    #[schema(value_type = Option<String>)]
    current_stage: Option<Value>,
    /// A note on what came of it; any JSON.
    result: Option<Value>,
    /// A note on what went wrong.
    #[schema(value_type = Option<String>)]
    error_message: Option<Value>,
}

/// Moves a workflow by hand.
///
/// `running` with a stage goes there: the attempt under way is ended, stages that are passed over are skipped.
/// `completed`, `failed` and `cancelled` end it; `pending` is a retry of one that failed, by the present adw.toml. To set
/// what is so already is fine; any other move answers 409, with the legal ones in `details`. `If-Match` is judged before
/// anything else.
#[utoipa::path(
    put,
    path = "/api/v1/workflows/{adw_id}/status",
    operation_id = "set_workflow_status",
    tag = "workflows",
    params(IdParameter, ("If-Match" = Option<String>, Header, description = "the version that you saw")),
    request_body = StatusBody,
    responses((status = 200, description = "The workflow after it", body = TaskObject<'_>))
)]
pub(super) async fn set_status(
    State(app): State<App>,
    id: Id,
    request: Request,
) -> Result<Response, Problem> {
    let stored = id.find(&app.engine).await?;
    let expected = IfMatch::of(request.headers()).expected(&stored)?;
    let JsonBody(body) = JsonBody::<StatusBody>::from_request(request, &app).await?;
    let mut set = body.check()?;
    set.current_stage = set.current_stage.map(|name| stage_of(&app.engine, &stored, name));
    let stored = app.engine.command(&id.0, Command::SetStatus(set), expected).await?;
    Ok(task_response(StatusCode::OK, &stored, &app.engine))
}

impl StatusBody {
    fn check(self) -> Result<SetStatus, Problem> {
        let mut faults = Faults::default();
        let status = faults.text("/status", self.status).and_then(|word| status(&mut faults, &word));
        let current_stage = faults.parsed("/current_stage", self.current_stage);
        let error_message = faults.text("/error_message", self.error_message);
        if self.result.as_ref().is_some_and(adw_core::is_too_deep) {
            faults.add(
                "/result",
                format!("result may be nested {} deep at the most: flatten it", adw_core::DEEPEST_JSON),
            );
        }
        let set = SetStatus { status, current_stage, result: self.result, error_message };
        let set = faults.into_result(Some(set))?;
        if set == SetStatus::default() {
            return Err(Problem::fault(
                "",
                "set at least one of status, current_stage, result and error_message",
            ));
        }
        Ok(set)
    }
}

fn status(faults: &mut Faults, word: &str) -> Option<Status> {
    let status = Status::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(word));
    if status.is_none() {
        faults.add_choice("/status", word, &Status::ALL.map(Status::as_str));
    }
    status
}

/// The stage that a client means: the workflow's own of that name, else the one that it is an alias of.
pub(super) fn stage_of(engine: &Engine, stored: &Stored, name: StageName) -> StageName {
    if stored.workflow.stage(&name).is_some() {
        return name;
    }
    engine.config().stage_alias(name.as_str()).cloned().unwrap_or(name)
}
