//! Every address, a file each.

mod configuration;
mod docs;
mod health;
mod page;
mod workflows;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(crate) use docs::{describe, pages};

/// The routes that the document describes, and the document of them.
pub(crate) fn described() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(health::router())
        .merge(configuration::router())
        .merge(workflows::router())
        .merge(crate::feed::router())
}

/// The routes for people.
pub(crate) fn for_people() -> axum::Router<App> {
    page::router()
}
