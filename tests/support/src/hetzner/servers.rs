//! Servers: ordered, looked up, deleted.

use super::{
    Hetzner, Shared,
    actions::body as action_body,
    books::{Books, Server},
    catalog,
    metal::Plan,
    order::{Order, selects},
    problem::{Body, Problem},
};
use crate::clock;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The real one tells the address at once, so the order waits for it.
const BOOT_PATIENCE: Duration = Duration::from_secs(10);
pub(super) const PATIENCE: Duration = Duration::from_millis(300);
const MAX_PER_PAGE: usize = 50;
const DEFAULT_PER_PAGE: usize = 25;

#[derive(Deserialize)]
pub(super) struct Wanted {
    name: Option<String>,
    label_selector: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

pub(super) async fn create(
    State(hetzner): Shared,
    Body(order): Body<Order>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    order.check()?;
    let modes = hetzner.modes(|it| it.clone());
    let id = hetzner.write(|books| {
        if books.servers.values().any(|it| it.name == order.name) {
            let message = "server name is already used";
            return Err(Problem::new(StatusCode::CONFLICT, "uniqueness_error", message));
        }
        if modes.quota.is_some_and(|it| books.servers.len() >= it) {
            let message = "server limit reached";
            return Err(Problem::new(StatusCode::FORBIDDEN, "resource_limit_exceeded", message));
        }
        if modes.is_sold_out(&order.server_type, &order.location()) {
            let message = "resource is currently unavailable";
            let status = StatusCode::PRECONDITION_FAILED;
            return Err(Problem::new(status, "resource_unavailable", message));
        }
        Ok(enter(books, &order))
    })?;
    let plan = Plan { name: order.name, user_data: order.user_data, labels: order.labels };
    let action = hetzner.begin(id, "create_server", BOOT_PATIENCE, boot(hetzner.clone(), id, plan));
    let action = action.await;
    let password = order.ssh_keys.is_empty().then_some("stand-in");
    let server = hetzner.read(|books| books.servers.get(&id).map(|it| body(books, it)));
    let created = json!({
        "server": server, "action": action_body(&action), "next_actions": [],
        "root_password": password,
    });
    Ok((StatusCode::CREATED, Json(created)))
}

fn enter(books: &mut Books, order: &Order) -> u64 {
    let id = books.new_server_id();
    let server = Server {
        id,
        name: order.name.clone(),
        kind: order.server_type.clone(),
        location: order.location(),
        image: order.image_name(),
        labels: order.labels.clone(),
        firewalls: order.firewalls.iter().map(|it| it.firewall).collect(),
        created: clock::now(),
        address: None,
        is_on: false,
        is_protected: false,
    };
    books.servers.insert(id, server);
    id
}

async fn boot(hetzner: Arc<Hetzner>, id: u64, plan: Plan) -> Result<(), super::MetalError> {
    let address = hetzner.metal.boot(plan).await?;
    hetzner.write(|books| {
        if let Some(server) = books.servers.get_mut(&id) {
            server.is_on = true;
            server.address = Some(address);
        }
    });
    Ok(())
}

pub(super) async fn list(
    State(hetzner): Shared,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Problem> {
    let selector = wanted.label_selector.unwrap_or_default();
    if selects(&selector, &[].into()).is_none() {
        return Err(Problem::invalid("label_selector", "is not a selector"));
    }
    let matches = |it: &&Server| {
        wanted.name.as_ref().is_none_or(|name| *name == it.name)
            && selects(&selector, &it.labels) == Some(true)
    };
    let found: Vec<Value> = hetzner
        .read(|books| books.servers.values().filter(matches).map(|it| body(books, it)).collect());
    let per_page = wanted.per_page.unwrap_or(DEFAULT_PER_PAGE).clamp(1, MAX_PER_PAGE);
    let page = wanted.page.unwrap_or(1).max(1);
    let meta = pagination(found.len(), page, per_page);
    let found: Vec<_> = found.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    Ok(Json(json!({ "servers": found, "meta": meta })))
}

fn pagination(entries: usize, page: usize, per_page: usize) -> Value {
    let last_page = entries.div_ceil(per_page).max(1);
    json!({ "pagination": {
        "page": page, "per_page": per_page, "total_entries": entries, "last_page": last_page,
        "previous_page": (page > 1).then(|| page - 1),
        "next_page": (page < last_page).then(|| page + 1),
    } })
}

pub(super) async fn get(
    State(hetzner): Shared,
    Path(id): Path<u64>,
) -> Result<Json<Value>, Problem> {
    let found = hetzner.read(|books| books.servers.get(&id).map(|it| body(books, it)));
    let server = found.ok_or_else(|| Problem::not_found("server"))?;
    Ok(Json(json!({ "server": server })))
}

/// The books forget it at once; what it was made of goes in its own time.
pub(super) async fn delete(
    State(hetzner): Shared,
    Path(id): Path<u64>,
) -> Result<Json<Value>, Problem> {
    let server = unlocked(&hetzner, id)?;
    if server.is_protected {
        return Err(Problem::locked("protected", "server is delete protected"));
    }
    hetzner.write(|books| books.servers.remove(&id));
    let metal = hetzner.metal.clone();
    let scrapping = async move { metal.scrap(server.name).await };
    let action = hetzner.begin(id, "delete_server", PATIENCE, scrapping).await;
    Ok(Json(json!({ "action": action_body(&action) })))
}

/// A server to which nothing is being done.
pub(super) fn unlocked(hetzner: &Hetzner, id: u64) -> Result<Server, Problem> {
    hetzner.read(|books| {
        let server = books.servers.get(&id).ok_or_else(|| Problem::not_found("server"))?;
        match books.under_way(id) {
            Some(_) => Err(Problem::locked("locked", "server is locked")),
            None => Ok(server.clone()),
        }
    })
}

/// A server as the API shows it.
fn body(books: &Books, server: &Server) -> Value {
    let status = match books.under_way(server.id).map(|it| it.command.as_str()) {
        Some("create_server") => "initializing",
        Some("start_server") => "starting",
        Some("shutdown_server" | "stop_server") => "stopping",
        Some(_) | None if server.is_on => "running",
        Some(_) | None => "off",
    };
    let address = server.address.map(|it| json!({ "ip": it, "blocked": false, "dns_ptr": "" }));
    json!({
        "id": server.id,
        "name": server.name,
        "status": status,
        "created": server.created,
        "labels": server.labels,
        "locked": books.under_way(server.id).is_some(),
        "protection": { "delete": server.is_protected, "rebuild": server.is_protected },
        "public_net": { "ipv4": address, "ipv6": null, "floating_ips": [],
            "firewalls": server.firewalls.iter().map(|it| json!({ "id": it, "status": "applied" })).collect::<Vec<_>>() },
        "server_type": catalog::server_type(&server.kind).map(catalog::ServerType::brief),
        "location": { "name": server.location },
        "image": { "name": server.image },
    })
}
