//! The `{adw_id}` of a path.

use adw_core::AdwId;
use adw_engine::Engine;
use adw_store::Stored;
use axum::{extract::FromRequestParts, http::request::Parts};
use utoipa::IntoParams;

use crate::{
    path::Segments,
    problem::{Kind, Problem},
};

/// The id that a path names. What can't be an id is the id of nothing.
pub(super) struct Id(pub(super) AdwId);

/// For the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct IdParameter {
    /// The workflow's `adw_id`.
    #[param(pattern = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
    adw_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // A path may have more parameters than this one.
        let Segments(parameters) =
            Segments::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let named = parameters.into_iter().find(|(name, _)| name == "adw_id").map(|(_, id)| id);
        match named.unwrap_or_default().parse() {
            Ok(id) => Ok(Self(id)),
            Err(error) => {
                Err(Problem::new(Kind::WorkflowNotFound, format!("there is no such workflow: {error}")))
            }
        }
    }
}

impl Id {
    /// The workflow of this id, if there is one.
    pub(super) async fn find(&self, engine: &Engine) -> Result<Stored, Problem> {
        let found = engine.workflow(&self.0).await?;
        found.ok_or_else(|| adw_engine::CommandError::NotFound(self.0.clone()).into())
    }
}
