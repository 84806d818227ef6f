//! How long each route of the API takes, seen by a client at the edge.
//!
//! The routes are those of the document that the API serves, so a new one is measured without a
//! word here. Beside them stands the floor of the same run: `/api/health` touches nothing, so its
//! time is that of the edge, the gateway and the engine's way to the function, and what a route takes
//! above it is the function's own work and its store's.

use super::{Options, table::Table, yardstick::summary::percentile};
use crate::{
    client::{fetch, send},
    environment::Environment,
    failure::Failure,
    journey::Journey,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;
use support::clock;

const FLOOR: &str = "/api/health";

/// One route, all answers.
#[derive(Debug)]
pub(super) struct Measured {
    route: String,
    took: Vec<Duration>,
}

pub(super) async fn measure(
    options: &Options,
    environment: &Environment,
) -> Result<Vec<Measured>, Failure> {
    let mut journey = Journey::through(environment.clone())?;
    let credentials = Journey::new_credentials();
    journey.sign_up(&credentials).await?;
    journey.confirm(&credentials.email).await?;
    journey.sign_in(&credentials).await?;
    let project = journey.create_project("bench", "standard").await?;
    let document: Value =
        fetch(journey.api(Method::GET, "/api/openapi.json"), "GET the document", StatusCode::OK)
            .await?;

    let mut all = Vec::new();
    for route in readable(&document) {
        let path = route.replace("{id}", &project.id);
        let took = ask_often(&journey, &path, options.asks).await?;
        all.push(Measured { route: format!("GET {route}"), took });
    }
    let mut took = Vec::new();
    for _ in 0..options.asks {
        let started = clock::stopwatch();
        journey.sign_in(&credentials).await?;
        took.push(started.elapsed());
    }
    all.push(Measured { route: "POST /api/sign-in".to_owned(), took });
    Ok(all)
}

async fn ask_often(journey: &Journey, path: &str, asks: u32) -> Result<Vec<Duration>, Failure> {
    let what = format!("GET {path}");
    let mut took = Vec::new();
    // The first one may start the function, or a connection, and is not counted.
    for ask in 0..=asks {
        let started = clock::stopwatch();
        let response = send(journey.api(Method::GET, path), &what, StatusCode::OK).await?;
        response.bytes().await?;
        if ask > 0 {
            took.push(started.elapsed());
        }
    }
    Ok(took)
}

/// What answers a signed-in customer with 200 and needs no name but a project's: the floor first.
fn readable(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut routes: Vec<String> = paths
        .filter(|(_, item)| item["get"]["responses"].get("200").is_some())
        .map(|(path, _)| path.clone())
        .filter(|path| !path.replace("/api/projects/{id}", "").contains('{'))
        .collect();
    routes.sort_by_key(|it| (it != FLOOR, it.clone()));
    routes
}

pub(super) fn report(measured: &[Measured]) -> String {
    let headers = ["route", "p50 ms", "p99 ms", "p50 above the floor"];
    let mut table = Table::new("The API at the edge", &headers);
    let floor = measured.first().map(|it| percentile(&it.took, 50)).unwrap_or_default();
    for it in measured {
        let middle = percentile(&it.took, 50);
        table.row([
            it.route.clone(),
            ms(middle),
            ms(percentile(&it.took, 99)),
            ms(middle.saturating_sub(floor)),
        ]);
    }
    table.markdown()
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_floor_comes_first_and_what_cannot_be_asked_is_left_out() {
        let ok = json!({ "get": { "responses": { "200": {} } } });
        let document = json!({ "paths": {
            "/api/projects": ok,
            "/api/health": ok,
            "/api/projects/{id}": ok,
            "/api/members/{user_id}": ok,
            "/api/google/start": { "get": { "responses": { "303": {} } } },
            "/api/sign-in": { "post": { "responses": { "200": {} } } },
        } });
        let expected = ["/api/health", "/api/projects", "/api/projects/{id}"];
        assert_eq!(readable(&document), expected);
    }

    #[test]
    fn a_route_is_told_with_what_it_takes_above_the_floor() {
        let of = |route: &str, ms| Measured {
            route: route.to_owned(),
            took: vec![Duration::from_millis(ms)],
        };
        let report = report(&[of("GET /api/health", 20), of("GET /api/projects", 32)]);
        assert!(
            report.contains("| GET /api/projects |   32.0 |   32.0 |                12.0 |"),
            "{report}"
        );
    }
}
