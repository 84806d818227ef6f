//! A Dedicated instance has its worker to itself.

use crate::bench::{Bench, blank_id, in_state, saga_of, with_blank};
use contracts::blank::Saga as BlankSaga;
use domain::{
    capacity::Capacity,
    plan::PlanId,
    worker::{State, Worker},
};
use placement::{Call, PlaceError};
use testkit::make::worker;

fn dedicated(body: &str) -> contracts::provision::Saga {
    saga_of(body, PlanId::Dedicated)
}

/// A worker on which somebody has a place.
async fn occupied(name: &str) -> Worker {
    let bench = Bench::of([worker(name, 16_384)]);
    bench.place_of(&saga_of("first", PlanId::Standard)).await;
    bench.worker(name)
}

#[tokio::test]
async fn it_goes_to_an_empty_worker_and_takes_all_of_it() {
    let bench = Bench::of([occupied("a").await, worker("b", 16_384)]);
    let saga = dedicated("d");
    assert_eq!(bench.place_of(&saga).await.as_deref(), Some("b"));
    let worker = bench.worker("b");
    assert_eq!(worker.free, Capacity::default());
    assert_eq!(bench.held("b", &saga).map(|it| it.demand), Some(worker.total));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn nobody_joins_it() {
    let bench = Bench::of([worker("a", 65_536)]);
    assert_eq!(bench.place_of(&dedicated("d")).await.as_deref(), Some("a"));
    for plan in [PlanId::Standard, PlanId::Pro, PlanId::Dedicated] {
        assert_eq!(bench.place_of(&saga_of("z", plan)).await, None, "{plan:?}");
    }
    let blank = Call::ReserveBlank(BlankSaga::of(&blank_id("b"), PlanId::Standard));
    let refused = bench.run(blank).await.expect_err("there is no room");
    assert!(matches!(refused, PlaceError::NoRoomForBlank), "{refused}");
    assert_eq!(bench.claims(), 1);
}

#[tokio::test]
async fn it_joins_nobody_and_no_blank() {
    let with_a_blank = with_blank(worker("b", 16_384), "b1", PlanId::Standard, true);
    let bench = Bench::of([occupied("a").await, with_a_blank]);
    let before = bench.snapshot();
    assert_eq!(bench.place_of(&dedicated("d")).await, None);
    assert_eq!(bench.snapshot(), before);
}

#[tokio::test]
async fn of_empty_workers_the_smallest_that_holds_it_is_taken() {
    let cases = [("awake", State::Ready), ("stopped", State::WarmStopped)];
    for (case, state) in cases {
        let bench = Bench::of([
            in_state("a", state, 16_384),
            in_state("b", state, 4096),
            in_state("c", state, 2048),
        ]);
        assert_eq!(bench.place_of(&dedicated("d")).await.as_deref(), Some("b"), "{case}");
        assert_eq!(bench.worker("b").free, Capacity::default(), "{case}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn all_of_it_comes_back() {
    let bench = Bench::of([worker("a", 16_384)]);
    let before = bench.snapshot();
    bench.place_of(&dedicated("d")).await;
    bench.released(&dedicated("d")).await;
    assert_eq!(bench.snapshot(), before);
}
