//! `/openapi.json` and `/docs`: the API's document, and a page to read and try it, which needs nothing from the web.

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
};
use utoipa::{
    OpenApi, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, path::Operation},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::problem::{Fault, ProblemDocument};

const DOCUMENT: &str = "/openapi.json";

/// What stands at the head of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "adw",
        description = "A durable runtime for developer workflows: hand over a task, watch it live, get a branch.\n\n\
            Every error is an RFC 9457 problem document. A workflow's `ETag` is its version, and `If-Match` is judged \
            before anything else. `X-Request-Id` is taken or made, and comes back.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    tags(
        (name = "workflows", description = "Tasks, and the workflows that they become"),
        (name = "feed", description = "What happens, as it happens"),
        (name = "configuration", description = "Which adw.toml is gone by"),
        (name = "health", description = "Whether the server is there and can work"),
    ),
    components(schemas(ProblemDocument, Fault))
)]
struct Head;

/// The whole document: its head, and the answer that every operation may give instead of its own.
pub(crate) fn describe(routes: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    document.merge(routes);
    let problem = || {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDocument::name()))).build();
        let response = ResponseBuilder::new()
            .description("What went wrong, as a problem document")
            .content("application/problem+json", body);
        RefOr::T(response.build())
    };
    for item in document.paths.paths.values_mut() {
        let operations: [&mut Option<Operation>; 4] =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), problem());
        }
    }
    document
}

/// The document and its reader.
pub(crate) fn pages(document: utoipa::openapi::OpenApi) -> Router {
    // The reader would otherwise send the document to a validator on the web.
    let config = Config::from(DOCUMENT).validator_url("none").try_it_out_enabled(true);
    let reader: Router = SwaggerUi::new("/docs").url(DOCUMENT, document).config(config).into();
    reader.layer(map_response(with_words))
}

/// Whoever follows no redirection, as curl without `-L`, is told where the page is.
async fn with_words(mut response: Response) -> Response {
    let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
    if let Some(to) = to.filter(|_| response.status().is_redirection()) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(format!("the API, to read and to try, is at {to}\n"));
    }
    response
}
