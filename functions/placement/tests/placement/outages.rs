//! The fleet is away for one call, whichever it is.

use crate::bench::{Bench, blank_id, demand_mib, full_but_for_a_blank, in_state};
use contracts::blank::Saga as BlankSaga;
use domain::{
    plan::PlanId,
    worker::{State, Worker},
};
use placement::Call;
use runtime::fault::Fault;
use testkit::make::{self, worker};

/// No step makes more calls than this.
const CALLS: u32 = 12;

fn fleets() -> [(&'static str, Worker); 3] {
    [
        ("room", worker("a", 8192)),
        ("a blank", full_but_for_a_blank("a", "b")),
        ("a stopped worker", in_state("a", State::WarmStopped, demand_mib())),
    ]
}

/// Makes `call` with an outage after every number of calls that succeed. How many there were.
async fn disturb(bench: &Bench, call: &Call, case: &str) -> u32 {
    for before in 0..CALLS {
        bench.fleet.outage.begin_after(before, 1);
        let fault = bench.fault(call.clone()).await;
        bench.fleet.outage.begin_after(0, 0);
        match fault {
            None => return before,
            Some(fault) => assert_eq!(fault, Fault::Retryable, "{case}: after {before}"),
        }
    }
    panic!("{case}: {CALLS} calls are not enough");
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_ends_as_if_there_was_none() {
    for (case, worker) in fleets() {
        let undisturbed = Bench::of([worker.clone()]);
        let expected = undisturbed.reserved(&make::saga()).await;
        let bench = Bench::of([worker]);
        let calls = disturb(&bench, &Call::Reserve(make::saga()), case).await;
        assert!(calls >= 2, "{case}: it reads and asks at least");
        assert_eq!(bench.reserved(&make::saga()).await, expected, "{case}");
        let state_of = |it: &Bench| (it.worker("a").state, it.worker("a").free, it.claims());
        assert_eq!(state_of(&bench), state_of(&undisturbed), "{case}");
        bench.fleet.assert_balanced();

        undisturbed.released(&make::saga()).await;
        disturb(&bench, &Call::UndoReserve(make::saga()), case).await;
        assert_eq!(bench.snapshot(), undisturbed.snapshot(), "{case}");
        assert_eq!(bench.claims(), 0, "{case}");
    }
}

#[tokio::test]
async fn an_outage_at_the_first_try_of_every_call_claims_once() {
    for (case, worker) in fleets() {
        for before in 0..4 {
            let bench = Bench::of([worker.clone()]);
            bench.fleet.outage.begin_after(before, 1);
            let fault = bench.fault(Call::Reserve(make::saga())).await;
            assert_eq!(fault, Some(Fault::Retryable), "{case}: after {before}");
            let reserved = bench.reserved(&make::saga()).await;
            assert_eq!(reserved.blank_id.is_some(), case == "a blank", "{case}: after {before}");
            assert_eq!(bench.claims(), 1, "{case}: after {before}");
        }
    }
}

#[tokio::test]
async fn the_same_holds_for_a_blank() {
    let saga = BlankSaga::of(&blank_id("b"), PlanId::Standard);
    let bench = Bench::of([worker("a", 8192)]);
    let untouched = bench.snapshot();
    disturb(&bench, &Call::ReserveBlank(saga.clone()), "reserve").await;
    assert_eq!(bench.claims(), 1);
    disturb(&bench, &Call::UndoReserveBlank(saga), "undo").await;
    assert_eq!(bench.snapshot(), untouched);
}

#[tokio::test]
async fn a_decision_that_cannot_be_recorded_is_retryable_and_keeps_its_place() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.placements.outage.begin(1);
    assert_eq!(bench.fault(Call::Reserve(make::saga())).await, Some(Fault::Retryable));
    assert_eq!(bench.claims(), 1);
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    assert_eq!((bench.claims(), bench.placements.recorded.borrow().len()), (1, 1));
}
