//! REST, the live feed and the documents that describe them.
//!
//! [`serve()`] answers on a listener until it is told to stop; [`router`] is the same without a network, and
//! [`openapi`] the document that both serve. Requests are read and checked here, once, and become the engine's own
//! types; nothing here decides anything.

mod app;
#[cfg(test)]
#[path = "../tests/server/bench.rs"]
#[expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
mod bench;
mod body;
mod edge;
mod feed;
mod origin;
mod path;
mod precondition;
mod problem;
mod query;
mod routes;
mod serve;
mod wire;

use std::sync::Arc;

use adw_engine::Engine;
use axum::{Router, middleware};
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
    let access = Access::new(&app.engine.config().server);
    let (described, document) = routes::described().split_for_parts();
    let routes = described.merge(routes::for_people()).with_state(app);
    at_the_edge(routes.merge(routes::pages(routes::describe(document))), access)
}

/// What every request passes on its way in, and every answer on its way out.
fn at_the_edge(routes: Router, access: Access) -> Router {
    let access = Arc::new(access);
    routes
        // The last is the outermost: answers of those within it get its headers.
        .layer(middleware::from_fn_with_state(Arc::clone(&access), origin::guard))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(access.cors())
        .layer(middleware::from_fn(edge::edge))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use axum::{
        body::{Body, to_bytes},
        http::{Request, StatusCode},
        routing::get,
    };
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_is_a_problem_and_keeps_its_words_to_the_log() {
        async fn panics() -> StatusCode {
            panic!("the password is swordfish")
        }
        let config = adw_config::Config::parse(
            "[projects.demo]\nrepo = \".\"\n",
            "adw.toml",
            "/",
            &adw_config::Env::empty(),
        );
        let access = Access::new(&config.unwrap().server);
        let router = at_the_edge(Router::new().route("/", get(panics)), access);
        let request = Request::get("/")
            .header("host", "localhost")
            .header("origin", "http://localhost:5173")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "http://localhost:5173");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(!problem.to_string().contains("swordfish"));
    }
}
