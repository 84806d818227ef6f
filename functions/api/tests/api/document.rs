//! The API's own description, held against the API.

use crate::bench::{Bench, Fakes, request};
use contracts::problem::{FieldError, Problem};
use http::StatusCode;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().expect("a path item").clone();
        item.into_iter().map(|(method, it)| (method, path.clone(), it)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Every operation, sorted.
const OPERATIONS: [&str; 73] = [
    "delete /api/access-tokens/{id}",
    "delete /api/google",
    "delete /api/invitations/{id}",
    "delete /api/keys/{id}",
    "delete /api/members/{user_id}",
    "delete /api/projects/{id}/cancellation",
    "delete /api/projects/{id}/deletion",
    "delete /api/projects/{id}/spend-cap",
    "delete /api/projects/{id}/telegram",
    "delete /api/sessions",
    "delete /api/sessions/{id}",
    "get /api/access-tokens",
    "get /api/billing/payments",
    "get /api/billing/payments/{id}/invoice",
    "get /api/google/callback",
    "get /api/google/start",
    "get /api/health",
    "get /api/invitations",
    "get /api/keys",
    "get /api/me",
    "get /api/members",
    "get /api/models",
    "get /api/plans",
    "get /api/projects",
    "get /api/projects/{id}",
    "get /api/projects/{id}/backups",
    "get /api/projects/{id}/imports/{import_id}",
    "get /api/projects/{id}/logs/{logs_id}",
    "get /api/projects/{id}/model",
    "get /api/projects/{id}/subscription",
    "get /api/projects/{id}/telegram",
    "get /api/projects/{id}/usage",
    "get /api/sessions",
    "patch /api/members/{user_id}",
    "patch /api/tenant",
    "post /api/access-tokens",
    "post /api/billing/portal",
    "post /api/confirm",
    "post /api/google/link",
    "post /api/intents",
    "post /api/invitations",
    "post /api/invitations/accept",
    "post /api/keys",
    "post /api/keys/{id}/apply",
    "post /api/password/change",
    "post /api/password/forgot",
    "post /api/password/reset",
    "post /api/projects",
    "post /api/projects/{id}/cancellation",
    "post /api/projects/{id}/chat",
    "post /api/projects/{id}/checkout",
    "post /api/projects/{id}/deletion",
    "post /api/projects/{id}/gateway-token",
    "post /api/projects/{id}/imports",
    "post /api/projects/{id}/imports/{import_id}",
    "post /api/projects/{id}/logs",
    "post /api/projects/{id}/plan/quote",
    "post /api/projects/{id}/restart",
    "post /api/projects/{id}/restore",
    "post /api/projects/{id}/retry",
    "post /api/projects/{id}/start",
    "post /api/projects/{id}/stop",
    "post /api/session/refresh",
    "post /api/session/tenant",
    "post /api/sign-in",
    "post /api/sign-out",
    "post /api/sign-up",
    "put /api/keys/{id}",
    "put /api/projects/{id}/keep-awake",
    "put /api/projects/{id}/model",
    "put /api/projects/{id}/plan",
    "put /api/projects/{id}/spend-cap",
    "put /api/projects/{id}/telegram",
];

#[tokio::test]
async fn the_document_is_served() {
    let bench = Bench::new();
    let served = bench.get("/api/openapi.json", None).await;
    assert_eq!(served.status, StatusCode::OK);
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).unwrap();
    assert_eq!(served.body, document);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
}

#[test]
fn the_document_is_complete() {
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).unwrap();
    let mut found: Vec<_> =
        operations(&document).into_iter().map(|(m, path, _)| format!("{m} {path}")).collect();
    found.sort();
    assert_eq!(found, OPERATIONS);
}

#[tokio::test]
async fn exactly_what_the_document_protects_is_protected() {
    let bench = Bench::new();
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).unwrap();
    for (method, path, operation) in operations(&document) {
        let placed = path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let place = placed.map_or("", |(place, _)| place);
        let called = path.replace(&format!("{{{place}}}"), "prj_0000000000");
        let answer = bench.send(request(&method.to_uppercase(), &called, None, "")).await;
        let protected = answer.status == StatusCode::UNAUTHORIZED;
        assert_eq!(protected, operation["security"].is_array(), "{method} {path}");
        let refusal = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(refusal["schema"]["$ref"], "#/components/schemas/Problem", "{method} {path}");
        if !place.is_empty() {
            assert_eq!(operation["parameters"][0]["name"], place, "{method} {path}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).unwrap();
    let operations = operations(&document);
    let names: BTreeSet<_> =
        operations.iter().map(|(_, _, it)| it["operationId"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), operations.len());
}

/// The site's client is generated from this copy.
const FOR_THE_SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../frontend/openapi.json");

#[test]
fn the_site_is_built_against_this_document() {
    let copy = std::fs::read_to_string(FOR_THE_SITE).expect("a copy");
    assert!(
        copy == api::document::<Fakes>() + "\n",
        "the site's copy is old: `cargo test --workspace --test api -- --ignored --exact \
         document::write_the_sites_copy`, then `npm run generate` in `frontend`"
    );
}

#[test]
#[ignore = "writes the site's copy"]
fn write_the_sites_copy() {
    std::fs::write(FOR_THE_SITE, api::document::<Fakes>() + "\n").expect("it is ours to write");
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|it| references(it, found));
        }
        Value::Array(list) => list.iter().for_each(|it| references(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).unwrap();
    let mut found = vec![];
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn problems_are_described_as_they_are() {
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).unwrap();
    let problem = Problem {
        kind: String::new(),
        title: String::new(),
        status: 400,
        detail: Some(String::new()),
        errors: vec![FieldError { field: String::new(), message: String::new() }],
    };
    let keys = |it: &Map<String, Value>| it.keys().cloned().collect::<Vec<_>>();
    let said = serde_json::to_value(problem).unwrap();
    let described = &document["components"]["schemas"]["Problem"]["properties"];
    let names = |it: &Value| {
        let mut names = keys(it.as_object().unwrap());
        names.sort();
        names
    };
    assert_eq!(names(&said), names(described));
    assert_eq!(names(&said["errors"][0]), names(&described["errors"]["items"]["properties"]));
}
