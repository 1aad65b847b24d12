//! `/api/v1/workflows`: a file per thing that can be done.

mod answer;
mod artifacts;
mod cancel;
mod create;
mod diff;
mod events;
mod get;
mod id;
mod journal;
mod list;
mod logs;
mod pause;
mod replay;
mod resume;
mod retry;
mod stages;
mod status;

use adw_engine::Engine;
use adw_store::Stored;
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, precondition::etag, wire::TaskObject};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(list::list))
        .routes(routes!(get::get, cancel::cancel))
        .routes(routes!(status::set_status))
        .routes(routes!(retry::retry))
        .routes(routes!(pause::pause))
        .routes(routes!(resume::resume))
        .routes(routes!(answer::answer))
        .routes(routes!(events::events))
        .routes(routes!(logs::logs))
        .routes(routes!(journal::journal))
        .routes(routes!(replay::replay))
        .routes(routes!(stages::stages))
        .routes(routes!(artifacts::artifacts))
        .routes(routes!(artifacts::artifact))
        .routes(routes!(diff::diff))
}

/// A task object as an answer, its version beside it.
fn task_response(status: StatusCode, stored: &Stored, engine: &Engine) -> Response {
    let body = Json(TaskObject::new(stored, engine.epoch()));
    (status, [(header::ETAG, etag(stored))], body).into_response()
}
