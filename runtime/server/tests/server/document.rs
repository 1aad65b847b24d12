//! The pages for people, and the API's document.

use std::path::PathBuf;

use serde_json::Value;

use crate::{bench::Bench, http::get};

/// What is committed is what the code says. `UPDATE_OPENAPI=1` writes it anew.
#[test]
fn the_committed_document_is_the_one_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut document = adw_server::openapi().to_pretty_json().unwrap();
    document.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document,
        "docs/openapi.json is not what the code says: run the tests of adw-server with UPDATE_OPENAPI=1 and commit it"
    );
}

#[test]
fn the_document_has_every_address_and_every_reference_leads_somewhere() {
    let document: Value = serde_json::to_value(adw_server::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| ["get", "put", "post", "delete"].contains(&key.as_str()));
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    insta::assert_snapshot!(operations.join("\n"), @r"
    GET /api/v1/configuration
    POST /api/v1/configuration/reload
    GET /api/v1/workflows
    POST /api/v1/workflows/create
    DELETE /api/v1/workflows/{adw_id}
    GET /api/v1/workflows/{adw_id}
    POST /api/v1/workflows/{adw_id}/answer
    GET /api/v1/workflows/{adw_id}/artifacts
    GET /api/v1/workflows/{adw_id}/artifacts/{name}
    GET /api/v1/workflows/{adw_id}/diff
    GET /api/v1/workflows/{adw_id}/events
    GET /api/v1/workflows/{adw_id}/journal
    GET /api/v1/workflows/{adw_id}/logs
    POST /api/v1/workflows/{adw_id}/pause
    POST /api/v1/workflows/{adw_id}/replay
    POST /api/v1/workflows/{adw_id}/resume
    POST /api/v1/workflows/{adw_id}/retry
    GET /api/v1/workflows/{adw_id}/stages
    PUT /api/v1/workflows/{adw_id}/status
    GET /health
    GET /livez
    GET /readyz
    GET /ws/events
    GET /ws/workflows/{adw_id}
    ");
    for (path, item) in paths {
        for operation in item.as_object().unwrap().values().filter(|value| value.is_object()) {
            assert!(
                operation["responses"]["default"]["content"]["application/problem+json"].is_object(),
                "{path}"
            );
            described(path, operation);
        }
    }
    references(&document, &mut |reference| {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    });
}

/// What a reader of the document needs of each operation.
fn described(path: &str, operation: &Value) {
    for (status, response) in operation["responses"].as_object().unwrap() {
        assert!(response["description"].is_string(), "{status} of {path} is not described");
    }
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let mut names: Vec<_> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{path} has a parameter twice: {names:?}");
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found(reference);
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_find_a_page_and_the_reference_without_the_web() {
    let bench = Bench::new().await;
    let page = get("/").of(&bench).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("href=\"/docs/\""));
    assert!(page.text().contains("curl -X POST http://localhost:8000/api/v1/workflows/create"));
    let docs = get("/docs").of(&bench).await;
    assert_eq!((docs.status.as_u16(), docs.header("location")), (303, "/docs/"));
    assert_eq!(docs.text(), "the API, to read and to try, is at /docs/\n");
    let reader = get("/docs/").of(&bench).await;
    assert_eq!(reader.status, 200);
    assert!(!reader.text().contains("http"), "nothing is loaded from elsewhere: {}", reader.text());
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(get(format!("/docs/{file}")).of(&bench).await.status, 200, "{file}");
    }
    get("/docs/no-such-file.js").of(&bench).await.problem(404);
    let document = get("/openapi.json").of(&bench).await.is(200);
    assert_eq!(document, serde_json::to_value(adw_server::openapi()).unwrap());
}
