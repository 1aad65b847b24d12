//! `/health`, `/livez`, `/readyz`: is it there, does it live, can it take work?

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// With less free space than this, the next writes are likely to fail.
const LEAST_DISK: u64 = 64 << 20;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(livez)).routes(routes!(readyz))
}

/// That the server is there, and which one it is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `healthy`.
    #[schema(example = "healthy")]
    status: &'static str,
    /// Always `adw`.
    #[schema(example = "adw")]
    service: &'static str,
    /// The version that runs.
    version: &'static str,
}

/// That the process lives.
#[derive(Serialize, ToSchema)]
struct Alive {
    /// Always `alive`.
    #[schema(example = "alive")]
    status: &'static str,
}

/// That work can be taken, and how much there is.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// Always `ready`; a server that isn't answers 503.
    #[schema(example = "ready")]
    status: &'static str,
    /// Workflows that wait for a place.
    queued: u64,
    /// Workflows that have one.
    running: u64,
    /// Free space where the data lies; null where the system doesn't say.
    #[schema(required)]
    disk_free_bytes: Option<u64>,
}

/// Says that the server is there.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, description = "It is there", body = Health)))]
async fn health() -> Json<Health> {
    Json(Health { status: "healthy", service: "adw", version: env!("CARGO_PKG_VERSION") })
}

/// Says that the process lives; asks nothing of anything else.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, description = "It lives", body = Alive)))]
async fn livez() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// Says whether work can be taken: a write to the database was tried, there is space, and the server isn't stopping.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, description = "It takes work", body = Ready)))]
async fn readyz(State(app): State<App>) -> Result<Json<Ready>, Problem> {
    let readiness = app.engine.readiness().await;
    let mut reasons = Vec::new();
    if let Err(error) = &readiness.database {
        tracing::error!(%error, "the database did not take a write");
        reasons.push("the database did not take a write");
    }
    if readiness.disk_free_bytes.is_some_and(|free| free < LEAST_DISK) {
        reasons.push("less than 64 MiB of disk space are left");
    }
    if readiness.stopping || app.drain.begun.is_cancelled() {
        reasons.push("the server is stopping");
    }
    let (queued, running, disk_free_bytes) = (readiness.queued, readiness.running, readiness.disk_free_bytes);
    if reasons.is_empty() {
        return Ok(Json(Ready { status: "ready", queued, running, disk_free_bytes }));
    }
    let details = json!({
        "reasons": reasons, "queued": queued, "running": running, "disk_free_bytes": disk_free_bytes
    });
    Err(Problem::new(Kind::NotReady, reasons.join("; ")).with_details(details))
}
