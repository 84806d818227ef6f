//! A plan of which there is a limited number.

use crate::bench::{Bench, demand_mib, full_but_for_a_blank, other, saga_of};
use domain::plan::PlanId;
use placement::{Config, PlaceError};
use runtime::fault::{Classify, Fault};
use std::collections::BTreeMap;
use testkit::make::{self, worker};

/// A stage that sells `maximum` Standard instances.
fn limited(bench: Bench, maximum: u32) -> Bench {
    let maximum_instances = [(PlanId::Standard, maximum)].into();
    Bench { config: Config { maximum_instances, ..bench.config.clone() }, ..bench }
}

fn counted(bench: &Bench) -> usize {
    bench.fleet.counted.borrow().get(&PlanId::Standard).map_or(0, BTreeMap::len)
}

#[tokio::test]
async fn sold_out_is_terminal_and_leaves_nothing() {
    let bench = limited(Bench::of([worker("a", 8192)]), 1);
    bench.place_of(&make::saga()).await;
    let before = bench.snapshot();
    for round in ["once", "twice"] {
        let error = bench.refused(&other("z")).await;
        assert!(matches!(error, PlaceError::SoldOut { maximum: 1 }), "{round}: {error}");
        assert_eq!((error.fault(), counted(&bench)), (Fault::Terminal, 1), "{round}");
        assert_eq!(bench.snapshot(), before, "{round}");
        bench.released(&other("z")).await;
        assert_eq!(counted(&bench), 1, "{round}: its undo counts nobody else out");
    }
    let decided: Vec<_> =
        bench.placements.recorded.borrow().iter().map(|it| it.project_id.clone()).collect();
    assert_eq!(decided, [make::saga().project_id]);
}

#[tokio::test]
async fn the_last_of_a_plan_is_not_sold_out_for_itself() {
    let bench = limited(Bench::of([worker("a", 8192)]), 1);
    for _ in 0..2 {
        assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    }
    assert_eq!((counted(&bench), bench.claims()), (1, 1));
}

#[tokio::test]
async fn undoing_counts_out_and_lets_the_next_one_in() {
    let bench = limited(Bench::of([worker("a", 8192)]), 1);
    bench.place_of(&make::saga()).await;
    for _ in 0..2 {
        bench.released(&make::saga()).await;
        assert_eq!(counted(&bench), 0);
    }
    assert_eq!(bench.place_of(&other("z")).await.as_deref(), Some("a"));
}

#[tokio::test]
async fn a_late_reserve_is_not_counted() {
    let bench = limited(Bench::of([worker("a", 8192)]), 1);
    bench.released(&make::saga()).await;
    assert_eq!(bench.refused(&make::saga()).await.fault(), Fault::Terminal);
    assert_eq!((counted(&bench), bench.claims()), (0, 0));
}

#[tokio::test]
async fn who_finds_no_room_is_counted_because_a_worker_is_bought() {
    let bench = limited(Bench::of([worker("a", demand_mib() - 1)]), 1);
    assert_eq!(bench.place_of(&make::saga()).await, None);
    assert_eq!(counted(&bench), 1);
    assert_eq!(bench.refused(&other("z")).await.fault(), Fault::Terminal);
}

#[tokio::test]
async fn a_claimed_blank_counts_and_a_waiting_one_does_not() {
    let bench = limited(Bench::of([full_but_for_a_blank("a", "b1")]), 1);
    assert_eq!(counted(&bench), 0);
    assert!(bench.reserved(&make::saga()).await.blank_id.is_some());
    assert_eq!(counted(&bench), 1);
}

#[tokio::test]
async fn another_plan_has_no_limit() {
    let bench = limited(Bench::of([worker("a", 65_536)]), 0);
    for number in 0..4 {
        let saga = saga_of(&format!("p{number}"), PlanId::Pro);
        assert_eq!(bench.place_of(&saga).await.as_deref(), Some("a"));
    }
    assert!(bench.fleet.counted.borrow().is_empty());
    assert_eq!(bench.refused(&make::saga()).await.fault(), Fault::Terminal);
}
