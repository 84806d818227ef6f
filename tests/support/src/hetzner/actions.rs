//! What is being done to servers.

use super::{
    Hetzner, Shared,
    books::{Action, Progress, Server},
    metal::MetalError,
    problem::{Body, Problem},
    servers::{PATIENCE, unlocked},
};
use crate::clock;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Protection {
    delete: Option<bool>,
    rebuild: Option<bool>,
}

type Begun = Result<(StatusCode, Json<Value>), Problem>;

/// An action as the API shows it.
pub(super) fn body(action: &Action) -> Value {
    let progress = action.progress(clock::now());
    let status = match progress {
        Progress::Running => "running",
        Progress::Success => "success",
        Progress::Error => "error",
    };
    let error = match &action.outcome {
        Some(Err(code)) if progress == Progress::Error => {
            json!({ "code": code, "message": "Action failed" })
        }
        _ => Value::Null,
    };
    json!({
        "id": action.id,
        "command": action.command,
        "status": status,
        "progress": if progress == Progress::Running { 0 } else { 100 },
        "started": action.started,
        "finished": null,
        "resources": [{ "id": action.server, "type": "server" }],
        "error": error,
    })
}

pub(super) async fn get(
    State(hetzner): Shared,
    Path(id): Path<u64>,
) -> Result<Json<Value>, Problem> {
    let found = hetzner.write(|books| {
        let action = books.actions.get_mut(&id)?;
        action.looks_left = action.looks_left.saturating_sub(1);
        Some(body(action))
    });
    let action = found.ok_or_else(|| Problem::not_found("action"))?;
    Ok(Json(json!({ "action": action })))
}

pub(super) async fn poweron(State(hetzner): Shared, Path(id): Path<u64>) -> Begun {
    let server = unlocked(&hetzner, id)?;
    if server.is_on {
        return begun(&hetzner, id, "start_server", async { Ok(()) }).await;
    }
    let is_sold_out = hetzner.modes(|it| it.is_sold_out(&server.kind, &server.location));
    if is_sold_out {
        let message = "resource is currently unavailable";
        let status = StatusCode::PRECONDITION_FAILED;
        return Err(Problem::new(status, "resource_unavailable", message));
    }
    let at = hetzner.clone();
    begun(&hetzner, id, "start_server", async move {
        let address = at.metal.power_on(server.name).await?;
        change(&at, id, |it| {
            it.is_on = true;
            it.address = Some(address);
        });
        Ok(())
    })
    .await
}

pub(super) async fn poweroff(State(hetzner): Shared, Path(id): Path<u64>) -> Begun {
    let server = unlocked(&hetzner, id)?;
    begun(&hetzner, id, "stop_server", end(hetzner.clone(), server, true)).await
}

/// A request to the system on it, which may not listen.
pub(super) async fn shutdown(State(hetzner): Shared, Path(id): Path<u64>) -> Begun {
    let server = unlocked(&hetzner, id)?;
    if hetzner.modes(|it| it.deaf) {
        return begun(&hetzner, id, "shutdown_server", async { Ok(()) }).await;
    }
    begun(&hetzner, id, "shutdown_server", end(hetzner.clone(), server, false)).await
}

pub(super) async fn change_protection(
    State(hetzner): Shared,
    Path(id): Path<u64>,
    Body(wanted): Body<Protection>,
) -> Begun {
    unlocked(&hetzner, id)?;
    if wanted.delete != wanted.rebuild {
        return Err(Problem::invalid("delete", "has to have the same value as rebuild"));
    }
    let at = hetzner.clone();
    begun(&hetzner, id, "change_protection", async move {
        change(&at, id, |it| it.is_protected = wanted.delete.unwrap_or(it.is_protected));
        Ok(())
    })
    .await
}

async fn end(hetzner: Arc<Hetzner>, server: Server, at_once: bool) -> Result<(), MetalError> {
    hetzner.metal.power_off(server.name, at_once).await?;
    change(&hetzner, server.id, |it| it.is_on = false);
    Ok(())
}

fn change(hetzner: &Hetzner, id: u64, how: impl FnOnce(&mut Server)) {
    hetzner.write(|books| books.servers.get_mut(&id).map(how));
}

async fn begun(
    hetzner: &Arc<Hetzner>,
    id: u64,
    command: &str,
    work: impl Future<Output = Result<(), MetalError>> + Send + 'static,
) -> Begun {
    let action = hetzner.begin(id, command, PATIENCE, work).await;
    Ok((StatusCode::CREATED, Json(json!({ "action": body(&action) }))))
}
