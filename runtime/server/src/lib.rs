//! REST, the live feed and the documents that describe them.
//!
//! [`serve`] answers on a listener until it is told to stop; [`router`] is the same without a network, and
//! [`openapi`] the document that both serve. Requests are read and checked here, once, and become the engine's own
//! types; nothing here decides anything.

mod app;
mod body;
mod edge;
mod feed;
mod origin;
mod precondition;
mod problem;
mod query;
mod routes;
mod serve;
mod wire;

use std::sync::Arc;

use adw_engine::Engine;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use tower_http::catch_panic::CatchPanicLayer;

pub use serve::{ServeError, serve};

use app::{App, Drain};
use origin::Access;

/// Everything that the server answers, as a service that needs no network.
pub fn router(engine: Engine) -> Router {
    router_with(App { engine, drain: Drain::default() })
}

/// The OpenAPI document of what [`router`] answers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes::describe(routes::described().into_openapi())
}

fn router_with(app: App) -> Router {
    let access = Arc::new(Access::new(&app.engine.config().server));
    let (described, document) = routes::described().split_for_parts();
    described
        .merge(routes::for_people())
        .with_state(app)
        .merge(routes::pages(routes::describe(document)))
        .layer(DefaultBodyLimit::max(body::LARGEST_BODY))
        // The last is the outermost: answers of those within it get its headers.
        .layer(middleware::from_fn_with_state(Arc::clone(&access), origin::guard))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(access.cors())
        .layer(middleware::from_fn(edge::edge))
}
