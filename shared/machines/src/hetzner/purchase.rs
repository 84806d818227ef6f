//! Buying a server: an activation first, then the server that carries it.
//!
//! The code of an activation is told once, so a server can only join by the one that it was bought
//! with. Its id stands on the server as a label, so that whoever finds the server after a lost answer
//! knows which activation to keep, and deletes all others of that worker.

use super::{
    HetznerMachines, MANAGER, MANAGER_LABEL, STAGE_LABEL, WORKER_LABEL,
    api::ActionFailed,
    machine,
    wire::{Labels, Order, Ordered, OrderedFirewall, OrderedNet, Server, Servers, Status},
    worker_of,
};
use crate::{
    errors::{Failure, Verdict},
    nodes::Activation,
    user_data,
};
use domain::{id::WorkerId, offering::Offering};
use ports::{clock::Clock, machines::Machine};
use reqwest::Method;

const ACTIVATION_LABEL: &str = "activation";

impl<C: Clock> HetznerMachines<C> {
    pub(super) async fn purchase(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, Failure> {
        let server = match self.bought_before(worker).await? {
            Some(server) => server,
            None => self.buy(worker, offering).await?,
        };
        let carried = server.labels.get(ACTIVATION_LABEL).map(String::as_str);
        self.nodes.forget_activations(worker, carried).await?;
        self.protect(&server, true).await?;
        let node = self.nodes.find(worker).await?;
        machine(&server, node.as_ref()).ok_or_else(|| going(&server))
    }

    /// The server under the worker's name. Fails if somebody else has taken that name.
    async fn bought_before(&self, worker: &WorkerId) -> Result<Option<Server>, Failure> {
        let name = name_of(worker);
        let request = self.api.request(Method::GET, &["servers"]).query(&[("name", &name)]);
        let found: Servers = self.api.answer(request).await?;
        let Some(server) = found.servers.into_iter().next() else { return Ok(None) };
        if !self.is_ours(&server) || worker_of(&server).as_ref() != Some(worker) {
            let foreign = format!("a server `{name}` is there, and its labels are not ours");
            return Err(Failure::refused("hetzner", foreign));
        }
        if server.status == Status::Deleting {
            return Err(going(&server));
        }
        Ok(Some(server))
    }

    /// Tries one location after the other. That is one purchase, because it is one name.
    async fn buy(&self, worker: &WorkerId, offering: &Offering) -> Result<Server, Failure> {
        let activation = self.nodes.activate(worker, self.api.clock().now()).await?;
        let bought = match user_data::render(&self.settings, &activation) {
            Ok(script) => self.order_anywhere(worker, offering, &activation, &script).await,
            Err(failure) => Err(failure),
        };
        match bought {
            Err(failure) if failure.verdict == Verdict::Taken => {
                self.bought_before(worker).await?.ok_or(failure)
            }
            // Without an answer there may be a server that needs it. The repeat finds out.
            Err(failure) if failure.verdict != Verdict::Unavailable => {
                self.nodes.forget_activation(&activation.id).await?;
                Err(failure)
            }
            outcome => outcome,
        }
    }

    async fn order_anywhere(
        &self,
        worker: &WorkerId,
        offering: &Offering,
        activation: &Activation,
        script: &str,
    ) -> Result<Server, Failure> {
        let mut sold_out = None;
        for location in &self.config.locations {
            let order = self.order(worker, offering, activation, script, location);
            let request = self.api.request(Method::POST, &["servers"]).json(&order);
            match self.api.answer::<Ordered>(request).await {
                Ok(ordered) => return self.made(ordered).await,
                Err(failure) if failure.verdict == Verdict::InsufficientCapacity => {
                    tracing::info!(%location, reason = %failure, "hetzner has none here");
                    sold_out = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(sold_out.unwrap_or_else(|| Failure::refused("hetzner", "there is no location")))
    }

    fn order<'a>(
        &'a self,
        worker: &WorkerId,
        offering: &'a Offering,
        activation: &Activation,
        script: &'a str,
        location: &'a str,
    ) -> Order<'a> {
        let labels = [
            (MANAGER_LABEL, MANAGER),
            (STAGE_LABEL, &self.stage),
            (WORKER_LABEL, worker.as_str()),
            (ACTIVATION_LABEL, &activation.id),
        ];
        Order {
            name: name_of(worker),
            server_type: &offering.machine_type,
            location,
            image: &self.config.image,
            labels: Labels::from(labels.map(|(label, value)| (label.into(), value.to_owned()))),
            user_data: script,
            public_net: OrderedNet { enable_ipv4: true, enable_ipv6: false },
            ssh_keys: self.config.ssh_key.as_deref().into_iter().collect(),
            firewalls: self
                .config
                .firewall_id
                .map(|firewall| OrderedFirewall { firewall })
                .into_iter()
                .collect(),
        }
    }

    /// An order is accepted before it is fulfilled. One that then fails leaves a server that will
    /// never run.
    async fn made(&self, ordered: Ordered) -> Result<Server, Failure> {
        let Ordered { server, action, next_actions } = ordered;
        for action in std::iter::once(action).chain(next_actions) {
            if let Err(failure) = self.api.settle(action).await {
                // Without an answer it may yet come true.
                if failure.source.is::<ActionFailed>() {
                    self.give_back(&server).await?;
                }
                return Err(failure);
            }
        }
        Ok(server)
    }
}

fn going(server: &Server) -> Failure {
    Failure::unavailable("hetzner", format!("server `{}` is being deleted", server.name))
}

/// Names are host names, where an id's `_` may not stand.
fn name_of(worker: &WorkerId) -> String {
    worker.as_str().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_a_host_name_of_its_own() {
        let worker = WorkerId::new("4k2x9q7hzd-12").unwrap();
        assert_eq!(name_of(&worker), "wrk-4k2x9q7hzd-12");
        let longest = name_of(&WorkerId::new(&"a".repeat(domain::id::MAX_BODY_LEN)).unwrap());
        assert!(longest.len() <= 63, "{longest}");
    }
}
