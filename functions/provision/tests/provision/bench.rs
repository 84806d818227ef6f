//! The function over fakes.

use contracts::{
    grow,
    provision::{ReadyWorker, Reserved, Saga},
};
use domain::{
    capacity::Capacity,
    id::WorkerId,
    offering::{Architecture, Offering, Offerings, Provider},
    plan::PlanId,
    worker::{FIRST_PORT, Holder, PORTS, Reservation, State, Worker},
};
use ports::{
    fleet::Fleet,
    machines::{Machine, Machines, Power},
};
use provision::{Call, Config, ProvisionError, World, handle};
use runtime::fault::{Classify, Fault};
use testkit::{
    clock::FakeClock, commands::FakeCommands, fleet::FakeFleet, machines::FakeMachines, make,
};

pub(crate) struct Bench {
    pub(crate) fleet: FakeFleet,
    pub(crate) machines: FakeMachines,
    pub(crate) commands: FakeCommands,
    pub(crate) clock: FakeClock,
    pub(crate) config: Config,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            fleet: FakeFleet::default(),
            machines: FakeMachines::default(),
            commands: FakeCommands::default(),
            clock: FakeClock::default(),
            config: config(ladder()),
        }
    }
}

impl Bench {
    pub(crate) fn selling(offerings: Vec<Offering>) -> Self {
        Self { config: config(offerings), ..Self::default() }
    }

    pub(crate) async fn run(&self, call: Call) -> Result<Option<ReadyWorker>, ProvisionError> {
        self.run_on(&self.machines, call).await
    }

    /// The same with another provider.
    pub(crate) async fn run_on(
        &self,
        machines: &impl Machines,
        call: Call,
    ) -> Result<Option<ReadyWorker>, ProvisionError> {
        let Self { fleet, commands, clock, config, .. } = self;
        handle(&World { fleet, machines, commands, clock, config }, &call).await
    }

    /// Runs a step that succeeds.
    pub(crate) async fn done(&self, call: Call) -> Option<ReadyWorker> {
        let case = format!("{call:?}");
        self.run(call).await.unwrap_or_else(|error| panic!("{case}: {error}"))
    }

    /// Runs a step that fails.
    pub(crate) async fn fails(&self, call: Call) -> (Fault, ProvisionError) {
        let error = self.run(call).await.expect_err("fails");
        (error.fault(), error)
    }

    pub(crate) fn worker_called(&self, id: &WorkerId) -> Worker {
        self.fleet.workers.borrow()[id].clone()
    }

    /// The worker that the saga buys.
    pub(crate) fn worker(&self) -> Worker {
        self.worker_called(&saga().new_worker_id)
    }

    pub(crate) fn alive(&self) -> usize {
        self.machines.alive.borrow().len()
    }

    pub(crate) fn sold_out(&self, machine_types: &[&str]) {
        *self.machines.sold_out.borrow_mut() = machine_types.iter().map(|&it| it.into()).collect();
    }

    pub(crate) fn each_machine(&self, change: impl FnMut(&mut Machine)) {
        self.machines.alive.borrow_mut().values_mut().for_each(change);
    }

    /// Somebody else's project gets a place on `worker`.
    pub(crate) async fn somebody_else_moves_in(&self, worker: &WorkerId) {
        let project = make::project_called("z").id;
        let demand = Capacity { memory_mib: 256, cpu_millis: 100 };
        let taken = self.worker_called(worker).free_port(0).expect("has a port");
        let claim =
            Reservation { demand, port: taken, ..claim(&Saga::of(&make::project_called("z"))) };
        self.fleet.reserve(worker, &Holder::from(project), &claim).await.expect("has room");
    }

    pub(crate) fn assert_gone(&self) {
        self.assert_retired(&saga().new_worker_id);
    }

    pub(crate) fn assert_retired(&self, id: &WorkerId) {
        assert!(!self.machines.alive.borrow().contains_key(id), "{id}: a machine is left");
        let worker = self.worker_called(id);
        assert_eq!((worker.state, worker.reservations.len()), (State::Terminated, 0), "{id}");
        self.fleet.assert_balanced();
    }
}

/// A saga that found no room.
pub(crate) fn saga() -> Saga {
    Saga {
        reserve: Some(Reserved { worker_id: None, blank_id: None, woken: false }),
        ..make::saga()
    }
}

/// A saga that found a place on `worker`.
pub(crate) fn saga_on(worker: &WorkerId) -> Saga {
    let reserve = Some(Reserved { worker_id: Some(worker.clone()), blank_id: None, woken: false });
    Saga { reserve, ..make::saga() }
}

pub(crate) fn buy() -> Call {
    Call::BuyWorker(saga())
}

pub(crate) fn undo() -> Call {
    Call::UndoBuyWorker(saga())
}

pub(crate) fn wait() -> Call {
    Call::AwaitWorker(saga())
}

/// What the project of `saga` reserves, on some port.
pub(crate) fn claim(saga: &Saga) -> Reservation {
    Reservation {
        id: saga.reservation_id.clone(),
        demand: saga.plan.plan().limits,
        port: FIRST_PORT,
        plan: saga.plan,
        since: make::worker("a", 0).changed_at,
        warm: false,
        blank: None,
    }
}

pub(crate) fn is_a_port(port: u16) -> bool {
    (FIRST_PORT..FIRST_PORT + PORTS).contains(&port)
}

/// A worker that was stopped and kept, and its machine.
pub(crate) fn stopped(name: &str) -> (Worker, Machine) {
    let worker = Worker { state: State::WarmStopped, ..make::worker(name, 8192) };
    let machine = Machine {
        id: format!("i-{name}"),
        worker: Some(worker.id.clone()),
        provider: Provider::Ec2,
        machine_type: worker.origin.machine_type.clone(),
        region: worker.origin.region.clone(),
        state: Power::Stopped,
        node_id: Some(format!("i-{name}")),
        address: Some([10, 0, 0, 1].into()),
        bought_at: worker.changed_at,
    };
    (worker, machine)
}

/// A spare of Standard size, kept once it is ready.
pub(crate) fn growing(worker: &str, from: grow::Source) -> grow::Saga {
    let worker_id = WorkerId::new(worker).expect("plain");
    grow::Saga { worker_id, from, plan: PlanId::Standard, park: true, error: None }
}

fn config(offerings: Vec<Offering>) -> Config {
    Config {
        offerings: Offerings(offerings),
        architecture: Architecture::X86,
        region: "us-east-1".to_owned(),
        agent_image: "agent:1".to_owned(),
    }
}

fn ladder() -> Vec<Offering> {
    vec![offering("big", 16_384, 0.13), offering("small", 4096, 0.08), offering("tiny", 1024, 0.01)]
}

pub(crate) fn offering(machine_type: &str, memory_mib: u32, usd_per_hour: f64) -> Offering {
    Offering { usd_per_hour, ..make::offering(machine_type, memory_mib) }
}

/// What somebody else sells.
pub(crate) fn elsewhere(machine_type: &str, memory_mib: u32, usd_per_hour: f64) -> Offering {
    Offering { provider: Provider::Hetzner, ..offering(machine_type, memory_mib, usd_per_hour) }
}
