//! Reserving and releasing, each twice, with the fleet changed in between.

use contracts::provision::{Call, Reserved, Saga};
use domain::{
    id::WorkerId,
    project::Project,
    worker::{FIRST_PORT, PORTS, Reservation, State, Worker},
};
use placement::{MAX_ATTEMPTS, PlaceError, Step, handle};
use ports::fleet::Fleet;
use runtime::fault::{Classify, Fault};
use testkit::{
    fleet::FakeFleet,
    make::{self, worker},
};

/// What one project of [`make::project`]'s plan asks for.
fn demand_mib() -> u32 {
    make::saga().plan.plan().limits.memory_mib
}

/// The first provisioning of somebody else's project.
fn other(body: &str) -> Saga {
    Saga::of(&make::project_called(body))
}

fn second_attempt() -> Saga {
    Saga::of(&Project { attempt: 2, ..make::project() })
}

async fn run(fleet: &impl Fleet, step: Step, saga: &Saga) -> Result<Option<Reserved>, PlaceError> {
    handle(fleet, &Call { step, saga: saga.clone() }).await
}

/// Reserves, and says where.
async fn reserved(fleet: &impl Fleet, saga: &Saga) -> Option<String> {
    let reserved = run(fleet, Step::Reserve, saga).await.expect("reserves").expect("answers");
    reserved.worker_id.map(String::from)
}

async fn released(fleet: &impl Fleet, saga: &Saga) {
    assert_eq!(run(fleet, Step::UndoReserve, saga).await.expect("releases"), None);
}

fn fault(result: Result<Option<Reserved>, PlaceError>) -> Fault {
    result.expect_err("fails").fault()
}

fn claims(fleet: &FakeFleet) -> usize {
    fleet.workers.borrow().values().map(|it| it.reservations.len()).sum()
}

#[tokio::test]
async fn a_project_gets_the_tightest_worker_and_its_first_port() {
    let fleet = FakeFleet::of([worker("roomy", 8192), worker("tight", demand_mib())]);
    let saga = make::saga();
    assert_eq!(reserved(&fleet, &saga).await.as_deref(), Some("wrk_tight"));
    let workers = fleet.workers.borrow();
    let claim = &workers[&WorkerId::new("tight").expect("plain")].reservations[&saga.project_id];
    let demand = saga.plan.plan().limits;
    assert_eq!(*claim, Reservation { id: saga.reservation_id, demand, port: FIRST_PORT });
    fleet.assert_balanced();
}

#[tokio::test]
async fn reserving_twice_is_one_reservation() {
    let fleet = FakeFleet::of([worker("a", 8192), worker("b", 8192)]);
    let first = reserved(&fleet, &make::saga()).await;
    assert_eq!(reserved(&fleet, &make::saga()).await, first);
    assert_eq!(claims(&fleet), 1);
    fleet.assert_balanced();
}

#[tokio::test]
async fn a_retry_finds_its_reservation_though_the_fleet_has_filled_up() {
    let fleet = FakeFleet::of([worker("a", 2 * demand_mib())]);
    assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_a"));
    assert_eq!(reserved(&fleet, &other("z")).await.as_deref(), Some("wrk_a"));
    assert_eq!(reserved(&fleet, &other("y")).await, None, "it is full");
    assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_a"));
    fleet.assert_balanced();
}

#[tokio::test]
async fn a_retry_stays_where_it_is_though_a_better_worker_has_come_or_its_own_was_cordoned() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_a"));
    fleet.ensure_recorded(&worker("b", demand_mib())).await.expect("is up");
    fleet.cordon(&WorkerId::new("a").expect("plain")).await.expect("is up");
    assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_a"));
    assert_eq!(claims(&fleet), 1);
}

#[tokio::test]
async fn two_projects_on_one_worker_get_two_ports() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    for saga in [make::saga(), other("z")] {
        assert_eq!(reserved(&fleet, &saga).await.as_deref(), Some("wrk_a"));
    }
    assert_eq!(claims(&fleet), 2);
    fleet.assert_balanced();
}

#[tokio::test]
async fn a_lost_race_moves_on_to_another_worker() {
    let fleet = FakeFleet::of([worker("a", demand_mib()), worker("b", 8192)]);
    fleet.lost_races.borrow_mut().push(WorkerId::new("a").expect("plain"));
    assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_b"));
    assert_eq!(claims(&fleet), 1);
    fleet.assert_balanced();
}

#[tokio::test]
async fn losing_every_race_is_retryable_and_leaves_nothing() {
    let names: Vec<_> = (0..=MAX_ATTEMPTS).map(|it| it.to_string()).collect();
    let fleet = FakeFleet::of(names.iter().map(|it| worker(it, demand_mib())));
    // Ties go to the lower id, and the last of the list is taken first.
    let lost = names[..names.len() - 1].iter().rev();
    *fleet.lost_races.borrow_mut() = lost.map(|it| WorkerId::new(it).expect("plain")).collect();
    let error = run(&fleet, Step::Reserve, &make::saga()).await.expect_err("gives up for now");
    assert!(matches!(error, PlaceError::Contended), "{error}");
    assert_eq!(error.fault(), Fault::Retryable);
    assert_eq!(claims(&fleet), 0);
    let last = names.last().map(|it| format!("wrk_{it}"));
    assert_eq!(reserved(&fleet, &make::saga()).await, last, "the retry wins");
}

#[tokio::test]
async fn a_fleet_without_room_answers_null() {
    let full = || worker("a", demand_mib() - 1);
    let no_cpu = || {
        let mut it = worker("a", 8192);
        it.free.cpu_millis = 0;
        it
    };
    let no_port = || {
        let mut it = worker("a", 8192);
        for (n, port) in (FIRST_PORT..FIRST_PORT + PORTS).enumerate() {
            let project = make::project_id(&format!("p{n}"));
            let claim = Reservation { id: project.reservation(1), demand: it.total, port };
            it.reservations.insert(project, claim);
        }
        it
    };
    let cases = [
        ("nobody", FakeFleet::default()),
        ("too little memory", FakeFleet::of([full()])),
        ("too little CPU", FakeFleet::of([no_cpu()])),
        ("no port", FakeFleet::of([no_port()])),
        ("cordoned", FakeFleet::of([Worker { cordoned: true, ..worker("a", 8192) }])),
        ("not there yet", FakeFleet::of([in_state(State::Provisioning)])),
        ("on its way out", FakeFleet::of([in_state(State::Draining)])),
        ("gone", FakeFleet::of([in_state(State::Terminated)])),
    ];
    for (case, fleet) in cases {
        let before = fleet.workers.borrow().clone();
        assert_eq!(reserved(&fleet, &make::saga()).await, None, "{case}");
        assert_eq!(*fleet.workers.borrow(), before, "{case}");
    }
}

fn in_state(state: State) -> Worker {
    Worker { state, ..worker("a", 8192) }
}

#[tokio::test]
async fn a_cordoned_worker_is_skipped_though_it_is_the_tightest() {
    let cordoned = Worker { cordoned: true, ..worker("a", demand_mib()) };
    let fleet = FakeFleet::of([cordoned, worker("b", 8192)]);
    assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_b"));
}

#[tokio::test]
async fn releasing_gives_back_exactly_what_was_reserved() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    reserved(&fleet, &other("z")).await;
    let before = fleet.workers.borrow().clone();
    reserved(&fleet, &make::saga()).await;
    for round in ["once", "twice"] {
        released(&fleet, &make::saga()).await;
        assert_eq!(*fleet.workers.borrow(), before, "{round}");
        fleet.assert_balanced();
    }
}

#[tokio::test]
async fn releasing_finds_its_reservation_on_a_worker_that_admits_nothing() {
    for state in [State::Ready, State::Draining] {
        let fleet = FakeFleet::of([worker("a", 8192)]);
        reserved(&fleet, &make::saga()).await;
        for worker in fleet.workers.borrow_mut().values_mut() {
            (worker.state, worker.cordoned) = (state, true);
        }
        released(&fleet, &make::saga()).await;
        assert_eq!(claims(&fleet), 0, "{state:?}");
        fleet.assert_balanced();
    }
}

#[tokio::test]
async fn a_late_reserve_after_its_undo_is_terminal_and_leaves_nothing() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    released(&fleet, &make::saga()).await;
    for round in ["once", "twice"] {
        let error = run(&fleet, Step::Reserve, &make::saga()).await.expect_err("is refused");
        assert!(matches!(error, PlaceError::GivenUp), "{round}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{round}");
        assert_eq!(claims(&fleet), 0, "{round}");
        fleet.assert_balanced();
    }
}

#[tokio::test]
async fn given_up_while_it_is_being_made_a_reservation_leaves_nothing() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    // Read, reserve (two checks of the fake): the claim is written, and the process ends before it asks whether it was given up.
    fleet.outage.begin_after(3, 1);
    assert_eq!(fault(run(&fleet, Step::Reserve, &make::saga()).await), Fault::Retryable);
    assert_eq!(claims(&fleet), 1);
    fleet.give_up(&make::saga().reservation_id).await.expect("is up");
    assert_eq!(fault(run(&fleet, Step::Reserve, &make::saga()).await), Fault::Terminal);
    assert_eq!(claims(&fleet), 0);
    fleet.assert_balanced();
}

#[tokio::test]
async fn a_late_reserve_that_cannot_clean_up_does_so_on_its_retry() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    released(&fleet, &make::saga()).await;
    // Read, reserve (two checks of the fake), ask, give up, read; then the release itself fails.
    fleet.outage.begin_after(6, 1);
    assert_eq!(fault(run(&fleet, Step::Reserve, &make::saga()).await), Fault::Retryable);
    assert_eq!(claims(&fleet), 1);
    assert_eq!(fault(run(&fleet, Step::Reserve, &make::saga()).await), Fault::Terminal);
    assert_eq!(claims(&fleet), 0);
}

#[tokio::test]
async fn an_undo_leaves_the_next_attempts_reservation_alone() {
    let fleet = FakeFleet::of([worker("a", 8192)]);
    reserved(&fleet, &make::saga()).await;
    released(&fleet, &make::saga()).await;
    assert_eq!(reserved(&fleet, &second_attempt()).await.as_deref(), Some("wrk_a"));
    released(&fleet, &make::saga()).await;
    assert_eq!(claims(&fleet), 1);
    assert_eq!(reserved(&fleet, &second_attempt()).await.as_deref(), Some("wrk_a"));
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_ends_as_if_there_was_none() {
    // Reserving reads, claims (two checks of the fake) and asks.
    for before in 0..4 {
        let fleet = FakeFleet::of([worker("a", 8192)]);
        let untouched = fleet.workers.borrow().clone();
        fleet.outage.begin_after(before, 1);
        let result = run(&fleet, Step::Reserve, &make::saga()).await;
        assert_eq!(fault(result), Fault::Retryable, "reserve after {before}");
        assert_eq!(reserved(&fleet, &make::saga()).await.as_deref(), Some("wrk_a"), "{before}");
        assert_eq!(claims(&fleet), 1, "{before}");

        // Releasing gives up, reads and releases.
        let before = before.min(2);
        fleet.outage.begin_after(before, 1);
        let result = run(&fleet, Step::UndoReserve, &make::saga()).await;
        assert_eq!(fault(result), Fault::Retryable, "release after {before}");
        released(&fleet, &make::saga()).await;
        assert_eq!(*fleet.workers.borrow(), untouched, "{before}");
    }
}
