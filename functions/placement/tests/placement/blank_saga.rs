//! A blank's place: taken where there is room anyway.

use crate::bench::{Bench, blank_id, demand_mib, id, in_state, is_a_port, with_blank};
use contracts::{blank::Saga, provision::ReadyWorker};
use domain::{
    plan::PlanId,
    worker::{Cordon, Holder, Reservation, State, Worker},
};
use placement::{Call, PlaceError};
use ports::clock::Clock;
use runtime::fault::{Classify, Fault};
use testkit::make::{self, worker};

fn saga() -> Saga {
    Saga::of(&blank_id("b"), PlanId::Standard)
}

#[tokio::test]
async fn a_blank_goes_where_best_fit_puts_it_and_is_not_warm_yet() {
    let bench = Bench::of([worker("roomy", 8192), worker("tight", demand_mib())]);
    let placed = bench.blank_placed(&saga()).await;
    let tight = bench.worker("tight");
    let expected = ReadyWorker {
        worker_id: id("tight"),
        node_id: "i-tight".to_owned(),
        address: [10, 0, 0, 1].into(),
        port: placed.port,
    };
    assert!(is_a_port(placed.port), "{}", placed.port);
    assert_eq!(placed, expected);
    let claim = Reservation {
        id: saga().reservation_id,
        demand: PlanId::Standard.plan().limits,
        port: placed.port,
        plan: PlanId::Standard,
        since: bench.clock.now(),
        warm: false,
        blank: None,
    };
    assert_eq!(tight.reservations, [(Holder::from(blank_id("b")), claim)].into());
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn placing_a_blank_twice_is_one_place_whatever_has_changed() {
    let bench = Bench::of([worker("a", 8192)]);
    let first = bench.blank_placed(&saga()).await;
    bench.add(worker("b", demand_mib()));
    bench.cordon("a").await;
    assert_eq!(bench.blank_placed(&saga()).await, first);
    assert_eq!(bench.claims(), 1);
}

#[tokio::test]
async fn a_blank_wakes_claims_and_buys_nothing() {
    let warm = with_blank(worker("a", demand_mib()), "warm", PlanId::Standard, true);
    let cases = [
        ("nobody", vec![]),
        ("full", vec![worker("a", demand_mib() - 1)]),
        ("stopped", vec![in_state("a", State::WarmStopped, 8192)]),
        ("starting", vec![in_state("a", State::Starting, 8192)]),
        ("cordoned", vec![Worker { cordon: Some(Cordon::Operator), ..worker("a", 8192) }]),
        ("another blank, which is warm", vec![warm]),
    ];
    for (case, workers) in cases {
        let bench = Bench::of(workers);
        let before = bench.snapshot();
        let error = bench.run(Call::ReserveBlank(saga())).await.expect_err(case);
        assert!(matches!(error, PlaceError::NoRoomForBlank), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{case}");
        assert_eq!(bench.snapshot(), before, "{case}");
        assert!(bench.placements.recorded.borrow().is_empty(), "{case}: nobody asks why");
    }
}

#[tokio::test]
async fn a_blank_takes_room_though_another_one_is_warm() {
    let warm = with_blank(worker("a", 2 * demand_mib()), "warm", PlanId::Standard, true);
    let bench = Bench::of([warm]);
    bench.blank_placed(&saga()).await;
    assert_eq!(bench.claims(), 2);
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn undoing_gives_back_exactly_what_was_taken() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.place_of(&make::saga()).await;
    let before = bench.snapshot();
    bench.blank_placed(&saga()).await;
    for round in ["once", "twice"] {
        bench.blank_released(&saga()).await;
        assert_eq!(bench.snapshot(), before, "{round}");
    }
}

#[tokio::test]
async fn a_late_blank_after_its_undo_leaves_nothing() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.blank_released(&saga()).await;
    for round in ["once", "twice"] {
        let error = bench.run(Call::ReserveBlank(saga())).await.expect_err(round);
        assert!(matches!(error, PlaceError::GivenUp), "{round}: {error}");
        assert_eq!((error.fault(), bench.claims()), (Fault::Terminal, 0), "{round}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn the_undo_of_a_blank_that_a_project_took_leaves_the_project_its_place() {
    let bench = Bench::of([worker("a", demand_mib())]);
    bench.blank_placed(&saga()).await;
    for held in bench.fleet.workers.borrow_mut().values_mut() {
        held.reservations.values_mut().for_each(|it| it.warm = true);
    }
    let claimed = bench.reserved(&make::saga()).await;
    assert_eq!(claimed.blank_id, Some(blank_id("b")));
    bench.blank_released(&saga()).await;
    assert!(bench.held("a", &make::saga()).is_some());
    bench.fleet.assert_balanced();
}
