use std::{fmt, str::FromStr};

use adw_core::{StageName, Workflow};
use adw_engine::{LogPage, LogPosition, LogQuery};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::id::{Id, IdParameter};
use crate::{app::App, body::Faults, problem::Problem, query::Parameters, wire::Items};

/// Which lines are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogsQuery {
    /// Of this stage only.
    stage: Option<String>,
    /// Of this attempt only.
    #[param(value_type = Option<u32>, minimum = 1)]
    attempt: Option<String>,
    /// From this place on in the first attempt that is asked for, in bytes.
    #[param(value_type = Option<u64>)]
    offset: Option<String>,
    /// How many lines at the most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 200)]
    limit: Option<String>,
    /// The `next_cursor` of the page before, with the same `stage` and `attempt`.
    cursor: Option<String>,
}

/// A line that a stage, or a program that it ran, wrote.
#[derive(ToSchema)]
#[schema(as = LogLine)]
#[expect(dead_code, reason = "the engine writes lines itself; this describes them")]
pub(super) struct LogLineObject {
    /// The stage.
    stage: String,
    /// Its attempt.
    attempt: u32,
    /// Where it stands in its attempt's log, in bytes.
    offset: u64,
    /// When it was written.
    #[schema(format = DateTime)]
    at: String,
    /// How much it matters: debug, info, warn, error.
    level: String,
    /// Who wrote it: plugin, exec, agent, runtime.
    source: String,
    /// The line.
    message: String,
}

/// The log lines of a workflow, attempt by attempt.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/logs",
    operation_id = "list_logs",
    tag = "workflows",
    params(IdParameter, LogsQuery),
    responses((status = 200, description = "A part of the lines", body = Items<LogLineObject>))
)]
pub(super) async fn logs(
    State(app): State<App>,
    id: Id,
    Parameters(query): Parameters<LogsQuery>,
) -> Result<Response, Problem> {
    let wanted = Wanted::of(query, &app)?;
    let stored = id.find(&app.engine).await?;
    let LogPage { lines, next } = app.engine.logs(&id.0, wanted.query()).await?;
    let next = next.or_else(|| wanted.following(&stored.workflow));
    let items = lines.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>();
    let items = items.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Json(Items { items, next_cursor: next.map(|next| Cursor(next).to_string()) }).into_response())
}

/// What is asked for, checked.
struct Wanted {
    stage: Option<StageName>,
    attempt: Option<u32>,
    offset: u64,
    limit: usize,
    cursor: Option<Cursor>,
}

impl Wanted {
    fn of(query: LogsQuery, app: &App) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let stage: Option<StageName> = faults.parameter("?stage", query.stage);
        let attempt = faults.number("?attempt", query.attempt, 1, u64::from(u32::MAX));
        let offset = faults.number("?offset", query.offset, 0, i64::MAX as u64).unwrap_or(0);
        let limit = faults.number("?limit", query.limit, 1, 1000).unwrap_or(200);
        let cursor = faults.parameter("?cursor", query.cursor);
        // An alias means its stage here too; a name that is neither has no lines.
        let canonical =
            |name: StageName| app.engine.config().stage_alias(name.as_str()).cloned().unwrap_or(name);
        faults.into_result(Some(Self {
            stage: stage.map(canonical),
            attempt: attempt.and_then(|attempt| u32::try_from(attempt).ok()),
            offset,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            cursor,
        }))
    }

    /// A cursor points into one attempt, which is read to its end before the next one.
    fn query(&self) -> LogQuery {
        match &self.cursor {
            Some(Cursor(at)) => LogQuery {
                stage: Some(at.stage.clone()),
                attempt: Some(at.attempt),
                offset: at.offset,
                limit: self.limit,
            },
            None => LogQuery {
                stage: self.stage.clone(),
                attempt: self.attempt,
                offset: self.offset,
                limit: self.limit,
            },
        }
    }

    /// The attempt after the one that the cursor points into, once that is read to its end.
    fn following(&self, workflow: &Workflow) -> Option<LogPosition> {
        let Cursor(read) = self.cursor.as_ref()?;
        let attempts = workflow
            .every_stage()
            .filter(|stage| self.stage.as_ref().is_none_or(|wanted| *wanted == stage.name))
            .flat_map(|stage| (1..=stage.attempt).map(|attempt| (&stage.name, attempt)))
            .filter(|(_, attempt)| self.attempt.is_none_or(|wanted| wanted == *attempt));
        let mut after = attempts.skip_while(|at| *at != (&read.stage, read.attempt)).skip(1);
        after.next().map(|(stage, attempt)| LogPosition { stage: stage.clone(), attempt, offset: 0 })
    }
}

/// A place in a workflow's lines, as a client gets it: `stage.attempt.offset`.
struct Cursor(LogPosition);

/// A cursor that was not made here.
#[derive(Debug, thiserror::Error)]
#[error("cursor must be the next_cursor of an earlier page: leave it out for the first")]
struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0.stage, self.0.attempt, self.0.offset)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(InvalidCursor);
        Ok(Self(LogPosition {
            stage: part()?.parse().map_err(|_| InvalidCursor)?,
            attempt: part()?.parse().map_err(|_| InvalidCursor)?,
            offset: part()?.parse().map_err(|_| InvalidCursor)?,
        }))
    }
}
