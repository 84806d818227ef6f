//! A stopped worker that was chosen is started; if it cannot be, another one is bought.

use crate::bench::{Bench, claim, saga_on, stopped, undo};
use contracts::provision::{Reserved, Saga};
use domain::{
    id::WorkerId,
    worker::{Cordon, Holder, State, Worker},
};
use ports::{
    Unavailable,
    clock::Clock,
    fleet::Fleet,
    machines::{BuyError, Machine, Machines, Power, PowerError},
};
use provision::{Call, ProvisionError};
use runtime::fault::Fault;
use std::cell::Cell;
use testkit::machines::FakeMachines;

fn id() -> WorkerId {
    WorkerId::new("a").expect("plain")
}

/// `Reserve` says that the worker has to be started.
fn saga() -> Saga {
    let saga = saga_on(&id());
    let reserve = saga.reserve.map(|it| Reserved { woken: true, ..it });
    Saga { reserve, ..saga }
}

fn wait() -> Call {
    Call::AwaitWorker(saga())
}

/// A stopped worker on which the project has a place, as `Reserve` leaves it.
async fn woken() -> Bench {
    let bench = Bench::default();
    let (worker, machine) = stopped("a");
    bench.fleet.workers.borrow_mut().insert(id(), worker);
    bench.machines.alive.borrow_mut().insert(id(), machine);
    let holder = Holder::from(saga().project_id);
    let claim = claim(&saga());
    bench.fleet.reserve_and_wake(&id(), &holder, &claim).await.expect("has room");
    bench
}

impl Bench {
    /// What the project holds, and where.
    fn places(&self) -> Vec<WorkerId> {
        let held = self.fleet.held_by(&Holder::from(saga().project_id));
        held.into_iter().map(|(worker, _)| worker).collect()
    }

    /// The stopped machine is of a type that is sold out by now.
    fn cannot_start(&self) -> Refusing<'_> {
        let error = PowerError::InsufficientCapacity { machine_id: "i-a".to_owned() };
        Refusing { machines: &self.machines, error: Cell::new(Some(error)) }
    }
}

/// The next start fails.
struct Refusing<'a> {
    machines: &'a FakeMachines,
    error: Cell<Option<PowerError>>,
}

impl Machines for Refusing<'_> {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &domain::offering::Offering,
    ) -> Result<Machine, BuyError> {
        self.machines.ensure_bought(worker, offering).await
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        self.machines.find(worker).await
    }

    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        self.machines.list().await
    }

    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        self.machines.stop(machine_id).await
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.machines.start(machine_id).await,
        }
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        self.machines.terminate(machine_id).await
    }
}

#[tokio::test]
async fn the_machine_is_started_and_the_worker_ready_on_its_old_place() {
    let bench = woken().await;
    let ready = bench.done(wait()).await.expect("says where");
    assert_eq!((ready.worker_id, ready.port), (id(), claim(&saga()).port));
    let worker = bench.worker_called(&id());
    assert_eq!((worker.state, worker.changed_at), (State::Ready, bench.clock.now()));
    assert!(bench.machines.alive.borrow()[&id()].is_running());
    assert_eq!(bench.machines.bought(), 0);
}

#[tokio::test]
async fn a_repeat_finds_the_machine_running_and_starts_nothing() {
    let bench = woken().await;
    // Its start is noticed; then the wait is cut off.
    bench.commands.unreachable.set(true);
    assert_eq!(bench.fails(wait()).await.0, Fault::Retryable);
    assert!(bench.machines.alive.borrow()[&id()].is_running());
    bench.commands.unreachable.set(false);
    // Whoever would start it once more would be refused, and buy.
    let ready = bench.run_on(&bench.cannot_start(), wait()).await.expect("is ready");
    assert_eq!(ready.map(|it| it.worker_id), Some(id()));
    assert_eq!((bench.machines.bought(), bench.worker_called(&id()).cordon), (0, None));
    assert_eq!(bench.done(wait()).await.map(|it| it.worker_id), Some(id()));
}

#[tokio::test]
async fn a_machine_that_is_still_stopping_is_started_once_it_has_stopped() {
    let bench = woken().await;
    bench.each_machine(|it| it.state = Power::Stopping);
    assert_eq!(bench.fails(wait()).await.0, Fault::Retryable);
    assert_eq!(bench.machines.alive.borrow()[&id()].state, Power::Stopping, "not yet");
    bench.each_machine(|it| it.state = Power::Stopped);
    assert!(bench.done(wait()).await.is_some());
}

#[tokio::test]
async fn a_worker_that_cannot_be_started_is_cordoned_and_another_one_bought() {
    let refused = || PowerError::Refused("there is no such machine".to_owned());
    let lost = || PowerError::InsufficientCapacity { machine_id: "i-a".to_owned() };
    for error in [refused(), lost()] {
        let case = error.to_string();
        let bench = woken().await;
        let machines = Refusing { machines: &bench.machines, error: Cell::new(Some(error)) };
        let ready = bench.run_on(&machines, wait()).await.expect("is ready").expect("says where");
        assert_eq!(ready.worker_id, saga().new_worker_id, "{case}");
        assert_eq!(bench.places(), [saga().new_worker_id], "{case}");
        let left = bench.worker_called(&id());
        assert_eq!(left.cordon, Some(Cordon::Unstartable), "{case}");
        assert!(left.reservations.is_empty(), "{case}");
        assert_eq!(bench.machines.bought(), 1, "{case}");
        bench.fleet.assert_balanced();
        assert_eq!(bench.done(wait()).await, Some(ready), "{case}: a repeat");
    }
}

#[tokio::test]
async fn a_worker_whose_machine_is_gone_is_left_for_another_one() {
    let bench = woken().await;
    bench.machines.vanish(&id());
    bench.fleet.workers.borrow_mut().values_mut().for_each(|it| it.state = State::Error);
    let ready = bench.done(wait()).await.expect("says where");
    assert_eq!(ready.worker_id, saga().new_worker_id);
    assert_eq!(bench.places(), [saga().new_worker_id]);
}

#[tokio::test]
async fn an_outage_while_it_is_replaced_is_retryable_and_the_retry_buys_one() {
    // Far more calls than there are.
    for before in 0..20 {
        for of_fleet in [true, false] {
            let bench = woken().await;
            let outage = if of_fleet { &bench.fleet.outage } else { &bench.machines.outage };
            outage.begin_after(before, 1);
            let machines = bench.cannot_start();
            let case = format!("{before} calls, then an outage, of the fleet: {of_fleet}");
            let ready = match bench.run_on(&machines, wait()).await {
                Ok(ready) => ready,
                Err(error) => {
                    let fault = runtime::fault::Classify::fault(&error);
                    assert_eq!(fault, Fault::Retryable, "{case}: {error}");
                    bench.run_on(&machines, wait()).await.expect(&case)
                }
            };
            outage.begin(0);
            let at = ready.expect("says where").worker_id;
            assert_eq!(bench.places(), [at], "{case}");
            assert!(bench.machines.bought() <= 1, "{case}");
            bench.fleet.assert_balanced();
        }
    }
}

#[tokio::test]
async fn with_nothing_to_buy_instead_it_is_terminal_and_its_undo_leaves_nothing() {
    let bench = woken().await;
    bench.sold_out(&["small", "big"]);
    let result = bench.run_on(&bench.cannot_start(), wait()).await;
    let error = result.expect_err("there is nothing");
    assert!(matches!(error, ProvisionError::NothingToBuy(_)), "{error}");
    assert_eq!(bench.places(), []);
    bench.done(undo()).await;
    bench.assert_gone();
}

#[tokio::test]
async fn the_undo_gives_back_what_was_bought_instead() {
    let bench = woken().await;
    bench.run_on(&bench.cannot_start(), wait()).await.expect("is ready");
    bench.done(Call::UndoBuyWorker(saga())).await;
    bench.assert_gone();
    assert_eq!(bench.places(), []);
    let (fault, error) = bench.fails(wait()).await;
    assert!(matches!(error, ProvisionError::GivenUp(_)), "{error}");
    assert_eq!((fault, bench.machines.bought()), (Fault::Terminal, 1), "a late wait buys nothing");
}

#[tokio::test]
async fn waiting_after_the_undo_starts_and_buys_nothing() {
    let bench = woken().await;
    bench.fleet.give_up(&saga().reservation_id).await.expect("is up");
    let (holder, now) = (Holder::from(saga().project_id), bench.clock.now());
    bench.fleet.release(&id(), &holder, &saga().reservation_id, now).await.expect("is up");
    let (fault, error) = bench.fails(wait()).await;
    assert!(matches!(error, ProvisionError::GivenUp(_)), "{error}");
    assert_eq!((fault, bench.machines.bought()), (Fault::Terminal, 0));
    assert_eq!(bench.machines.alive.borrow()[&id()].state, Power::Stopped);
    let worker: Worker = bench.worker_called(&id());
    assert!(!worker.is_cordoned());
}

/// The saga has gone on by the time at which a call is repeated: its instance may run where it was.
#[tokio::test]
async fn who_found_a_running_worker_is_never_moved_to_another_one() {
    let bench = woken().await;
    bench.machines.alive.borrow_mut().clear();
    bench.fleet.workers.borrow_mut().get_mut(&id()).expect("is there").state = State::Error;
    let found = Saga { reserve: saga_on(&id()).reserve, ..saga() };
    let late = bench.run(Call::AwaitWorker(found)).await;
    assert!(matches!(late, Err(ProvisionError::GivenUp(_))), "{late:?}");
    assert_eq!(bench.machines.bought(), 0);
    assert_eq!(bench.places(), [id()]);
}
