use std::{fmt, str::FromStr};

use adw_core::{Status, TaskType};
use adw_store::{Filter, Page, Pagination, RowId};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    body::Faults,
    problem::Problem,
    query::Parameters,
    wire::{Items, TaskObject},
};

/// Which workflows are asked for.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Those that stand so.
    status: Option<String>,
    /// Those of this kind of work.
    r#type: Option<String>,
    /// The same as `type`.
    task_type: Option<String>,
    /// Those of this project.
    project: Option<String>,
    /// Those whose title or id contains this.
    text: Option<String>,
    /// The `next_cursor` of the page before; the answer then has `items` and `next_cursor` alone.
    cursor: Option<String>,
    /// How many at the most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 20)]
    limit: Option<String>,
    /// A page by its number, from 1.
    #[param(value_type = Option<u32>, minimum = 1, default = 1)]
    page: Option<String>,
    /// How many on a numbered page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    per_page: Option<String>,
}

/// A page of workflows by its number.
#[derive(Serialize, ToSchema)]
pub(super) struct NumberedPage<'a> {
    /// The workflows.
    items: Vec<TaskObject<'a>>,
    /// Where to read on, whatever is added meanwhile; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
    /// The same as `items`.
    tasks: Vec<TaskObject<'a>>,
    /// How many match in all.
    total: u64,
    /// The number of this page.
    page: u32,
    /// How many are on a page.
    per_page: u32,
}

/// Workflows, newest first.
///
/// Read on with `cursor`, which neither repeats nor misses any that were there at the first page.
#[utoipa::path(
    get,
    path = "/api/v1/workflows",
    operation_id = "list_workflows",
    tag = "workflows",
    params(ListQuery),
    responses((status = 200, description = "A page of workflows", body = NumberedPage<'_>))
)]
pub(super) async fn list(
    State(app): State<App>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Response, Problem> {
    let (filter, pagination) = query.check()?;
    let found = app.engine.list(&filter, &pagination).await?;
    let objects = || found.items.iter().map(|stored| TaskObject::new(stored, app.engine.epoch())).collect();
    let next_cursor = next_cursor(&found);
    Ok(match pagination {
        Pagination::Cursor { .. } => {
            Json(Items::<TaskObject<'_>> { items: objects(), next_cursor }).into_response()
        }
        Pagination::Numbered { page, per_page } => {
            let total = found.total.unwrap_or_default();
            let (items, tasks) = (objects(), objects());
            Json(NumberedPage { items, next_cursor, tasks, total, page, per_page }).into_response()
        }
    })
}

impl ListQuery {
    fn check(self) -> Result<(Filter, Pagination), Problem> {
        let mut faults = Faults::default();
        let filter = Filter {
            status: self.status.and_then(|word| status(&mut faults, &word)),
            task_type: faults
                .parameter::<TaskType>("?task_type", self.task_type)
                .or_else(|| faults.parameter("?type", self.r#type)),
            project: self.project.filter(|name| !name.is_empty()),
            text: self.text.filter(|text| !text.is_empty()),
        };
        let limit = faults.number("?limit", self.limit, 1, 200);
        let per_page = faults.number("?per_page", self.per_page, 1, 100);
        let page = faults.number("?page", self.page, 1, u64::from(u32::MAX)).unwrap_or(1);
        let cursor: Option<Cursor> = faults.parameter("?cursor", self.cursor);
        let size = narrow(limit.or(per_page).unwrap_or(20));
        let pagination = match cursor {
            Some(Cursor(before)) => Pagination::Cursor { before: Some(before), limit: size },
            None => Pagination::Numbered {
                page: narrow(page),
                per_page: narrow(per_page.or(limit).unwrap_or(20)),
            },
        };
        faults.into_result(Some((filter, pagination)))
    }
}

fn status(faults: &mut Faults, word: &str) -> Option<Status> {
    if word.is_empty() {
        return None;
    }
    let status = Status::ALL.into_iter().find(|status| status.as_str() == word);
    if status.is_none() {
        faults.add_choice("?status", word, &Status::ALL.map(Status::as_str));
    }
    status
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn next_cursor(page: &Page) -> Option<String> {
    page.items.last().filter(|_| page.more).map(|last| Cursor(last.id).to_string())
}

/// The row that a page ended with, as a client gets it.
struct Cursor(RowId);

/// A cursor that was not made here.
#[derive(Debug, thiserror::Error)]
#[error("cursor must be the next_cursor of an earlier page: leave it out for the first")]
struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "before-{:x}", self.0.0)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let digits = text.strip_prefix("before-").ok_or(InvalidCursor)?;
        let row = i64::from_str_radix(digits, 16).map_err(|_| InvalidCursor)?;
        (row > 0).then_some(Self(RowId(row))).ok_or(InvalidCursor)
    }
}
