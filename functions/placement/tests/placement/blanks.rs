//! A project takes a warm blank over.

use crate::bench::{
    Bench, blank_id, demand_mib, full_but_for_a_blank, id, other, second_attempt, with_blank,
};
use contracts::provision::Reserved;
use domain::{
    capacity::Capacity,
    plan::PlanId,
    worker::{Cordon, FIRST_PORT, Holder, Reservation, State, Worker},
};
use placement::Call;
use ports::clock::Clock;
use runtime::fault::Fault;
use std::time::Duration;
use testkit::make::{self, worker};

const STANDARD: PlanId = PlanId::Standard;

fn claimed(name: &str, blank: &str) -> Reserved {
    Reserved { worker_id: Some(id(name)), blank_id: Some(blank_id(blank)), woken: false }
}

#[tokio::test]
async fn a_warm_blank_of_its_plan_is_claimed_before_any_room() {
    let tight = worker("a", demand_mib());
    let bench = Bench::of([tight, with_blank(worker("b", 8192), "b1", STANDARD, true)]);
    bench.clock.advance(Duration::from_mins(1));
    let saga = make::saga();
    let before = bench.worker("b");
    assert_eq!(bench.reserved(&saga).await, claimed("b", "b1"));
    let after = bench.worker("b");
    assert_eq!((after.free, after.total), (before.free, before.total), "capacity stays");
    let claim = Reservation {
        id: saga.reservation_id.clone(),
        demand: STANDARD.plan().limits,
        port: FIRST_PORT,
        plan: STANDARD,
        since: bench.clock.now(),
        warm: false,
        blank: Some(blank_id("b1")),
    };
    assert_eq!(after.reservations, [(Holder::from(saga.project_id), claim)].into());
    assert_eq!(bench.fleet.tries.get(), 1);
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_blank_that_cannot_be_claimed_is_passed_by_for_room() {
    let with = |plan, warm| with_blank(worker("a", 16_384), "b1", plan, warm);
    let cases = [
        ("it boots", with(STANDARD, false)),
        ("of another plan", with(PlanId::Pro, true)),
        ("on a cordoned worker", Worker { cordon: Some(Cordon::Operator), ..with(STANDARD, true) }),
        (
            "on a worker that is on its way out",
            Worker { state: State::Draining, ..with(STANDARD, true) },
        ),
        ("on a worker that is lost", Worker { state: State::Error, ..with(STANDARD, true) }),
    ];
    for (case, blanks) in cases {
        let bench = Bench::of([blanks, worker("z", demand_mib())]);
        assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("z"), "{case}");
        assert!(bench.worker("a").reservations.contains_key(&blank_id("b1").into()), "{case}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn of_several_blanks_the_one_on_the_tightest_worker_is_claimed() {
    let blank = |name, memory_mib, body| with_blank(worker(name, memory_mib), body, STANDARD, true);
    let bench = Bench::of([blank("a", 8192, "b1"), blank("b", 2048, "b2"), blank("c", 4096, "b3")]);
    assert_eq!(bench.reserved(&make::saga()).await, claimed("b", "b2"));
}

#[tokio::test]
async fn each_blank_goes_to_one_project() {
    let both = with_blank(worker("a", 2 * demand_mib()), "b1", STANDARD, true);
    let bench = Bench::of([with_blank(both, "b2", STANDARD, true)]);
    assert_eq!(bench.reserved(&make::saga()).await, claimed("a", "b1"));
    assert_eq!(bench.reserved(&other("z")).await, claimed("a", "b2"));
    assert_eq!(bench.place_of(&other("y")).await, None, "there is no third");
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_blank_that_somebody_else_got_falls_back_to_room() {
    let blank = with_blank(worker("a", demand_mib()), "b1", STANDARD, true);
    let bench = Bench::of([blank, worker("z", demand_mib())]);
    bench.fleet.lost_blanks.set(1);
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("z"));
    assert_eq!((bench.claims(), bench.fleet.tries.get()), (2, 2));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_blank_that_somebody_else_got_leaves_the_next_one() {
    let bench = Bench::of([full_but_for_a_blank("a", "b1"), full_but_for_a_blank("b", "b2")]);
    bench.fleet.lost_blanks.set(1);
    assert_eq!(bench.reserved(&make::saga()).await, claimed("b", "b2"));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_repeat_finds_the_claim_and_says_the_same_blank() {
    let bench = Bench::of([full_but_for_a_blank("a", "b1")]);
    let first = bench.reserved(&make::saga()).await;
    // By now there is another blank, and the worker admits nobody.
    bench.add(full_but_for_a_blank("b", "b2"));
    bench.cordon("a").await;
    for _ in 0..2 {
        assert_eq!(bench.reserved(&make::saga()).await, first);
    }
    assert_eq!((bench.claims(), bench.fleet.tries.get()), (2, 1));
}

#[tokio::test]
async fn an_undo_after_a_claim_gives_the_place_back_and_no_blank_with_it() {
    let bench = Bench::of([with_blank(worker("a", 8192), "b1", STANDARD, true)]);
    bench.reserved(&make::saga()).await;
    for round in ["once", "twice"] {
        bench.released(&make::saga()).await;
        let worker = bench.worker("a");
        assert_eq!((worker.reservations.len(), worker.free), (0, worker.total), "{round}");
    }
    assert_eq!(bench.fault(Call::Reserve(make::saga())).await, Some(Fault::Terminal));
    assert_eq!(bench.place_of(&second_attempt()).await.as_deref(), Some("a"), "as room");
}

#[tokio::test]
async fn a_late_claim_after_its_undo_keeps_no_place() {
    let bench = Bench::of([full_but_for_a_blank("a", "b1")]);
    bench.released(&make::saga()).await;
    assert_eq!(bench.fault(Call::Reserve(make::saga())).await, Some(Fault::Terminal));
    let worker = bench.worker("a");
    assert!(!worker.reservations.contains_key(&Holder::from(make::saga().project_id)));
    assert_eq!(worker.free.plus(worker.reserved()), worker.total);
}

/// A deployment may change what a plan asks for while blanks wait.
#[tokio::test]
async fn what_a_blank_holds_changes_hands_as_it_is() {
    let mut worker = with_blank(worker("a", 8192), "b1", STANDARD, true);
    let old = Capacity { memory_mib: 1024, cpu_millis: 500 };
    for held in worker.reservations.values_mut() {
        held.demand = old;
    }
    worker.free = worker.total.minus(old).expect("fits");
    let bench = Bench::of([worker]);
    assert_eq!(bench.reserved(&make::saga()).await, claimed("a", "b1"));
    assert_eq!(bench.held("a", &make::saga()).map(|it| it.demand), Some(old));
    bench.fleet.assert_balanced();
}
