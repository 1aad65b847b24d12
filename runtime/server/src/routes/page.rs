//! `/`: a page for who opens the server in a browser.

use axum::{Router, http::header, response::IntoResponse, routing::get};

use crate::app::App;

const PAGE: &str = include_str!("page.html");

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(page))
}

async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    (headers, PAGE)
}
