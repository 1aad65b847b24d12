//! `/api/v1/configuration`: which adw.toml is gone by, and reading it anew.

use adw_engine::RefusedConfiguration;
use axum::{Json, extract::State};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    problem::{Kind, Problem},
    wire::ConfigurationObject,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(configuration)).routes(routes!(reload))
}

/// Says which adw.toml the server goes by, and why not by a newer one. One that can't be read at the moment, because it was
/// deleted for example, counts as refused.
#[utoipa::path(
    get,
    path = "/api/v1/configuration",
    operation_id = "get_configuration",
    tag = "configuration",
    responses((status = 200, description = "The configuration", body = ConfigurationObject))
)]
async fn configuration(State(app): State<App>) -> Json<ConfigurationObject> {
    Json(ConfigurationObject::from(&*app.engine.look_at_configuration().await))
}

/// Reads adw.toml anew.
///
/// It counts for every task and every retry from now on; workflows under way stay with what they are pinned to. One that
/// is wrong is refused whole, with 422 and what is wrong in `details.errors`, and the one before stays.
#[utoipa::path(
    post,
    path = "/api/v1/configuration/reload",
    operation_id = "reload_configuration",
    tag = "configuration",
    responses((status = 200, description = "It is gone by", body = ConfigurationObject))
)]
async fn reload(State(app): State<App>) -> Result<Json<ConfigurationObject>, Problem> {
    // To the end, whoever waits for it.
    let engine = app.engine.clone();
    let reloaded = tokio::spawn(async move { engine.reload().await }).await;
    let reloaded =
        reloaded.map_err(|error| Problem::internal(format!("a reload was broken off: {error}")))?;
    let refused = |refused: RefusedConfiguration| {
        Problem::new(Kind::ConfigurationRefused, refused.to_string())
            .with_details(json!({ "errors": refused.errors }))
    };
    Ok(Json(ConfigurationObject::from(&*reloaded.map_err(refused)?)))
}
