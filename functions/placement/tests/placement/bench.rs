//! The function over fakes.

use contracts::{
    blank::Saga as BlankSaga,
    provision::{ReadyWorker, Reserved, Saga},
};
use domain::{
    id::{BlankId, WorkerId},
    offering::Architecture,
    plan::PlanId,
    project::Project,
    worker::{Cordon, FIRST_PORT, Holder, PORTS, Reservation, State, Worker},
};
use placement::{Call, Config, PlaceError, World, handle};
use ports::fleet::Fleet;
use runtime::fault::{Classify, Fault};
use serde_json::Value;
use testkit::{
    clock::FakeClock,
    fleet::FakeFleet,
    make::{self, worker},
    placements::FakePlacements,
    random::FakeRandom,
};

pub(crate) struct Bench {
    pub(crate) fleet: FakeFleet,
    pub(crate) placements: FakePlacements,
    pub(crate) clock: FakeClock,
    pub(crate) random: FakeRandom,
    pub(crate) config: Config,
}

impl Bench {
    /// A stage whose image is for `x86_64`, without limits.
    pub(crate) fn of(workers: impl IntoIterator<Item = Worker>) -> Self {
        let config = Config { architecture: Architecture::X86, maximum_instances: [].into() };
        Self {
            fleet: FakeFleet::of(workers),
            placements: FakePlacements::default(),
            clock: FakeClock::default(),
            random: FakeRandom::default(),
            config,
        }
    }

    pub(crate) async fn run(&self, call: Call) -> Result<Value, PlaceError> {
        let Self { fleet, placements, clock, random, config } = self;
        handle(&World { fleet, placements, clock, random, config }, &call).await
    }

    /// Reserves, and says where.
    pub(crate) async fn reserved(&self, saga: &Saga) -> Reserved {
        let answer = self.run(Call::Reserve(saga.clone())).await.expect("reserves");
        serde_json::from_value(answer).expect("says where")
    }

    /// The name of the worker on which it reserves, if any has room.
    pub(crate) async fn place_of(&self, saga: &Saga) -> Option<String> {
        let Reserved { worker_id, blank_id, woken: _ } = self.reserved(saga).await;
        assert_eq!(blank_id, None, "it claims no blank");
        worker_id.map(|it| it.body().to_owned())
    }

    pub(crate) async fn released(&self, saga: &Saga) {
        let answer = self.run(Call::UndoReserve(saga.clone())).await.expect("releases");
        assert_eq!(answer, Value::Null);
    }

    /// How reserving for `saga` fails.
    pub(crate) async fn refused(&self, saga: &Saga) -> PlaceError {
        self.run(Call::Reserve(saga.clone())).await.expect_err("is refused")
    }

    pub(crate) async fn fault(&self, call: Call) -> Option<Fault> {
        self.run(call).await.err().map(|it| it.fault())
    }

    /// Reserves for a blank, and says where.
    pub(crate) async fn blank_placed(&self, saga: &BlankSaga) -> ReadyWorker {
        let answer = self.run(Call::ReserveBlank(saga.clone())).await.expect("reserves");
        serde_json::from_value(answer).expect("says where")
    }

    pub(crate) async fn blank_released(&self, saga: &BlankSaga) {
        let answer = self.run(Call::UndoReserveBlank(saga.clone())).await.expect("releases");
        assert_eq!(answer, Value::Null);
    }

    /// How many reservations there are, of whomever.
    pub(crate) fn claims(&self) -> usize {
        self.fleet.workers.borrow().values().map(|it| it.reservations.len()).sum()
    }

    /// Every worker as it is.
    pub(crate) fn snapshot(&self) -> Vec<Worker> {
        self.fleet.workers.borrow().values().cloned().collect()
    }

    pub(crate) fn worker(&self, name: &str) -> Worker {
        self.fleet.workers.borrow()[&id(name)].clone()
    }

    /// What the project of `saga` has on worker `name`.
    pub(crate) fn held(&self, name: &str, saga: &Saga) -> Option<Reservation> {
        self.worker(name).held_by(&saga.project_id).cloned()
    }

    pub(crate) async fn cordon(&self, name: &str) {
        self.fleet.cordon(&id(name), Cordon::Operator).await.expect("is up");
    }

    pub(crate) fn add(&self, worker: Worker) {
        self.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
    }
}

pub(crate) fn id(name: &str) -> WorkerId {
    WorkerId::new(name).expect("plain")
}

pub(crate) fn blank_id(body: &str) -> BlankId {
    BlankId::new(body).expect("plain")
}

/// Whether instances may be published on `port`.
pub(crate) fn is_a_port(port: u16) -> bool {
    (FIRST_PORT..FIRST_PORT + PORTS).contains(&port)
}

/// What one project of [`make::project`]'s plan asks for.
pub(crate) fn demand_mib() -> u32 {
    make::saga().plan.plan().limits.memory_mib
}

/// The first provisioning of somebody else's project.
pub(crate) fn other(body: &str) -> Saga {
    Saga::of(&make::project_called(body))
}

pub(crate) fn second_attempt() -> Saga {
    Saga::of(&Project { attempt: 2, ..make::project() })
}

pub(crate) fn saga_of(body: &str, plan: PlanId) -> Saga {
    Saga::of(&Project { plan, ..make::project_called(body) })
}

pub(crate) fn in_state(name: &str, state: State, memory_mib: u32) -> Worker {
    Worker { state, ..worker(name, memory_mib) }
}

/// The same worker with a blank of `plan` on it.
pub(crate) fn with_blank(mut worker: Worker, body: &str, plan: PlanId, warm: bool) -> Worker {
    let (blank, demand) = (blank_id(body), plan.plan().limits);
    let held = Reservation {
        id: blank.reservation(),
        demand,
        port: worker.free_port(0).expect("has a port"),
        plan,
        since: worker.changed_at,
        warm,
        blank: None,
    };
    worker.free = worker.free.minus(demand).expect("has room");
    worker.reservations.insert(Holder::from(blank), held);
    worker
}

/// A worker that is full but for one warm Standard blank, on the second port.
pub(crate) fn full_but_for_a_blank(name: &str, blank: &str) -> Worker {
    let mut worker = with_blank(worker(name, demand_mib()), blank, PlanId::Standard, true);
    for held in worker.reservations.values_mut() {
        held.port = FIRST_PORT + 1;
    }
    worker
}
