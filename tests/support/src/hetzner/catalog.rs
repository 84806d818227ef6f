//! What is for sale, and where. Prices are monthly, in euros without tax and without an address.

use super::{Shared, problem::Problem};
use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

pub(super) struct ServerType {
    id: u32,
    pub(super) name: &'static str,
    cores: u32,
    memory_gb: u32,
    disk_gb: u32,
    architecture: &'static str,
    eur_per_month: &'static str,
}

/// As listed in September 2026.
pub(super) const SERVER_TYPES: [ServerType; 7] = [
    shared(114, "cx23", 2, 4, 40, "5.4900"),
    shared(115, "cx33", 4, 8, 80, "8.4900"),
    shared(116, "cx43", 8, 16, 160, "15.9900"),
    shared(117, "cx53", 16, 32, 320, "29.4900"),
    shared(108, "cpx12", 1, 2, 40, "11.4900"),
    shared(109, "cpx22", 2, 4, 80, "19.4900"),
    shared(110, "ccx13", 2, 8, 80, "42.9900"),
];

const fn shared(
    id: u32,
    name: &'static str,
    cores: u32,
    memory_gb: u32,
    disk_gb: u32,
    eur_per_month: &'static str,
) -> ServerType {
    ServerType { id, name, cores, memory_gb, disk_gb, architecture: "x86", eur_per_month }
}

/// Name, city, and the zone of the network that it is in.
pub(super) const LOCATIONS: [(&str, &str, &str); 3] = [
    ("fsn1", "Falkenstein", "eu-central"),
    ("nbg1", "Nuremberg", "eu-central"),
    ("hel1", "Helsinki", "eu-central"),
];

pub(super) fn server_type(name: &str) -> Option<&'static ServerType> {
    SERVER_TYPES.iter().find(|it| it.name == name)
}

impl ServerType {
    pub(super) fn brief(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "cores": self.cores, "memory": self.memory_gb,
            "disk": self.disk_gb, "architecture": self.architecture, "storage_type": "local",
        })
    }

    /// With where it is to be had at the moment, which is what the real one lists too.
    fn whole(&self, is_available: impl Fn(&str) -> bool) -> Value {
        let place = |(name, ..): &(&str, &str, &str)| {
            let available = is_available(name);
            json!({ "name": name, "available": available, "deprecation": null })
        };
        let price = |(name, ..): &(&str, &str, &str)| json!({ "location": name, "price_monthly": { "net": self.eur_per_month } });
        let mut whole = self.brief();
        whole["locations"] = LOCATIONS.iter().map(place).collect();
        whole["prices"] = LOCATIONS.iter().map(price).collect();
        whole
    }
}

pub(super) async fn server_types(State(hetzner): Shared) -> Json<Value> {
    let modes = hetzner.modes(|it| it.clone());
    let whole = |it: &ServerType| it.whole(|place| !modes.is_sold_out(it.name, place));
    let listed: Vec<_> = SERVER_TYPES.iter().map(whole).collect();
    Json(json!({ "server_types": listed, "meta": one_page(SERVER_TYPES.len()) }))
}

pub(super) async fn get_server_type(
    State(hetzner): Shared,
    Path(id): Path<u32>,
) -> Result<Json<Value>, Problem> {
    let found = SERVER_TYPES.iter().find(|it| it.id == id);
    let found = found.ok_or_else(|| Problem::not_found("server type"))?;
    let whole = hetzner.modes(|modes| found.whole(|it| !modes.is_sold_out(found.name, it)));
    Ok(Json(json!({ "server_type": whole })))
}

pub(super) async fn locations() -> Json<Value> {
    let location = |(id, (name, city, zone)): (usize, &(&str, &str, &str))| json!({ "id": id + 1, "name": name, "city": city, "network_zone": zone });
    let listed: Vec<_> = LOCATIONS.iter().enumerate().map(location).collect();
    Json(json!({ "locations": listed, "meta": one_page(LOCATIONS.len()) }))
}

fn one_page(entries: usize) -> Value {
    json!({ "pagination": {
        "page": 1, "per_page": 50, "previous_page": null, "next_page": null, "last_page": 1,
        "total_entries": entries,
    } })
}
