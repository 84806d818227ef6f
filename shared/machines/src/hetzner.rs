//! [`Machines`] on Hetzner Cloud.
//!
//! Hetzner knows no idempotency key, but the name of a server is unlike any other's of its project:
//! so a server is named after its worker, and who finds the name taken finds what it bought before.
//! A server takes commands once it has joined as a managed node, see [`crate::Nodes`].

mod api;
mod config;
mod limit;
mod power;
mod purchase;
mod wire;

use crate::{
    errors::{Failure, Verdict},
    nodes::{Node, Nodes},
    user_data::Settings,
};
use api::Api;
use config::Setting;
pub use config::{HetznerConfig, Misconfigured};
use domain::{
    id::WorkerId,
    offering::{Offering, Provider},
};
use ports::{
    Unavailable,
    clock::Clock,
    machines::{BuyError, Machine, Machines, Power, PowerError},
};
use reqwest::{Method, Url};
use std::collections::HashSet;
use wire::{OneAction, OneServer, Protection, Server, Servers, Status};

/// What every id of a machine of ours at Hetzner begins with.
pub(crate) const MACHINE_ID_PREFIX: &str = "hz-";
const MANAGER_LABEL: &str = "managed-by";
const MANAGER: &str = "1mins";
const STAGE_LABEL: &str = "stage";
const WORKER_LABEL: &str = "worker";
/// As many as one answer holds.
const PAGE: &str = "50";

/// A stopped server is billed in full: Hetzner asks for the place, not for the power. So stop one
/// only to start it again soon, and never to keep it in stock.
#[derive(Clone, Debug)]
pub struct HetznerMachines<C> {
    api: Api<C>,
    nodes: Nodes,
    stage: String,
    config: HetznerConfig,
    settings: Settings,
}

impl<C: Clock> HetznerMachines<C> {
    /// `nodes` are of the same stage.
    pub fn new(
        config: HetznerConfig,
        token: &str,
        stage: String,
        nodes: Nodes,
        clock: C,
    ) -> Result<Self, Misconfigured> {
        let url: Url = config.url.parse().map_err(|_| Misconfigured::Url(config.url.clone()))?;
        if config.locations.is_empty() {
            return Err(Misconfigured::NoLocation);
        }
        let settings = Settings::new(config.worker_settings.clone()).map_err(Setting)?;
        let api = Api::new(url, token, clock)?;
        Ok(Self { api, nodes, stage, config, settings })
    }

    /// `None`: there is no such server any more.
    async fn get(&self, id: &str) -> Result<Option<Server>, Failure> {
        match self.api.answer::<OneServer>(self.api.request(Method::GET, &["servers", id])).await {
            Ok(found) => Ok(Some(found.server)),
            Err(failure) if failure.verdict == Verdict::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Every server of the stage, or of one worker of it.
    async fn servers(&self, worker: Option<&WorkerId>) -> Result<Vec<Server>, Failure> {
        let mut selector = format!("{MANAGER_LABEL}={MANAGER},{STAGE_LABEL}={}", self.stage);
        if let Some(worker) = worker {
            selector = format!("{selector},{WORKER_LABEL}={worker}");
        }
        let mut servers = Vec::new();
        let mut page = Some(1);
        while let Some(number) = page {
            let request = self.api.request(Method::GET, &["servers"]).query(&[
                ("label_selector", selector.as_str()),
                ("per_page", PAGE),
                ("page", &number.to_string()),
            ]);
            let found: Servers = self.api.answer(request).await?;
            servers.extend(found.servers);
            page = found.meta.and_then(|it| it.pagination.next_page);
        }
        Ok(servers)
    }

    /// Has `action` done to a server, and waits for it.
    async fn act(
        &self,
        server: u64,
        action: &str,
        body: Option<&Protection>,
    ) -> Result<(), Failure> {
        let path = ["servers", &server.to_string(), "actions", action];
        let mut request = self.api.request(Method::POST, &path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let begun: OneAction = self.api.answer(request).await?;
        self.api.settle(begun.action).await
    }

    /// Protection against being deleted or rebuilt by anybody who does not lift it first.
    async fn protect(&self, server: &Server, on: bool) -> Result<(), Failure> {
        let wanted = Protection { delete: on, rebuild: on };
        if server.protection == wanted {
            return Ok(());
        }
        self.act(server.id, "change_protection", Some(&wanted)).await
    }

    async fn give_back(&self, server: &Server) -> Result<(), Failure> {
        let id = server.id.to_string();
        self.protect(server, false).await?;
        match self.api.done(self.api.request(Method::DELETE, &["servers", &id])).await {
            Err(failure) if failure.verdict != Verdict::Gone => Err(failure),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Nodes whose server is gone would stay for ever, and count. So would activations that were never
    /// used. The nodes are read first: a server that is new by then is in the later list.
    async fn forget_ghosts(&self) -> Result<(), Failure> {
        let nodes = self.nodes.all().await?;
        let servers = self.servers(None).await?;
        let workers: HashSet<_> = servers.iter().filter_map(worker_of).collect();
        let ghosts = nodes.iter().filter(|it| !it.is_online);
        for (ghost, worker) in ghosts.filter_map(|it| Some((it, it.worker.as_ref()?))) {
            if !workers.contains(worker) {
                self.nodes.forget_activations(worker, None).await?;
                self.nodes.deregister_node(&ghost.id).await?;
            }
        }
        self.nodes.forget_expired_activations().await
    }

    /// A server of this stage, or nothing that we may touch.
    fn is_ours(&self, server: &Server) -> bool {
        let has = |label: &str, value: &str| server.labels.get(label).is_some_and(|it| it == value);
        has(MANAGER_LABEL, MANAGER) && has(STAGE_LABEL, &self.stage)
    }
}

impl<C: Clock> Machines for HetznerMachines<C> {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, BuyError> {
        let bought = self.purchase(worker, offering).await;
        bought.map_err(|it| it.buying(&offering.machine_type))
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        let servers = self.servers(Some(worker)).await?;
        let Some(server) = servers.iter().find(|it| it.status != Status::Deleting) else {
            return Ok(None);
        };
        let node = self.nodes.find(worker).await?;
        Ok(machine(server, node.as_ref()))
    }

    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        let servers = self.servers(None).await?;
        let nodes = self.nodes.by_worker().await?;
        let node = |server| worker_of(server).and_then(|it| nodes.get(&it));
        Ok(servers.iter().filter_map(|it| machine(it, node(it))).collect())
    }

    /// Asks the system to end, and cuts the power only if it does not.
    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        self.power_off(machine_id).await.map_err(|it| it.switching(machine_id))
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        self.power_on(machine_id).await.map_err(|it| it.switching(machine_id))
    }

    /// What it could join by goes first, then what it joined as: the server is what a repeat finds
    /// the rest by.
    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        let found = match server_id(machine_id) {
            Some(id) => self.get(id).await?,
            None => None,
        };
        let Some(server) = found else { return Ok(self.forget_ghosts().await?) };
        if !self.is_ours(&server) {
            let foreign = format!("server `{}` is not of stage `{}`", server.name, self.stage);
            return Err(Unavailable::new("hetzner", foreign));
        }
        if let Some(worker) = worker_of(&server) {
            self.nodes.forget_activations(&worker, None).await?;
            self.nodes.deregister(&worker).await?;
        }
        if server.status != Status::Deleting {
            self.give_back(&server).await?;
        }
        Ok(())
    }
}

/// Hetzner's number of a machine. `None`: it is no machine of ours there.
fn server_id(machine_id: &str) -> Option<&str> {
    let number = machine_id.strip_prefix(MACHINE_ID_PREFIX)?;
    number.parse::<u64>().is_ok().then_some(number)
}

fn worker_of(server: &Server) -> Option<WorkerId> {
    server.labels.get(WORKER_LABEL)?.parse().ok()
}

/// `None`: it is going.
fn machine(server: &Server, node: Option<&Node>) -> Option<Machine> {
    let state = match server.status {
        Status::Running | Status::Migrating => Power::Running,
        Status::Stopping => Power::Stopping,
        Status::Off => Power::Stopped,
        // Of an unknown state it is not known that it runs.
        Status::Initializing | Status::Starting | Status::Rebuilding | Status::Unknown => {
            Power::Starting
        }
        Status::Deleting => return None,
    };
    Some(Machine {
        id: format!("{MACHINE_ID_PREFIX}{}", server.id),
        worker: worker_of(server),
        provider: Provider::Hetzner,
        machine_type: server.kind.name.clone(),
        region: server.location.name.clone(),
        state,
        node_id: node.map(|it| it.id.clone()),
        address: server.public_net.ipv4.as_ref().map(|it| it.ip),
        bought_at: server.created,
    })
}
