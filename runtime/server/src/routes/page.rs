//! `/`: a page for who opens the server in a browser.

use axum::{
    Router,
    http::{HeaderMap, header},
    response::IntoResponse,
    routing::get,
};

use crate::app::App;

const PAGE: &str = include_str!("page.html");

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(page))
}

/// Its examples name the host that the browser came by, which the host check has let pass.
async fn page(headers: HeaderMap) -> impl IntoResponse {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost:8000");
    let page = PAGE.replace("{host}", host);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    (headers, page)
}
