use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use utoipa::ToSchema;

use super::id::{Id, IdParameter};
use crate::{
    app::App,
    path::Segments,
    problem::{Kind, Problem},
    wire::{ArtifactObject, Items},
};

/// What the stages of a workflow left under a name.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/artifacts",
    operation_id = "list_artifacts",
    tag = "workflows",
    params(IdParameter),
    responses((status = 200, description = "The artifacts", body = Items<ArtifactObject<'_>>))
)]
pub(super) async fn artifacts(State(app): State<App>, id: Id) -> Result<Response, Problem> {
    let artifacts = app.engine.artifacts(&id.0).await?;
    let items = artifacts.iter().map(ArtifactObject::from).collect();
    Ok(Json(Items { items, next_cursor: None }).into_response())
}

/// Bytes, for the document.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its description is used")]
struct Bytes(Vec<u8>);

/// The bytes of an artifact, under its own media type.
#[utoipa::path(
    get,
    path = "/api/v1/workflows/{adw_id}/artifacts/{name}",
    operation_id = "get_artifact",
    tag = "workflows",
    params(
        ("adw_id" = String, Path, description = "The workflow's `adw_id`."),
        ("name" = String, Path, description = "The artifact's name; a slash in it as %2F.")
    ),
    responses((status = 200, description = "The bytes", body = Bytes, content_type = "application/octet-stream"))
)]
pub(super) async fn artifact(
    State(app): State<App>,
    id: Id,
    Segments(path): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let (_, name) = path;
    let Some((artifact, bytes)) = app.engine.artifact(&id.0, &name).await? else {
        let detail =
            format!("workflow {} has no artifact of that name: …/artifacts lists those that it has", id.0);
        return Err(Problem::new(Kind::ArtifactNotFound, detail));
    };
    let media_type = HeaderValue::from_str(&artifact.media_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    // A plugin chose bytes and type: a browser must save them, never run them as a page of this server.
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes).into_response())
}
