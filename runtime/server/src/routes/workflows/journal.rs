use adw_core::{StageName, Timestamp, Workflow};
use adw_engine::{Engine, RecordedCall};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::id::{Id, IdParameter};
use crate::{app::App, body::Faults, problem::Problem, query::Parameters, wire::Items};

/// Which calls are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct JournalQuery {
    /// Of this stage; where absent, of the one that is at work, or was last.
    stage: Option<String>,
    /// Of this attempt; where absent, of the newest.
    #[param(value_type = Option<u32>, minimum = 1)]
    attempt: Option<String>,
    /// Those with a greater number; all where absent.
    #[param(value_type = Option<u32>)]
    after: Option<String>,
    /// How many at the most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 50, default = 20)]
    limit: Option<String>,
}

/// A call that an attempt of a stage made: what was asked and what it brought. Bytes (contents of files, what a program
/// reads and writes, values of `state`, artifacts) are in base64. Texts longer than 4,000 characters are cut, with a mark.
#[derive(Serialize, ToSchema)]
#[schema(as = Call)]
pub(super) struct CallObject<'a> {
    /// The stage.
    #[schema(value_type = String)]
    stage: &'a StageName,
    /// Its attempt.
    attempt: u32,
    /// The call's number in the attempt. Log lines and progress count too, and are not recorded.
    n: u32,
    /// What was called, such as `agent.run`; null where the record can't be read.
    call: Option<&'static str>,
    /// What was asked.
    request: Value,
    /// `answered`; `waiting` for something outside; `in_doubt`: it is under way, or was when the server ended.
    state: &'static str,
    /// When an effect was about to start; null for a read and for a call that was refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    asked_at: Option<Timestamp>,
    /// Since when it waits, or waited.
    #[schema(value_type = Option<String>, format = DateTime)]
    parked_at: Option<Timestamp>,
    /// When its answer was written down; that of a read with the next effect.
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    /// What it brought; null where it brought nothing.
    answer: Option<Value>,
    /// Why it brought nothing.
    error: Option<String>,
}

impl<'a> CallObject<'a> {
    fn new(stage: &'a StageName, attempt: u32, call: RecordedCall) -> Self {
        let standing = match (call.answered_at, call.parked_at) {
            (Some(_), _) => "answered",
            (None, Some(_)) => "waiting",
            (None, None) => "in_doubt",
        };
        let RecordedCall { n, name, request, asked_at, parked_at, answered_at, answer, error } = call;
        Self {
            stage,
            attempt,
            n,
            call: name,
            request,
            state: standing,
            asked_at,
            parked_at,
            answered_at,
            answer,
            error,
        }
    }
}

/// The calls that an attempt of a stage made, in order: the record by which it goes on after a crash.
///
/// `next_cursor` is the `after` to read on with.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/journal",
    operation_id = "list_calls",
    tag = "workflows",
    params(IdParameter, JournalQuery),
    responses((status = 200, description = "A part of the calls", body = Items<CallObject<'_>>))
)]
pub(super) async fn journal(
    State(app): State<App>,
    id: Id,
    Parameters(query): Parameters<JournalQuery>,
) -> Result<Response, Problem> {
    let mut faults = Faults::default();
    let stage: Option<StageName> = faults.parameter("?stage", query.stage);
    let attempt = faults.number("?attempt", query.attempt, 1, u64::from(u32::MAX));
    let after = faults.number("?after", query.after, 0, u64::from(u32::MAX)).unwrap_or(0);
    let limit = faults.number("?limit", query.limit, 1, 50).unwrap_or(20);
    faults.into_result(Some(()))?;
    let workflow = id.find(&app.engine).await?.workflow;
    let Some((stage, attempt)) = meant(&app.engine, &workflow, stage, attempt) else {
        return Ok(Json(Items::<CallObject<'_>> { items: Vec::new(), next_cursor: None }).into_response());
    };
    let page = app.engine.record(&id.0, &stage, attempt, small(after), small(limit)).await?;
    let next_cursor = page.calls.last().filter(|_| page.more).map(|last| last.n.to_string());
    let items = page.calls.into_iter().map(|call| CallObject::new(&stage, attempt, call)).collect();
    Ok(Json(Items { items, next_cursor }).into_response())
}

/// The attempt that a client means; none where no stage was named and none has begun.
pub(super) fn meant(
    engine: &Engine,
    workflow: &Workflow,
    stage: Option<StageName>,
    attempt: Option<u64>,
) -> Option<(StageName, u32)> {
    let canonical = |name: StageName| engine.config().stage_alias(name.as_str()).cloned().unwrap_or(name);
    let stage = stage.map(canonical).or_else(|| last(workflow).cloned())?;
    let newest = workflow.newest_attempt(&stage);
    Some((stage, attempt.map_or(newest, small)))
}

/// The stage that is at work, or was last.
fn last(workflow: &Workflow) -> Option<&StageName> {
    let begun = workflow.stages.iter().rev().find(|stage| stage.attempt > 0);
    workflow.current_stage().or_else(|| begun.map(|stage| &stage.name))
}

/// Its bounds were checked.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
