//! What is around the functions: ports that refuse, workers that beat, containers that live.

use super::sim::Sim;
use crate::world::{Started, World};
use domain::{
    health::Sight,
    sleep::Activity,
    worker::{Holder, State},
};
use jiff::Timestamp;
use ports::{
    clock::Clock,
    heartbeats::{Container, Heartbeat},
    machines::Machine,
    sagas::Course,
};
use testkit::{outage::Outage, sagas::FakeSagas};

impl World {
    /// Of every port that a function may use.
    pub(super) fn outages(&self) -> Vec<&Outage> {
        let sagas = self.sagas.by_machine().map(|(_, it)| &it.outage);
        let others = [
            &self.fleet.outage,
            &self.projects.outage,
            &self.machines.outage,
            &self.commands.outage,
            &self.bundles.outage,
            &self.routes.outage,
            &self.heartbeats.outage,
            &self.cases.outage,
            &self.rests.outage,
            &self.bots.outage,
            &self.wakes.outage,
            &self.placements.outage,
            &self.configurations.outage,
            &self.configurations.keys.outage,
            &self.intents.outage,
            &self.vault.outage,
            &self.deliveries.outage,
            &self.wake_ups.outage,
            &self.looks.outage,
            &self.looks_at_instances.outage,
            &self.billing.outage,
            &self.subscriptions.outage,
            &self.accounts.outage,
            &self.payments.outage,
            &self.timers.outage,
            &self.letters.outage,
            &self.backups.outage,
        ];
        sagas.into_iter().chain(others).collect()
    }

    /// Of the stores that may take a write and lose the answer.
    pub(super) fn lost_answers(&self) -> [&Outage; 3] {
        [&self.fleet.lost_answers, &self.projects.lost_answers, &self.routes.lost_answers]
    }

    /// Every worker that can sends a heartbeat.
    pub(crate) fn beat_all(&self) {
        for machine in self.machines.alive.borrow().values() {
            let Some(node) = machine.node_id.clone().filter(|_| machine.is_running()) else {
                continue;
            };
            if self.is_cut_off(&node) {
                continue;
            }
            let listed = self.commands.list(&node).into_iter().map(|(holder, generation)| {
                let holder = holder.try_into().expect("only holders have containers");
                let activity = Some(self.activity_of(&holder));
                let sight = Some(Sight { activity, ..Sight::WELL });
                Container { holder, generation, sight }
            });
            let (at, containers) = (self.clock.now(), listed.collect());
            self.heartbeats.beat(Heartbeat { node_id: node, at, docker: true, containers });
        }
    }

    /// In each half hour some agents are used and others are not; some have a job to do in a while.
    fn activity_of(&self, holder: &Holder) -> Activity {
        let half_hour = self.clock.now().as_second() / (30 * 60);
        let chance = (half_hour + holder.as_str().bytes().map(i64::from).sum::<i64>()) % 4;
        let next_job_s = (chance == 2).then_some(3 * 60 * 60);
        let connections = u32::from(chance == 0);
        Activity { asked_s: 30, idle_s: 5 * 60 * 60, tasks: 0, connections, next_job_s }
    }

    pub(super) fn is_cut_off(&self, node: &str) -> bool {
        self.commands.cut_off.borrow().contains(node)
    }

    /// Whether what is on `node` runs and can be reached.
    pub(super) fn is_live(&self, node: &str) -> bool {
        let machines = self.machines.alive.borrow();
        let machine = machines.values().find(|it| it.node_id.as_deref() == Some(node));
        machine.is_some_and(Machine::is_running) && !self.is_cut_off(node)
    }
}

impl Sim {
    /// Everything that is not over, for whoever looks into a failure.
    pub(super) fn inventory(&self) -> String {
        let mut lines = Vec::new();
        for worker in self.world.fleet.workers.borrow().values() {
            if worker.state != State::Terminated {
                lines.push(format!("  {worker:?}"));
            }
        }
        lines.extend(self.world.machines.alive.borrow().values().map(|it| format!("  {it:?}")));
        lines.extend(self.world.projects.all().iter().map(|it| {
            let (id, state, attempt) = (&it.id, it.state, it.attempt);
            format!("  {id} {state:?} attempt {attempt}, {:?}", self.world.routes.route(&it.host))
        }));
        let containers = self.world.commands.containers.borrow();
        lines.extend(containers.iter().map(|it| format!("  container {it:?}")));
        lines.push(format!("  cut off: {:?}", self.world.commands.cut_off.borrow()));
        lines.push(format!("  {:?}", self.executions));
        lines.join("\n")
    }
}

impl Started {
    /// The execution called `name` has ended, as the state machine itself tells from now on.
    pub(super) fn end(&self, name: &str, at: Timestamp) {
        let of = |it: &(&str, &FakeSagas)| name.starts_with(&format!("{}-", it.0));
        if let Some((_, sagas)) = self.by_machine().into_iter().find(of) {
            sagas.set_course(name, Course::Ended { at });
        }
    }

    /// Every state machine by its name.
    pub(super) fn by_machine(&self) -> [(&'static str, &FakeSagas); 11] {
        let Self {
            provision,
            blank,
            grow,
            drain,
            configure,
            halt,
            resize,
            restart,
            erase,
            logs,
            exec,
        } = self;
        [
            ("provision", provision),
            ("blank", blank),
            ("grow", grow),
            ("drain", drain),
            ("configure", configure),
            ("halt", halt),
            ("resize", resize),
            ("restart", restart),
            ("erase", erase),
            ("logs", logs),
            ("exec", exec),
        ]
    }
}
