//! Buying, giving back and waiting, with answers lost and the other step in between.

use contracts::provision::{Call, ReadyWorker, Reserved, Saga};
use domain::{
    capacity::Capacity,
    id::WorkerId,
    worker::{FIRST_PORT, Reservation, State, Worker},
};
use jiff::SignedDuration;
use ports::{
    clock::Clock,
    fleet::Fleet,
    machines::{Machine, Machines},
};
use provision::{
    Config, ProvisionError, Step, handle,
    offering::{Offering, Provider},
};
use runtime::fault::{Classify, Fault};
use testkit::{
    clock::FakeClock, commands::FakeCommands, fleet::FakeFleet, machines::FakeMachines, make,
};

const NOT_YET: i32 = 75;

#[derive(Default)]
struct Bench {
    fleet: FakeFleet,
    machines: FakeMachines,
    commands: FakeCommands,
    clock: FakeClock,
}

impl Bench {
    async fn run(&self, step: Step, saga: &Saga) -> Result<Option<ReadyWorker>, ProvisionError> {
        let Self { fleet, machines, commands, clock } = self;
        let call = Call { step, saga: saga.clone() };
        handle(fleet, machines, commands, clock, &config(), &call).await
    }

    /// Runs a step that succeeds.
    async fn done(&self, step: Step) -> Option<ReadyWorker> {
        self.run(step, &saga()).await.unwrap_or_else(|error| panic!("{step:?}: {error}"))
    }

    /// Runs a step that fails.
    async fn fails(&self, step: Step) -> (Fault, ProvisionError) {
        let error = self.run(step, &saga()).await.expect_err("fails");
        (error.fault(), error)
    }

    fn worker(&self) -> Worker {
        self.fleet.workers.borrow()[&saga().new_worker_id].clone()
    }

    fn alive(&self) -> usize {
        self.machines.alive.borrow().len()
    }

    fn sold_out(&self, machine_types: &[&str]) {
        *self.machines.sold_out.borrow_mut() = machine_types.iter().map(|&it| it.into()).collect();
    }

    /// Somebody else's project gets a place on the worker.
    async fn somebody_else_moves_in(&self) {
        let project = make::project_called("z").id;
        let demand = Capacity { memory_mib: 256, cpu_millis: 100 };
        let claim = Reservation { id: project.reservation(1), demand, port: FIRST_PORT + 1 };
        self.fleet.reserve(&saga().new_worker_id, &project, &claim).await.expect("has room");
    }

    fn assert_gone(&self) {
        assert_eq!(self.alive(), 0);
        let worker = self.worker();
        assert_eq!((worker.state, worker.reservations.len()), (State::Terminated, 0));
        self.fleet.assert_balanced();
    }
}

/// A saga that found no room.
fn saga() -> Saga {
    Saga { reserve: Some(Reserved { worker_id: None }), ..make::saga() }
}

fn config() -> Config {
    let offerings = vec![
        offering("big", 16_384, 0.13),
        offering("small", 4096, 0.08),
        offering("tiny", 1024, 0.01),
    ];
    Config { offerings, agent_image: "agent:1".to_owned() }
}

fn offering(machine_type: &str, memory_mib: u32, usd_per_hour: f64) -> Offering {
    Offering {
        provider: Provider::Ec2,
        machine_type: machine_type.to_owned(),
        memory_mib,
        cpu_millis: 2000,
        reserved_mib: 512,
        usd_per_hour,
    }
}

#[tokio::test]
async fn the_cheapest_that_holds_the_plan_is_bought_with_the_projects_place_on_it() {
    let bench = Bench::default();
    assert_eq!(bench.done(Step::BuyWorker).await, None);
    let worker = bench.worker();
    assert_eq!(worker.total, offering("small", 4096, 0.08).capacity());
    assert_eq!((worker.state, worker.machine_id.as_deref()), (State::Provisioning, Some("i-1")));
    let (id, demand) = (saga().reservation_id, saga().plan.plan().limits);
    assert_eq!(
        worker.reservations[&saga().project_id],
        Reservation { id, demand, port: FIRST_PORT }
    );
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn buying_twice_is_one_machine() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    let first = bench.worker();
    // What was cheapest is gone by now, and there is something cheaper to be had.
    bench.sold_out(&["small"]);
    bench.done(Step::BuyWorker).await;
    assert_eq!((bench.worker(), bench.machines.bought()), (first, 1));
}

#[tokio::test]
async fn without_capacity_the_next_offering_is_bought() {
    let bench = Bench::default();
    bench.sold_out(&["small"]);
    bench.done(Step::BuyWorker).await;
    assert_eq!(bench.worker().total, offering("big", 16_384, 0.13).capacity());
    assert_eq!(bench.machines.bought(), 1);
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn when_all_is_sold_out_nothing_is_left_and_a_later_try_may_succeed() {
    let bench = Bench::default();
    bench.sold_out(&["small", "big"]);
    let (fault, error) = bench.fails(Step::BuyWorker).await;
    assert!(matches!(error, ProvisionError::NothingToBuy(_)), "{error}");
    assert_eq!(fault, Fault::Terminal);
    assert!(bench.fleet.workers.borrow().is_empty());
    bench.sold_out(&[]);
    bench.done(Step::BuyWorker).await;
    assert_eq!(bench.machines.bought(), 1);
}

#[tokio::test]
async fn a_plan_that_no_offering_holds_is_terminal() {
    let bench = Bench::default();
    let call = Call { step: Step::BuyWorker, saga: saga() };
    let nothing = Config { offerings: vec![offering("tiny", 1024, 0.01)], ..config() };
    let Bench { fleet, machines, commands, clock } = &bench;
    let result = handle(fleet, machines, commands, clock, &nothing, &call).await;
    assert_eq!(result.expect_err("fails").fault(), Fault::Terminal);
    assert_eq!((bench.alive(), bench.fleet.workers.borrow().len()), (0, 0));
}

#[tokio::test]
async fn a_purchase_whose_answer_was_lost_is_the_same_machine_on_the_retry() {
    for sold_out_since in [&[] as &[&str], &["small"], &["small", "big"]] {
        let bench = Bench::default();
        bench.machines.lose_answer.set(true);
        assert_eq!(bench.fails(Step::BuyWorker).await.0, Fault::Retryable);
        bench.sold_out(sold_out_since);
        bench.done(Step::BuyWorker).await;
        let worker = bench.worker();
        assert_eq!(bench.machines.bought(), 1, "{sold_out_since:?}");
        assert_eq!(worker.machine_id.as_deref(), Some("i-1"), "{sold_out_since:?}");
        assert_eq!(worker.total, offering("small", 4096, 0.08).capacity(), "{sold_out_since:?}");
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_a_purchase_is_retryable_and_the_retry_buys_once() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 5] = [
        ("recording the worker", |it| it.fleet.outage.begin(1)),
        ("reading it back", |it| it.fleet.outage.begin_after(1, 1)),
        ("recording the machine", |it| it.fleet.outage.begin_after(2, 1)),
        ("looking for the machine", |it| it.machines.outage.begin(1)),
        ("buying", |it| it.machines.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        break_it(&bench);
        assert_eq!(bench.fails(Step::BuyWorker).await.0, Fault::Retryable, "{case}");
        bench.done(Step::BuyWorker).await;
        assert_eq!((bench.machines.bought(), bench.alive()), (1, 1), "{case}");
        assert_eq!(bench.worker().machine_id.as_deref(), Some("i-1"), "{case}");
    }
}

#[tokio::test]
async fn a_record_says_what_was_bought_though_another_offering_came_back_in_between() {
    let bench = Bench::default();
    bench.sold_out(&["small"]);
    // `find`, `small` is sold out; `find`, and `big` cannot be asked for.
    bench.machines.outage.begin_after(3, 1);
    assert_eq!(bench.fails(Step::BuyWorker).await.0, Fault::Retryable);
    // By the retry only the small one is to be had, so that is what gets bought.
    bench.sold_out(&["big"]);
    bench.done(Step::BuyWorker).await;
    assert_eq!(bench.worker().total, offering("small", 4096, 0.08).capacity());
}

#[tokio::test]
async fn giving_back_ends_the_machine_and_the_record_however_often() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    for _ in 0..2 {
        bench.done(Step::UndoBuyWorker).await;
        bench.assert_gone();
    }
}

#[tokio::test]
async fn a_purchase_after_its_undo_is_refused_and_nothing_is_bought() {
    let bench = Bench::default();
    bench.done(Step::UndoBuyWorker).await;
    for _ in 0..2 {
        let (fault, error) = bench.fails(Step::BuyWorker).await;
        assert!(matches!(error, ProvisionError::GivenUp(_)), "{error}");
        assert_eq!((fault, bench.machines.bought()), (Fault::Terminal, 0));
        bench.assert_gone();
    }
}

#[tokio::test]
async fn undoing_a_purchase_whose_answer_was_lost_ends_the_machine() {
    let bench = Bench::default();
    bench.machines.lose_answer.set(true);
    assert_eq!(bench.fails(Step::BuyWorker).await.0, Fault::Retryable);
    assert_eq!(bench.alive(), 1);
    bench.done(Step::UndoBuyWorker).await;
    bench.assert_gone();
}

#[tokio::test]
async fn an_outage_at_any_call_of_the_undo_is_retryable_and_the_retry_finishes() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 6] = [
        ("giving up", |it| it.fleet.outage.begin(1)),
        ("releasing", |it| it.fleet.outage.begin_after(1, 1)),
        ("recording the tombstone", |it| it.fleet.outage.begin_after(2, 1)),
        ("retiring", |it| it.fleet.outage.begin_after(3, 1)),
        ("looking for the machine", |it| it.machines.outage.begin(1)),
        ("terminating", |it| it.machines.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        bench.done(Step::BuyWorker).await;
        break_it(&bench);
        assert_eq!(bench.fails(Step::UndoBuyWorker).await.0, Fault::Retryable, "{case}");
        bench.done(Step::UndoBuyWorker).await;
        bench.assert_gone();
    }
}

/// Undoes the purchase while the provider is still working on it.
struct UndoneMeanwhile<'a>(&'a Bench);

impl Machines for UndoneMeanwhile<'_> {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        machine_type: &str,
    ) -> Result<Machine, ports::machines::BuyError> {
        self.0.done(Step::UndoBuyWorker).await;
        self.0.machines.ensure_bought(worker, machine_type).await
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, ports::Unavailable> {
        self.0.machines.find(worker).await
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), ports::Unavailable> {
        self.0.machines.terminate(machine_id).await
    }
}

async fn buy_while_it_is_undone(bench: &Bench) -> Fault {
    let call = Call { step: Step::BuyWorker, saga: saga() };
    let Bench { fleet, commands, clock, .. } = bench;
    let machines = UndoneMeanwhile(bench);
    let result = handle(fleet, &machines, commands, clock, &config(), &call).await;
    result.expect_err("is given up").fault()
}

#[tokio::test]
async fn a_purchase_that_lands_after_its_undo_goes_back_at_once() {
    let bench = Bench::default();
    assert_eq!(buy_while_it_is_undone(&bench).await, Fault::Terminal);
    assert_eq!(bench.machines.bought(), 1);
    bench.assert_gone();
}

#[tokio::test]
async fn a_purchase_that_lands_after_its_undo_goes_back_on_the_retry_too() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 2] = [
        // The undo asks twice, the purchase asks once, and terminating is what fails.
        ("terminating", |it| it.machines.outage.begin_after(3, 1)),
        ("the answer", |it| it.machines.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        break_it(&bench);
        assert_eq!(buy_while_it_is_undone(&bench).await, Fault::Retryable, "{case}");
        assert_eq!(bench.alive(), 1, "{case}");
        assert_eq!(bench.fails(Step::BuyWorker).await.0, Fault::Terminal, "{case}");
        assert_eq!(bench.alive(), 0, "{case}: nobody else will give it back");
    }
}

#[tokio::test]
async fn an_undo_leaves_a_worker_on_which_somebody_else_has_a_place() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    bench.done(Step::AwaitWorker).await;
    bench.somebody_else_moves_in().await;
    for _ in 0..2 {
        bench.done(Step::UndoBuyWorker).await;
        let worker = bench.worker();
        assert_eq!((worker.state, bench.alive()), (State::Ready, 1));
        assert!(!worker.reservations.contains_key(&saga().project_id));
        assert_eq!(worker.reservations.len(), 1);
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn an_undo_touches_nothing_where_the_saga_found_room() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    let before = bench.worker();
    let elsewhere = Some(Reserved { worker_id: WorkerId::new("a").ok() });
    let saga = Saga { reserve: elsewhere, ..saga() };
    bench.run(Step::UndoBuyWorker, &saga).await.expect("nothing to undo");
    assert_eq!((bench.worker(), bench.alive()), (before, 1));
}

#[tokio::test]
async fn a_worker_is_ready_only_when_its_command_says_so() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    bench.commands.next_exit.set(Some(NOT_YET));
    let began = bench.clock.now();
    let ready = bench.done(Step::AwaitWorker).await.expect("says where");
    let (worker_id, machine_id) = (saga().new_worker_id, "i-1".to_owned());
    let address = [10, 0, 1, 1].into();
    assert_eq!(ready, ReadyWorker { worker_id, machine_id, address, port: FIRST_PORT });
    let asked = bench.commands.log.borrow().clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.iter().all(|it| it.contains(" ready ") && it.ends_with("--image agent:1")));
    assert!(bench.clock.now() > began);
    assert_eq!(bench.worker().state, State::Ready);
}

#[tokio::test]
async fn a_worker_that_is_ready_is_not_asked_again() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    let first = bench.done(Step::AwaitWorker).await;
    bench.commands.unreachable.set(true);
    bench.machines.outage.begin(u32::MAX);
    assert_eq!(bench.done(Step::AwaitWorker).await, first);
    assert_eq!(bench.commands.log.borrow().len(), 1);
}

#[tokio::test]
async fn a_project_that_found_room_awaits_the_worker_that_it_found() {
    let bench = Bench { fleet: FakeFleet::of([make::worker("a", 8192)]), ..Bench::default() };
    let (worker_id, saga) = (WorkerId::new("a").expect("plain"), saga());
    let demand = saga.plan.plan().limits;
    let claim = Reservation { id: saga.reservation_id.clone(), demand, port: FIRST_PORT + 7 };
    bench.fleet.reserve(&worker_id, &saga.project_id, &claim).await.expect("has room");
    let reserve = Some(Reserved { worker_id: Some(worker_id.clone()) });
    let saga = Saga { reserve, ..saga };
    let ready = bench.run(Step::AwaitWorker, &saga).await.expect("is ready").expect("says where");
    assert_eq!((ready.worker_id, ready.port), (worker_id, FIRST_PORT + 7));
}

#[tokio::test]
async fn a_worker_that_is_not_ready_in_time_is_asked_again_later() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 3] = [
        ("takes no commands", |it| it.commands.unreachable.set(true)),
        ("is not running", |it| each_machine(it, |machine| machine.running = false)),
        ("has no address", |it| each_machine(it, |machine| machine.address = None)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        bench.done(Step::BuyWorker).await;
        break_it(&bench);
        let began = bench.clock.now();
        let (fault, error) = bench.fails(Step::AwaitWorker).await;
        assert!(matches!(error, ProvisionError::NotReadyYet(_)), "{case}: {error}");
        assert_eq!(fault, Fault::Retryable, "{case}");
        let waited = bench.clock.now().duration_since(began);
        assert_eq!(waited, SignedDuration::from_secs(110), "{case}");
        assert_eq!(bench.worker().state, State::Provisioning, "{case}");

        bench.commands.unreachable.set(false);
        each_machine(&bench, |it| (it.running, it.address) = (true, Some([10, 0, 1, 9].into())));
        let ready = bench.done(Step::AwaitWorker).await.expect("says where");
        assert_eq!(ready.address.octets(), [10, 0, 1, 9], "{case}");
    }
}

fn each_machine(bench: &Bench, change: impl FnMut(&mut Machine)) {
    bench.machines.alive.borrow_mut().values_mut().for_each(change);
}

#[tokio::test]
async fn an_outage_while_waiting_is_retryable() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 4] = [
        ("reading the worker", |it| it.fleet.outage.begin(1)),
        ("recording that it is ready", |it| it.fleet.outage.begin_after(1, 1)),
        ("looking for the machine", |it| it.machines.outage.begin(1)),
        ("asking the machine", |it| it.commands.outage.begin(1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        bench.done(Step::BuyWorker).await;
        break_it(&bench);
        assert_eq!(bench.fails(Step::AwaitWorker).await.0, Fault::Retryable, "{case}");
        assert!(bench.done(Step::AwaitWorker).await.is_some(), "{case}");
    }
}

#[tokio::test]
async fn a_lost_answer_of_the_machine_is_asked_for_again() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    bench.commands.lose_answer.set(true);
    assert!(bench.done(Step::AwaitWorker).await.is_some());
    assert_eq!(bench.commands.log.borrow().len(), 2);
}

#[tokio::test]
async fn waiting_for_a_worker_that_was_given_up_is_terminal() {
    let never_recorded = Bench::default();
    let undone = Bench::default();
    undone.done(Step::BuyWorker).await;
    undone.done(Step::UndoBuyWorker).await;
    let draining = Bench::default();
    draining.done(Step::BuyWorker).await;
    draining.fleet.workers.borrow_mut().values_mut().for_each(|it| it.state = State::Draining);
    for (case, bench) in
        [("never recorded", never_recorded), ("undone", undone), ("draining", draining)]
    {
        let (fault, error) = bench.fails(Step::AwaitWorker).await;
        assert!(matches!(error, ProvisionError::GivenUp(_)), "{case}: {error}");
        assert_eq!(fault, Fault::Terminal, "{case}");
    }
}

#[tokio::test]
async fn waiting_ends_when_the_place_was_given_up_and_somebody_else_keeps_the_worker() {
    let bench = Bench::default();
    bench.done(Step::BuyWorker).await;
    bench.done(Step::AwaitWorker).await;
    bench.somebody_else_moves_in().await;
    bench.done(Step::UndoBuyWorker).await;
    // A wait without end shows as the outage that ends it.
    bench.fleet.outage.begin_after(1000, u32::MAX);
    let (fault, error) = bench.fails(Step::AwaitWorker).await;
    assert_eq!(fault, Fault::Terminal, "{error}");
}
