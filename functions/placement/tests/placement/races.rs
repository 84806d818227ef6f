//! Several placements that want the same place.

use crate::bench::{Bench, demand_mib, full_but_for_a_blank, id, other};
use placement::{Call, MAX_WRITES, PlaceError};
use runtime::fault::{Classify, Fault};
use testkit::{
    make::{self, worker},
    random::FakeRandom,
};

#[tokio::test]
async fn a_lost_race_moves_on_to_another_worker() {
    let bench = Bench::of([worker("a", demand_mib()), worker("b", 8192)]);
    bench.fleet.lost_races.borrow_mut().push(id("a"));
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("b"));
    assert_eq!((bench.claims(), bench.fleet.tries.get()), (1, 2));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn best_fit_decides_at_first_and_chance_by_what_is_free_after_a_lost_race() {
    let (mut tight, mut roomy) = (0, 0);
    for seed in 0..200 {
        let fleet = || [worker("a", demand_mib()), worker("b", 2 * demand_mib())];
        let bench = Bench { random: FakeRandom::seeded(seed), ..Bench::of(fleet()) };
        assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"), "{seed}");

        let workers = fleet().into_iter().chain([worker("c", 16 * demand_mib())]);
        let bench = Bench { random: FakeRandom::seeded(seed), ..Bench::of(workers) };
        bench.fleet.lost_races.borrow_mut().push(id("a"));
        match bench.place_of(&make::saga()).await.as_deref() {
            Some("b") => tight += 1,
            Some("c") => roomy += 1,
            other => panic!("{seed}: placed on {other:?}"),
        }
    }
    // Two to sixteen, so that placers who lost together do not meet again.
    assert!(roomy > 4 * tight && tight > 0, "{roomy} times roomy, {tight} times tight");
}

#[tokio::test]
async fn losing_every_race_is_retryable_and_leaves_nothing() {
    let names: Vec<_> = (0..=MAX_WRITES).map(|it| format!("{it:02}")).collect();
    let bench = Bench::of(names.iter().map(|it| full_but_for_a_blank(it, it)));
    bench.fleet.lost_blanks.set(MAX_WRITES);
    let error = bench.refused(&make::saga()).await;
    assert!(matches!(error, PlaceError::Contended(MAX_WRITES)), "{error}");
    assert_eq!(error.fault(), Fault::Retryable);
    assert_eq!(bench.fleet.tries.get(), MAX_WRITES);
    assert!(names.iter().all(|it| bench.held(it, &make::saga()).is_none()));
    assert!(bench.reserved(&make::saga()).await.blank_id.is_some(), "the retry wins");
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn given_up_while_it_is_being_made_a_reservation_leaves_nothing() {
    let workers = [("room", worker("a", 8192)), ("a blank", full_but_for_a_blank("a", "b"))];
    for (case, worker) in workers {
        let bench = Bench::of([worker]);
        // The claim is written, and the process ends before it asks whether it was given up.
        // Read and claim (two checks of the fake) come before that.
        bench.fleet.outage.begin_after(3, 1);
        assert_eq!(bench.fault(reserve()).await, Some(Fault::Retryable), "{case}");
        assert!(bench.held("a", &make::saga()).is_some(), "{case}");
        bench.fleet.given_up.borrow_mut().insert(make::saga().reservation_id);
        assert_eq!(bench.fault(reserve()).await, Some(Fault::Terminal), "{case}");
        assert_eq!(bench.claims(), 0, "{case}");
        bench.fleet.assert_balanced();
    }
}

#[tokio::test]
async fn a_late_reserve_that_cannot_clean_up_does_so_on_its_retry() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.released(&make::saga()).await;
    // Read, reserve (two checks of the fake), ask, give up, read; then the release itself fails.
    bench.fleet.outage.begin_after(6, 1);
    assert_eq!(bench.fault(reserve()).await, Some(Fault::Retryable));
    assert_eq!(bench.claims(), 1);
    assert_eq!(bench.fault(reserve()).await, Some(Fault::Terminal));
    assert_eq!(bench.claims(), 0);
}

#[tokio::test]
async fn everybody_gets_a_place_of_their_own_as_long_as_there_is_one() {
    let bench = Bench::of([worker("a", 3 * demand_mib()), worker("b", 2 * demand_mib())]);
    let mut placed = Vec::new();
    for number in 0..6 {
        placed.extend(bench.place_of(&other(&format!("p{number}"))).await);
    }
    placed.sort();
    assert_eq!(placed, ["a", "a", "a", "b", "b"]);
    bench.fleet.assert_balanced();
}

fn reserve() -> Call {
    Call::Reserve(make::saga())
}
