//! What befalls machines, ports and the clock.

use super::{
    chaos::Event,
    sim::{Sim, Span},
};
use domain::{
    id::WorkerId,
    offering::{Provider, Purchase},
    worker::Worker,
};
use ports::machines::Machine;
use serde_json::{Value, json};
use std::time::Duration;

/// Of a Spot machine.
const NOTICE: Duration = Duration::from_mins(2);
/// A throttled port lets calls through again after less than that.
const THROTTLED_S: usize = 60;

impl Sim {
    pub(super) async fn disturb(&mut self, span: Span) {
        let Some(event) = self.chaos.event() else { return };
        self.note(format!("{event:?}"));
        match event {
            Event::CustomerPays
            | Event::SomebodyMeansToBuy
            | Event::OwnerRetries
            | Event::OwnerConfigures
            | Event::OwnerStops
            | Event::OwnerStarts
            | Event::OwnerRestarts
            | Event::SomebodyComesToASleeper
            | Event::OwnerKeepsAwake => self.let_act(event, span).await,
            Event::OperatorCordons => self.operate("cordon").await,
            Event::OperatorUncordons => self.operate("uncordon").await,
            Event::OperatorDrains => self.operate("drain").await,
            Event::WorkerIsLost => self.lose_worker().await,
            Event::WorkerIsCutOff => self.cut_worker_off(),
            Event::WorkersComeBack => self.bring_workers_back(),
            Event::SpotIsTakenBack => self.take_spot_back().await,
            Event::RebalanceIsAdvised => self.advise_rebalance().await,
            Event::SoldOut
            | Event::AllSoldOut
            | Event::ProviderRefuses
            | Event::InStock
            | Event::AnswerOfProviderLost
            | Event::AnswerOfWorkerLost
            | Event::AnswerOfStoreLost => self.spoil(event),
            Event::PortIsThrottled => self.throttle(),
            Event::ClockJumps => {
                self.tally.count("clock jumped ahead");
                self.world.clock.advance(self.chaos.seconds_below(3 * 60 * 60));
                // Heartbeats go on while functions are late.
                self.world.beat_all();
            }
            Event::ClockIsTurnedBack => {
                self.tally.count("clock turned back");
                let back = self.chaos.seconds_below(2 * 60);
                self.world.clock.turn_back(back);
                self.now.turned_back += back;
                self.world.beat_all();
            }
        }
    }

    /// Customers and owners are answered at once, or told to come again.
    async fn let_act(&mut self, event: Event, span: Span) {
        if !self.throttled.is_empty() {
            return;
        }
        for store in self.world.lost_answers() {
            store.begin(0);
        }
        match event {
            Event::CustomerPays if self.customers < span.customers => self.customer_pays().await,
            Event::SomebodyMeansToBuy => self.somebody_means_to_buy().await,
            Event::OwnerRetries => self.owner_retries().await,
            Event::OwnerConfigures => self.owner_configures().await,
            Event::OwnerStops => self.owner_stops().await,
            Event::OwnerStarts => self.owner_starts().await,
            Event::OwnerRestarts => self.owner_restarts().await,
            Event::SomebodyComesToASleeper => self.somebody_comes_to_a_sleeper().await,
            Event::OwnerKeepsAwake => self.owner_keeps_awake().await,
            _ => (),
        }
    }

    /// No noise from here on, and everything that was away is back.
    pub(super) fn calm(&mut self) {
        self.chaos.quiet = true;
        self.bring_workers_back();
        self.spoil(Event::InStock);
        self.note("all is calm");
    }

    /// What is over is over.
    pub(super) fn mend(&mut self) {
        let now = self.now.active;
        for (port, _) in self.throttled.extract_if(.., |_, until| *until <= now) {
            self.world.outages()[port].begin(0);
        }
        if self.reaper_goes_on.is_some_and(|it| it <= now) {
            self.reaper_goes_on = None;
            self.world.settings.reaper.borrow_mut().stop_share_percent = 100;
            self.note("an operator lets the reaper go on");
        }
        let taken: Vec<_> = self.leaving.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, worker) in taken {
            self.take_away(&worker);
        }
    }

    fn throttle(&mut self) {
        let outages = self.world.outages();
        let port = self.chaos.below(outages.len());
        outages[port].begin(u32::MAX);
        let until = self.now.active + self.chaos.seconds_below(THROTTLED_S);
        self.throttled.insert(port, until);
        self.tally.count("port throttled for a while");
    }

    fn spoil(&mut self, event: Event) {
        let machines = &self.world.machines;
        let types = &self.world.settings.provision.offerings.0;
        let all = || types.iter().map(|it| it.machine_type.clone());
        let one = || all().nth(self.chaos.below(types.len()));
        match event {
            Event::SoldOut => machines.sold_out.borrow_mut().extend(one()),
            Event::AllSoldOut => machines.sold_out.borrow_mut().extend(all()),
            Event::ProviderRefuses => machines.refused.borrow_mut().extend(one()),
            Event::InStock => {
                machines.sold_out.borrow_mut().clear();
                machines.refused.borrow_mut().clear();
                return;
            }
            Event::AnswerOfProviderLost => machines.lose_answer.set(true),
            Event::AnswerOfWorkerLost => self.world.commands.lose_answer.set(true),
            _ => {
                let stores = self.world.lost_answers();
                stores[self.chaos.below(stores.len())].begin(1);
            }
        }
        self.tally.count(match event {
            Event::SoldOut => "machine type sold out",
            Event::AllSoldOut => "everything sold out",
            Event::ProviderRefuses => "provider refuses to sell",
            Event::AnswerOfProviderLost => "answer of the provider lost",
            Event::AnswerOfWorkerLost => "answer of a worker lost",
            _ => "answer of a store lost",
        });
    }

    /// One of the machines that run, if there is one.
    fn choose_machine(&self) -> Option<(WorkerId, Machine)> {
        let alive = self.world.machines.alive.borrow();
        let running: Vec<_> = alive.iter().filter(|(_, it)| it.is_running()).collect();
        self.chaos.choose(&running).map(|(worker, it)| ((*worker).clone(), (*it).clone()))
    }

    /// Some providers say so, and others leave it to us to find out.
    async fn lose_worker(&mut self) {
        let Some((worker, machine)) = self.choose_machine() else { return };
        self.tally.count("worker lost");
        self.take_away(&worker);
        if machine.provider == Provider::Ec2 && self.chaos.below(2) == 0 {
            let detail = json!({ "instance-id": machine.id, "state": "terminated" });
            self.tell("EC2 Instance State-change Notification", &detail).await;
        }
    }

    fn take_away(&mut self, worker: &WorkerId) {
        let node = self.world.machines.alive.borrow().get(worker).and_then(|it| it.node_id.clone());
        if let Some(node) = node {
            self.world.machines.vanish(worker);
            self.world.commands.lose_node(&node);
            self.lost.insert(node);
        }
    }

    fn cut_worker_off(&mut self) {
        if let Some(node) = self.choose_machine().and_then(|(_, it)| it.node_id) {
            self.tally.count("worker cut off");
            self.world.commands.cut_off.borrow_mut().insert(node);
        }
    }

    /// Not those that are gone for good. What they ran may have been given up meanwhile.
    fn bring_workers_back(&mut self) {
        let lost = &self.lost;
        let mut cut_off = self.world.commands.cut_off.borrow_mut();
        for node in cut_off.extract_if(.., |it| !lost.contains(it)) {
            let here = self.world.commands.list(&node).into_iter();
            self.stranded.extend(here.map(|(holder, _)| ((node.clone(), holder), self.now)));
        }
    }

    async fn take_spot_back(&mut self) {
        let Some(worker) = self.choose_worker(|it| it.origin.purchase == Purchase::Spot) else {
            return;
        };
        self.tally.count("Spot machine taken back");
        self.leaving.push((self.now.active + NOTICE, worker.id));
        let detail = json!({ "instance-id": worker.machine_id, "instance-action": "terminate" });
        self.tell("EC2 Spot Instance Interruption Warning", &detail).await;
    }

    async fn advise_rebalance(&mut self) {
        let Some(worker) = self.choose_worker(|it| it.origin.purchase == Purchase::Spot) else {
            return;
        };
        self.tally.count("rebalance advised");
        let detail = json!({ "instance-id": worker.machine_id });
        self.tell("EC2 Instance Rebalance Recommendation", &detail).await;
    }

    fn choose_worker(&self, is_meant: impl Fn(&Worker) -> bool) -> Option<Worker> {
        let workers = self.world.fleet.workers.borrow();
        let has_machine = |it: &&Worker| self.world.machines.alive.borrow().contains_key(&it.id);
        let mut meant = workers.values().filter(|it| it.machine_id.is_some() && is_meant(it));
        let meant: Vec<_> = meant.by_ref().filter(has_machine).collect();
        self.chaos.choose(&meant).map(|it| (*it).clone())
    }

    /// Once: what is lost with it, a look finds.
    async fn tell(&mut self, kind: &str, detail: &Value) {
        let event = json!({ "detail-type": kind, "detail": detail });
        let _ = self.call("worker-watch", &event).await;
    }
}
