//! Room on a worker that is awake.

use crate::bench::{Bench, demand_mib, in_state, is_a_port, other, second_attempt};
use domain::{
    plan::PlanId,
    worker::{Cordon, FIRST_PORT, Holder, PORTS, Reservation, State, Worker},
};
use placement::PlaceError;
use ports::clock::Clock;
use runtime::fault::{Classify, Fault};
use testkit::make::{self, worker};

#[tokio::test]
async fn a_project_gets_the_tightest_worker_and_a_port_there() {
    let bench = Bench::of([worker("roomy", 8192), worker("tight", demand_mib())]);
    let saga = make::saga();
    assert_eq!(bench.place_of(&saga).await.as_deref(), Some("tight"));
    let held = bench.held("tight", &saga).expect("has a place");
    assert!(is_a_port(held.port), "{}", held.port);
    let claim = Reservation {
        id: saga.reservation_id.clone(),
        demand: saga.plan.plan().limits,
        port: held.port,
        plan: PlanId::Standard,
        since: bench.clock.now(),
        warm: false,
        blank: None,
    };
    assert_eq!(held, claim);
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn reserving_twice_is_one_reservation() {
    let bench = Bench::of([worker("a", 8192), worker("b", 8192)]);
    let first = bench.place_of(&make::saga()).await;
    assert_eq!(bench.place_of(&make::saga()).await, first);
    assert_eq!(bench.claims(), 1);
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_retry_finds_its_reservation_though_the_fleet_has_filled_up() {
    let bench = Bench::of([worker("a", 2 * demand_mib())]);
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    assert_eq!(bench.place_of(&other("z")).await.as_deref(), Some("a"));
    assert_eq!(bench.place_of(&other("y")).await, None, "it is full");
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_retry_stays_where_it_is_though_a_better_worker_has_come_or_its_own_was_cordoned() {
    let bench = Bench::of([worker("a", 8192)]);
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    bench.add(worker("b", demand_mib()));
    bench.cordon("a").await;
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    assert_eq!(bench.claims(), 1);
}

#[tokio::test]
async fn two_projects_on_one_worker_get_two_ports() {
    let bench = Bench::of([worker("a", 8192)]);
    for saga in [make::saga(), other("z")] {
        assert_eq!(bench.place_of(&saga).await.as_deref(), Some("a"));
    }
    assert_eq!(bench.claims(), 2);
    bench.fleet.assert_balanced();
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
            let somebody = other(&format!("p{n}"));
            let claim = Reservation {
                id: somebody.reservation_id,
                demand: it.total,
                port,
                plan: somebody.plan,
                since: it.changed_at,
                warm: false,
                blank: None,
            };
            it.reservations.insert(Holder::from(somebody.project_id), claim);
        }
        it
    };
    let cases = [
        ("nobody", Bench::of([])),
        ("too little memory", Bench::of([full()])),
        ("too little CPU", Bench::of([no_cpu()])),
        ("no port", Bench::of([no_port()])),
        ("cordoned", Bench::of([Worker { cordon: Some(Cordon::Operator), ..worker("a", 8192) }])),
        ("not there yet", Bench::of([in_state("a", State::Provisioning, 8192)])),
        ("on its way out", Bench::of([in_state("a", State::Draining, 8192)])),
        ("being started for somebody", Bench::of([in_state("a", State::Starting, 8192)])),
        ("lost", Bench::of([in_state("a", State::Error, 8192)])),
        ("gone", Bench::of([in_state("a", State::Terminated, 8192)])),
    ];
    for (case, bench) in cases {
        let before = bench.snapshot();
        assert_eq!(bench.place_of(&make::saga()).await, None, "{case}");
        assert_eq!(bench.snapshot(), before, "{case}");
    }
}

#[tokio::test]
async fn a_cordoned_worker_is_skipped_though_it_is_the_tightest() {
    let cordoned = Worker { cordon: Some(Cordon::Operator), ..worker("a", demand_mib()) };
    let bench = Bench::of([cordoned, worker("b", 8192)]);
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("b"));
}

#[tokio::test]
async fn releasing_gives_back_exactly_what_was_reserved() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.place_of(&other("z")).await;
    let before = bench.snapshot();
    bench.place_of(&make::saga()).await;
    for round in ["once", "twice"] {
        bench.released(&make::saga()).await;
        assert_eq!(bench.snapshot(), before, "{round}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn releasing_finds_its_reservation_on_a_worker_that_admits_nothing() {
    for state in [State::Ready, State::Draining] {
        let bench = Bench::of([worker("a", 8192)]);
        bench.place_of(&make::saga()).await;
        for worker in bench.fleet.workers.borrow_mut().values_mut() {
            (worker.state, worker.cordon) = (state, Some(Cordon::Operator));
        }
        bench.released(&make::saga()).await;
        assert_eq!(bench.claims(), 0, "{state:?}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn a_late_reserve_after_its_undo_is_terminal_and_leaves_nothing() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.released(&make::saga()).await;
    for round in ["once", "twice"] {
        let error = bench.refused(&make::saga()).await;
        assert!(matches!(error, PlaceError::GivenUp), "{round}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{round}");
        assert_eq!(bench.claims(), 0, "{round}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn an_undo_leaves_the_next_attempts_reservation_alone() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.place_of(&make::saga()).await;
    bench.released(&make::saga()).await;
    assert_eq!(bench.place_of(&second_attempt()).await.as_deref(), Some("a"));
    bench.released(&make::saga()).await;
    assert_eq!(bench.claims(), 1);
    assert_eq!(bench.place_of(&second_attempt()).await.as_deref(), Some("a"));
}
