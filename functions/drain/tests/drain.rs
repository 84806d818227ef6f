//! Draining, parking and calling off, each twice, with the worker changed in between.

use contracts::{
    drain::{Drained, Saga},
    grow::{Saga as GrowSaga, Source},
};
use domain::{
    id::WorkerId,
    offering::{Offering, Provider, Purchase},
    plan::PlanId,
    worker::{FIRST_PORT, Holder, Reservation, State, Worker},
};
use drain::{Answer, Call, DrainError, World, handle};
use jiff::SignedDuration;
use ports::{
    Unavailable,
    clock::Clock,
    fleet::Fleet,
    machines::{BuyError, Machine, Machines, Power, PowerError},
};
use runtime::fault::{Classify, Fault};
use std::cell::Cell;
use testkit::{
    clock::FakeClock, fleet::FakeFleet, machines::FakeMachines, make, projects::FakeProjects,
    sagas::FakeSagas,
};

#[derive(Default)]
struct Bench {
    fleet: FakeFleet,
    machines: FakeMachines,
    clock: FakeClock,
    projects: FakeProjects,
    halts: FakeSagas,
    provisions: FakeSagas,
}

impl Bench {
    /// A ready worker that nobody is on, bought as `offering`.
    async fn of(offering: &Offering) -> Self {
        let bench = Self::default();
        let id = worker_id();
        let machine = bench.machines.ensure_bought(&id, offering).await.expect("is to be had");
        let mut worker = Worker { machine_id: Some(machine.id), ..make::worker("a", 8_192) };
        worker.origin.provider = offering.provider;
        worker.origin.purchase = offering.purchase;
        worker.changed_at = bench.clock.now() - SignedDuration::from_mins(5);
        bench.fleet.ensure_recorded(&worker).await.expect("is up");
        bench
    }

    async fn on_demand() -> Self {
        Self::of(&make::offering("small", 8_704)).await
    }

    async fn run(&self, call: &Call) -> Result<Answer, DrainError> {
        handle(&self.world(&self.machines), call).await
    }

    fn world<'a, M>(
        &'a self,
        machines: &'a M,
    ) -> World<'a, FakeFleet, M, FakeClock, FakeProjects, FakeSagas> {
        let Self { fleet, clock, projects, halts, provisions, .. } = self;
        World { fleet, machines, clock, projects, halts, provisions }
    }

    async fn done(&self, call: &Call) -> Answer {
        self.run(call).await.unwrap_or_else(|error| panic!("{call:?}: {error}"))
    }

    /// The machine that a drain hands on, `None` if the worker stays.
    async fn drained(&self, saga: &Saga) -> Option<String> {
        let call = Call::DrainWorker(saga.clone());
        match self.done(&call).await {
            Answer::Drained(Drained { machine_id }) => machine_id,
            other => panic!("{other:?} is no answer to that"),
        }
    }

    async fn fails(&self, call: &Call) -> Fault {
        self.run(call).await.expect_err("fails").fault()
    }

    fn worker(&self) -> Worker {
        self.fleet.workers.borrow()[&worker_id()].clone()
    }

    fn put(&self, state: State) {
        let mut workers = self.fleet.workers.borrow_mut();
        workers.get_mut(&worker_id()).expect("is there").state = state;
    }

    fn power(&self) -> Option<Power> {
        self.machines.alive.borrow().get(&worker_id()).map(|it| it.state)
    }

    async fn somebody_moves_in(&self) {
        let project = make::project();
        let claim = Reservation {
            id: project.id.reservation(1),
            demand: project.plan.plan().limits,
            port: FIRST_PORT,
            plan: project.plan,
            since: self.clock.now(),
            warm: false,
            blank: None,
        };
        let holder = Holder::from(project.id);
        self.fleet.reserve(&worker_id(), &holder, &claim).await.expect("has room");
    }

    /// A drain that was planned for what the worker is now.
    fn saga(&self, park: bool) -> Saga {
        Saga::of_empty(worker_id(), self.worker().changed_at, park)
    }
}

fn worker_id() -> WorkerId {
    WorkerId::new("a").expect("plain")
}

fn spot() -> Offering {
    Offering { purchase: Purchase::Spot, ..make::offering("small", 8_704) }
}

fn hetzner() -> Offering {
    Offering { provider: Provider::Hetzner, ..make::offering("cx33", 8_704) }
}

fn spare(park: bool) -> Call {
    let (worker_id, from) = (worker_id(), Source::Purchase);
    Call::ParkSpare(GrowSaga { worker_id, from, plan: PlanId::Standard, park, error: None })
}

#[tokio::test]
async fn an_idle_worker_is_drained_and_given_back_each_step_twice() {
    let bench = Bench::on_demand().await;
    let saga = bench.saga(false);
    for round in ["once", "twice"] {
        assert_eq!(bench.drained(&saga).await.as_deref(), Some("i-1"), "{round}");
        assert_eq!(bench.worker().state, State::Draining, "{round}");
    }
    for round in ["once", "twice"] {
        bench.done(&Call::GiveBack(saga.clone())).await;
        assert_eq!((bench.worker().state, bench.power()), (State::Terminated, None), "{round}");
    }
    assert_eq!(bench.drained(&saga).await.as_deref(), Some("i-1"), "a late repeat says the same");
}

#[tokio::test]
async fn a_worker_to_be_parked_is_stopped_and_stays() {
    let bench = Bench::on_demand().await;
    let saga = bench.saga(true);
    bench.drained(&saga).await.expect("is drained");
    for round in ["once", "twice"] {
        bench.done(&Call::GiveBack(saga.clone())).await;
        let after = (bench.worker().state, bench.power());
        assert_eq!(after, (State::WarmStopped, Some(Power::Stopped)), "{round}");
    }
    // Woken meanwhile: a repeat of the same drain comes too late for it.
    bench.put(State::Starting);
    bench.done(&Call::GiveBack(saga.clone())).await;
    assert_eq!(bench.drained(&saga).await, None);
    assert_eq!(bench.worker().state, State::Starting);
}

#[tokio::test]
async fn what_is_not_cheaper_when_it_is_stopped_is_given_back_instead() {
    for (case, offering) in [("spot", spot()), ("hetzner", hetzner())] {
        let bench = Bench::of(&offering).await;
        let saga = bench.saga(true);
        bench.drained(&saga).await.expect("is drained");
        bench.done(&Call::GiveBack(saga)).await;
        assert_eq!((bench.worker().state, bench.power()), (State::Terminated, None), "{case}");
    }
}

#[tokio::test]
async fn a_refusal_to_stop_gives_the_machine_back() {
    let bench = Bench::of(&spot()).await;
    // The record does not know that it was bought as Spot.
    let worker = Worker { origin: make::origin(), ..bench.worker() };
    bench.fleet.workers.borrow_mut().insert(worker_id(), worker);
    let saga = bench.saga(true);
    bench.drained(&saga).await.expect("is drained");
    for round in ["once", "twice"] {
        bench.done(&Call::GiveBack(saga.clone())).await;
        assert_eq!((bench.worker().state, bench.power()), (State::Terminated, None), "{round}");
    }
}

#[tokio::test]
async fn whoever_came_meanwhile_keeps_the_worker() {
    let bench = Bench::on_demand().await;
    let saga = bench.saga(false);
    bench.somebody_moves_in().await;
    assert_eq!(bench.drained(&saga).await, None);
    assert_eq!(bench.worker().state, State::Ready);

    // Gone again, and yet something happened: it may be wanted again as soon.
    let holder = Holder::from(make::project().id);
    let id = make::project().id.reservation(1);
    bench.fleet.release(&worker_id(), &holder, &id, bench.clock.now()).await.expect("is up");
    assert_eq!(bench.drained(&saga).await, None);
    assert!(bench.drained(&bench.saga(false)).await.is_some(), "a drain for the new moment works");
}

#[tokio::test]
async fn a_stopped_worker_is_given_back_without_being_emptied_first() {
    let bench = Bench::on_demand().await;
    bench.put(State::WarmStopped);
    bench.machines.stop("i-1").await.expect("can be stopped");
    let saga = bench.saga(false);
    for round in ["once", "twice"] {
        assert_eq!(bench.drained(&saga).await.as_deref(), Some("i-1"), "{round}");
        assert_eq!(bench.worker().state, State::Terminated, "{round}");
    }
    // It was woken by nobody, so it can be undone by nobody either.
    bench.done(&Call::UndoDrainWorker(saga.clone())).await;
    bench.done(&Call::GiveBack(saga)).await;
    assert_eq!((bench.worker().state, bench.power()), (State::Terminated, None));
}

#[tokio::test]
async fn a_worker_that_is_neither_ready_nor_stopped_is_left_alone() {
    for state in [State::Provisioning, State::Starting, State::Error] {
        let bench = Bench::on_demand().await;
        bench.put(state);
        let saga = bench.saga(false);
        assert_eq!(bench.drained(&saga).await, None, "{state:?}");
        bench.done(&Call::UndoDrainWorker(saga)).await;
        assert_eq!(bench.worker().state, state);
    }
    let unknown = Bench::default();
    let saga = Bench::on_demand().await.saga(true);
    assert_eq!(unknown.drained(&saga).await, None);
    for call in [Call::UndoDrainWorker(saga.clone()), Call::GiveBack(saga), spare(true)] {
        assert_eq!(unknown.done(&call).await, Answer::Nothing, "{call:?}");
    }
}

#[tokio::test]
async fn a_record_without_a_machine_leaves_with_its_drain() {
    let bench = Bench::on_demand().await;
    bench.machines.vanish(&worker_id());
    let unbought = Worker { machine_id: None, ..bench.worker() };
    bench.fleet.workers.borrow_mut().insert(worker_id(), unbought);
    let saga = bench.saga(true);
    for round in ["once", "twice"] {
        assert_eq!(bench.drained(&saga).await, None, "{round}");
        assert_eq!(bench.worker().state, State::Terminated, "{round}");
    }
}

#[tokio::test]
async fn a_machine_that_only_its_tag_knows_is_given_back_too() {
    let bench = Bench::on_demand().await;
    let unrecorded = Worker { machine_id: None, ..bench.worker() };
    bench.fleet.workers.borrow_mut().insert(worker_id(), unrecorded);
    let saga = bench.saga(false);
    assert_eq!(bench.drained(&saga).await.as_deref(), Some("i-1"));
    bench.done(&Call::GiveBack(saga)).await;
    assert_eq!((bench.worker().state, bench.power()), (State::Terminated, None));
}

#[tokio::test]
async fn a_machine_that_is_gone_already_is_success() {
    for park in [true, false] {
        let bench = Bench::on_demand().await;
        let saga = bench.saga(park);
        bench.drained(&saga).await.expect("is drained");
        bench.machines.vanish(&worker_id());
        bench.done(&Call::GiveBack(saga)).await;
        assert_eq!(bench.worker().state, State::Terminated, "park: {park}");
    }
}

#[tokio::test]
async fn a_drain_that_is_called_off_serves_again_if_it_still_runs() {
    let bench = Bench::on_demand().await;
    let saga = bench.saga(true);
    let undo = Call::UndoDrainWorker(saga.clone());
    bench.drained(&saga).await.expect("is drained");
    for round in ["once", "twice"] {
        bench.done(&undo).await;
        assert_eq!(bench.worker().state, State::Ready, "{round}");
    }
    assert_eq!(bench.drained(&saga).await, None, "a late do after its undo is refused");
    assert_eq!(bench.worker().state, State::Ready);
}

#[tokio::test]
async fn a_drain_that_comes_after_its_undo_is_refused_though_it_had_never_begun() {
    let bench = Bench::on_demand().await;
    let saga = bench.saga(true);
    for round in ["once", "twice"] {
        bench.done(&Call::UndoDrainWorker(saga.clone())).await;
        assert_eq!(bench.worker().state, State::Ready, "{round}");
    }
    assert_eq!(bench.drained(&saga).await, None);
    assert_eq!(bench.worker().state, State::Ready);
    assert!(bench.drained(&bench.saga(true)).await.is_some(), "one that is planned anew works");
}

#[tokio::test]
async fn a_drain_whose_machine_is_off_is_not_called_off() {
    let bench = Bench::on_demand().await;
    let saga = bench.saga(true);
    bench.drained(&saga).await.expect("is drained");
    bench.machines.stop("i-1").await.expect("can be stopped");
    bench.done(&Call::UndoDrainWorker(saga)).await;
    assert_eq!(bench.worker().state, State::Draining);
}

#[tokio::test]
async fn an_outage_at_any_point_is_retried_to_the_same_end() {
    for before in 0..4 {
        let bench = Bench::on_demand().await;
        let saga = bench.saga(true);
        bench.drained(&saga).await.expect("is drained");
        let call = Call::GiveBack(saga);
        // Stop, look; and each of the two may be the one that fails.
        bench.machines.outage.begin_after(before, 1);
        match bench.run(&call).await {
            Ok(_) => assert!(before >= 2, "{before}"),
            Err(error) => assert_eq!(error.fault(), Fault::Retryable, "{before}"),
        }
        bench.machines.outage.begin(0);
        bench.done(&call).await;
        assert_eq!(bench.worker().state, State::WarmStopped, "{before}");
    }
    let bench = Bench::on_demand().await;
    let saga = bench.saga(false);
    bench.fleet.outage.begin(1);
    assert_eq!(bench.fails(&Call::DrainWorker(saga)).await, Fault::Retryable);
}

#[tokio::test]
async fn a_spare_is_parked_unless_it_is_to_stay_awake_or_somebody_is_on_it() {
    let bench = Bench::on_demand().await;
    bench.done(&spare(false)).await;
    assert_eq!(bench.worker().state, State::Ready);
    for round in ["once", "twice"] {
        bench.done(&spare(true)).await;
        let after = (bench.worker().state, bench.power());
        assert_eq!(after, (State::WarmStopped, Some(Power::Stopped)), "{round}");
    }

    let taken = Bench::on_demand().await;
    taken.somebody_moves_in().await;
    taken.done(&spare(true)).await;
    assert_eq!((taken.worker().state, taken.power()), (State::Ready, Some(Power::Running)));

    let costly = Bench::of(&spot()).await;
    for round in ["once", "twice"] {
        costly.done(&spare(true)).await;
        assert_eq!((costly.worker().state, costly.power()), (State::Terminated, None), "{round}");
    }
}

/// Machines that take their time to stop, or lose their worker over it.
struct Troubled<'a> {
    bench: &'a Bench,
    /// So many looks see a machine that is still stopping.
    looks: Cell<u32>,
    loses_worker: bool,
}

impl Machines for Troubled<'_> {
    async fn ensure_bought(&self, id: &WorkerId, of: &Offering) -> Result<Machine, BuyError> {
        self.bench.machines.ensure_bought(id, of).await
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        let looks = self.looks.replace(self.looks.get().saturating_sub(1));
        let state = if looks > 0 { Power::Stopping } else { Power::Stopped };
        Ok(self.bench.machines.find(worker).await?.map(|it| Machine { state, ..it }))
    }

    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        self.bench.machines.list().await
    }

    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        if self.loses_worker {
            self.bench.put(State::Error);
        }
        self.bench.machines.stop(machine_id).await
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        self.bench.machines.start(machine_id).await
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        self.bench.machines.terminate(machine_id).await
    }
}

#[tokio::test]
async fn a_machine_that_takes_its_time_is_waited_for_and_asked_again() {
    let bench = Bench::on_demand().await;
    let machines = Troubled { bench: &bench, looks: Cell::new(60), loses_worker: false };
    let world = bench.world(&machines);
    let began_at = bench.clock.now();
    let error = handle(&world, &spare(true)).await.expect_err("is not patient enough");
    assert!(matches!(error, DrainError::StillStopping(_)), "{error}");
    assert_eq!(error.fault(), Fault::Retryable);
    let waited = bench.clock.now().duration_since(began_at);
    assert!((100..110).contains(&waited.as_secs()), "{waited}");
    assert_eq!(bench.worker().state, State::Draining);
    handle(&world, &spare(true)).await.expect("the second call sees it off");
    assert_eq!(bench.worker().state, State::WarmStopped);
}

#[tokio::test]
async fn a_worker_that_is_lost_while_it_stops_is_not_said_to_be_parked() {
    let bench = Bench::on_demand().await;
    let machines = Troubled { bench: &bench, looks: Cell::new(0), loses_worker: true };
    let world = bench.world(&machines);
    let error = handle(&world, &spare(true)).await.expect_err("cannot be recorded");
    assert!(matches!(error, DrainError::NoLongerDraining(_)), "{error}");
    assert_eq!(error.fault(), Fault::Terminal);
    assert_eq!(bench.worker().state, State::Error);
}

#[test]
fn golden_inputs_are_understood() {
    let cases = [
        ("move-instances", include_str!("../../../events/drain/move-instances.json")),
        ("drain-worker", include_str!("../../../events/drain/drain-worker.json")),
        ("undo-drain-worker", include_str!("../../../events/drain/undo-drain-worker.json")),
        ("give-back", include_str!("../../../events/drain/give-back.json")),
        ("park-spare", include_str!("../../../events/drain/park-spare.json")),
    ];
    for (case, json) in cases {
        let call: Call = serde_json::from_str(json).unwrap_or_else(|it| panic!("{case}: {it}"));
        let step = match call {
            Call::MoveInstances(_) => "move-instances",
            Call::DrainWorker(_) => "drain-worker",
            Call::UndoDrainWorker(_) => "undo-drain-worker",
            Call::GiveBack(_) => "give-back",
            Call::ParkSpare(_) => "park-spare",
        };
        assert_eq!(step, case);
    }
}
