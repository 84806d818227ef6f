//! A place grows where it is, if it can, and never fails to shrink.

use crate::bench::{Bench, demand_mib, other, saga_of};
use contracts::{
    provision::Saga as ProvisionSaga,
    resize::{Saga, Widened},
};
use domain::{
    capacity::Capacity,
    plan::PlanId,
    project::Project,
    worker::{Cordon, State, Worker},
};
use placement::{Call, Config, PlaceError};
use runtime::fault::{Classify, Fault};
use testkit::make::{self, worker};

const UP: (PlanId, PlanId) = (PlanId::Standard, PlanId::Pro);
const DOWN: (PlanId, PlanId) = (PlanId::Pro, PlanId::Standard);

fn limits(plan: PlanId) -> Capacity {
    plan.plan().limits
}

fn project(plan: PlanId) -> Project {
    Project { plan, ..make::project() }
}

fn resize((from, to): (PlanId, PlanId)) -> Saga {
    Saga::of(&project(from), to, 7)
}

/// A worker of so much memory, with an instance of `plan` on it.
async fn with_instance(memory_mib: u32, plan: PlanId) -> Bench {
    let bench = Bench::of([worker("a", memory_mib)]);
    bench.place_of(&ProvisionSaga::of(&project(plan))).await.expect("has room");
    bench
}

/// What `saga` finds, and leaves for the next step.
async fn widened(bench: &Bench, saga: &Saga) -> Saga {
    let answer = bench.run(Call::Widen(saga.clone())).await.expect("answers");
    let widened: Widened = serde_json::from_value(answer).expect("says where");
    Saga { widened: Some(widened), ..saga.clone() }
}

fn held(bench: &Bench) -> (Capacity, PlanId) {
    let held = bench.held("a", &make::saga()).expect("has a place");
    (held.demand, held.plan)
}

async fn twice(bench: &Bench, call: Call) {
    for round in ["once", "twice"] {
        bench.run(call.clone()).await.expect(round);
    }
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn between_two_plans_the_larger_is_reserved_and_then_the_new_one() {
    for (from, to) in [UP, DOWN] {
        let bench = with_instance(8192, from).await;
        let port = bench.held("a", &make::saga()).expect("has a place").port;
        let saga = widened(&bench, &resize((from, to))).await;
        assert_eq!(widened(&bench, &saga).await, saga, "twice is once");
        assert_eq!(saga.worker().map(|it| it.port), Some(port));
        assert_eq!(held(&bench), (limits(PlanId::Pro), from));
        bench.fleet.assert_balanced();
        twice(&bench, Call::Settle(saga)).await;
        assert_eq!(held(&bench), (limits(to), to));
    }
}

#[tokio::test]
async fn an_undo_leaves_everything_as_it_was_and_a_late_widening_nothing() {
    for change in [UP, DOWN] {
        let bench = with_instance(8192, change.0).await;
        let before = bench.snapshot();
        twice(&bench, Call::UndoWiden(resize(change))).await;
        assert_eq!(bench.snapshot(), before, "there was nothing to undo");
        let late = bench.run(Call::Widen(resize(change))).await.expect_err("is late");
        assert!(matches!(late, PlaceError::GivenUp), "{late}");
        assert_eq!((late.fault(), bench.snapshot()), (Fault::Terminal, before.clone()));

        let bench = with_instance(8192, change.0).await;
        widened(&bench, &resize(change)).await;
        twice(&bench, Call::UndoWiden(resize(change))).await;
        assert_eq!(bench.snapshot(), before);
    }
}

#[tokio::test]
async fn without_room_nothing_changes_and_the_instance_moves() {
    let almost = limits(PlanId::Pro).memory_mib - 1;
    for (case, memory_mib, cordoned) in [("full", almost, false), ("cordoned", 8192, true)] {
        let bench = with_instance(memory_mib, PlanId::Standard).await;
        bench.add(Worker { cordon: cordoned.then_some(Cordon::Operator), ..bench.worker("a") });
        let before = bench.snapshot();
        let saga = widened(&bench, &resize(UP)).await;
        assert_eq!((saga.worker(), bench.snapshot()), (None, before.clone()), "{case}");
        twice(&bench, Call::Settle(saga.clone())).await;
        twice(&bench, Call::UndoWiden(saga)).await;
        assert_eq!(bench.snapshot(), before, "{case}");
    }
}

#[tokio::test]
async fn who_shares_a_worker_and_who_is_alone_never_change_places_where_they_are() {
    let (shared, alone) = (PlanId::Pro, PlanId::Dedicated);
    for change in [(shared, alone), (alone, shared)] {
        let bench = with_instance(8192, change.0).await;
        let before = bench.snapshot();
        let saga = widened(&bench, &resize(change)).await;
        assert_eq!(saga.worker(), None, "{change:?}");
        twice(&bench, Call::UndoWiden(saga)).await;
        assert_eq!(bench.snapshot(), before, "{change:?}");
    }
}

#[tokio::test]
async fn a_settled_change_does_not_come_back() {
    let bench = with_instance(8192, PlanId::Standard).await;
    let up = widened(&bench, &resize(UP)).await;
    twice(&bench, Call::Settle(up.clone())).await;
    let late = bench.run(Call::Widen(up.clone())).await.expect_err("is over");
    assert!(matches!(late, PlaceError::GivenUp), "{late}");
    assert_eq!(held(&bench), (limits(PlanId::Pro), PlanId::Pro));
    let down = Saga { cause: 8, ..resize(DOWN) };
    let down = widened(&bench, &down).await;
    twice(&bench, Call::Settle(down)).await;
    let settled = bench.snapshot();
    twice(&bench, Call::Settle(up.clone())).await;
    assert_eq!(bench.snapshot(), settled);
    let late = bench.run(Call::Widen(up)).await.expect_err("is over");
    assert!(matches!(late, PlaceError::GivenUp), "{late}");
    assert_eq!(held(&bench).0, limits(PlanId::Standard));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_race_for_the_room_is_lost_or_won_and_never_both() {
    let bench = with_instance(8192, PlanId::Standard).await;
    bench.fleet.lost_races.borrow_mut().push(bench.worker("a").id);
    let saga = widened(&bench, &resize(UP)).await;
    assert_eq!(saga.worker(), None, "somebody else took the rest");
    assert_eq!(held(&bench), (limits(PlanId::Standard), PlanId::Standard));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn an_instance_that_is_nowhere_or_on_a_lost_worker_cannot_be_resized() {
    let nowhere = Bench::of([worker("a", 8192)]);
    let lost = with_instance(8192, PlanId::Standard).await;
    lost.add(Worker { state: State::Error, ..lost.worker("a") });
    for bench in [nowhere, lost] {
        assert_eq!(bench.fault(Call::Widen(resize(UP))).await, Some(Fault::Terminal));
        bench.run(Call::UndoWiden(resize(UP))).await.expect("there is nothing to undo");
    }
}

#[tokio::test]
async fn a_plan_with_a_maximum_is_counted_while_it_is_held() {
    let counted = |bench: &Bench, plan| {
        bench.fleet.counted.borrow().get(&plan).map_or(0, std::collections::BTreeMap::len)
    };
    let both = |bench: &Bench| (counted(bench, UP.0), counted(bench, UP.1));
    let maximum_instances = [(PlanId::Standard, 9), (PlanId::Pro, 1)];
    let limited = |bench: Bench| {
        let maximum_instances = maximum_instances.into();
        Bench { config: Config { maximum_instances, ..bench.config.clone() }, ..bench }
    };
    let bench = limited(Bench::of([worker("a", 16_384)]));
    bench.place_of(&make::saga()).await;
    bench.run(Call::UndoWiden(widened(&bench, &resize(UP)).await)).await.expect("undoes");
    assert_eq!(both(&bench), (1, 0), "undone");
    let again = widened(&bench, &Saga { cause: 8, ..resize(UP) }).await;
    bench.run(Call::Settle(again)).await.expect("settles");
    assert_eq!(both(&bench), (0, 1), "settled");

    bench.place_of(&other("z")).await;
    let sold_out = Saga::of(&make::project_called("z"), PlanId::Pro, 7);
    let before = bench.snapshot();
    let error = bench.run(Call::Widen(sold_out)).await.expect_err("there is one already");
    assert!(matches!(error, PlaceError::SoldOut { maximum: 1 }), "{error}");
    assert_eq!((both(&bench), bench.snapshot()), ((1, 1), before));

    let full = limited(Bench::of([worker("a", demand_mib())]));
    full.place_of(&saga_of("z", PlanId::Standard)).await;
    widened(&full, &Saga::of(&make::project_called("z"), PlanId::Pro, 7)).await;
    assert_eq!(both(&full), (1, 0), "who moves is counted where it goes");
}
