use adw_engine::NewAnswer;
use axum::{
    extract::{FromRequest, Request, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Deserializer};
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
    wire::TaskObject,
};

/// An answer to what a workflow waits on.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "answer": "approve", "note": "looks good" }))]
pub(super) struct AnswerBody {
    /// One of `waiting.choices`, what `waiting.schema` asks for, or any JSON value where there is neither.
    #[serde(default, deserialize_with = "given")]
    #[schema(required)]
    answer: Option<Value>,
    /// What there is to say beside it; the reason, where work by hand failed.
    #[schema(value_type = Option<String>)]
    note: Option<Value>,
}

/// Answers the question that a workflow waits on.
///
/// What is asked stands in `waiting`: `kind` is `question` for one of a plugin, `agent_by_hand` for work that a person
/// does in the place of an agent, which is answered with `done` or `failed`; `done` is refused with 409 while nothing has
/// changed in `waiting.worktree`. One with `waiting.default` is answered with that at `waiting.until`, where nobody has by then.
/// A question takes one answer; another one answers 409, and one that doesn't fit 422. With `If-Match` the answer is for the question that you saw, and no later one.
#[utoipa::path(
    post,
    path = "/api/v1/workflows/{adw_id}/answer",
    operation_id = "answer_workflow",
    tag = "workflows",
    params(IdParameter, ("If-Match" = Option<String>, Header, description = "the version that you saw")),
    request_body = AnswerBody,
    responses((status = 202, description = "It goes on with the answer as soon as it has a place", body = TaskObject<'_>))
)]
pub(super) async fn answer(State(app): State<App>, id: Id, request: Request) -> Result<Response, Problem> {
    let stored = id.find(&app.engine).await?;
    let expected = IfMatch::of(request.headers()).expected(&stored)?;
    let JsonBody(body) = JsonBody::<AnswerBody>::from_request(request, &app).await?;
    let stored = app.engine.answer(&id.0, body.check()?, expected).await?;
    Ok(task_response(StatusCode::ACCEPTED, &stored, &app.engine))
}

/// `null` is an answer like any other, and not the same as none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl AnswerBody {
    fn check(self) -> Result<NewAnswer, Problem> {
        let mut faults = Faults::default();
        let note = faults.text("/note", self.note);
        if self.answer.is_none() {
            faults.add("/answer", "answer is missing: give what the workflow's `waiting` asks for");
        }
        faults.into_result(self.answer.map(|answer| NewAnswer { answer, note }))
    }
}
