//! Why a project is where it is.

use crate::bench::{Bench, blank_id, demand_mib, full_but_for_a_blank, id, in_state, with_blank};
use domain::{
    capacity::Capacity,
    fit::{Refusal, Score},
    plan::PlanId,
    worker::{Cordon, State, Worker},
};
use ports::{
    clock::Clock,
    placements::{Alternative, Decision, Outcome},
};
use std::time::Duration;
use testkit::make::{self, worker};

/// The one decision.
fn decided(bench: &Bench) -> Decision {
    let recorded = bench.placements.recorded.borrow();
    let [decision] = recorded.as_slice() else { panic!("{recorded:?}") };
    decision.clone()
}

#[tokio::test]
async fn each_outcome_is_recorded_as_what_it_was() {
    let cases = [
        ("room", worker("a", 8192), Outcome::Placed { worker_id: id("a") }, 1),
        (
            "a blank",
            full_but_for_a_blank("a", "b1"),
            Outcome::Claimed { worker_id: id("a"), blank_id: blank_id("b1") },
            1,
        ),
        (
            "a sleeper",
            in_state("a", State::WarmStopped, 8192),
            Outcome::Woken { worker_id: id("a") },
            1,
        ),
        ("nobody", worker("a", demand_mib() - 1), Outcome::NoRoom, 0),
    ];
    for (case, worker, outcome, writes) in cases {
        let bench = Bench::of([worker]);
        bench.clock.advance(Duration::from_secs(5));
        bench.reserved(&make::saga()).await;
        let decision = decided(&bench);
        let saga = make::saga();
        assert_eq!(decision.outcome, outcome, "{case}");
        assert_eq!((decision.writes, decision.considered), (writes, 1), "{case}");
        assert_eq!(decision.project_id, saga.project_id, "{case}");
        assert_eq!(decision.reservation_id, saga.reservation_id, "{case}");
        assert_eq!((decision.plan, decision.at), (saga.plan, bench.clock.now()), "{case}");
    }
}

#[tokio::test]
async fn the_alternatives_are_recorded_as_they_were_the_best_first() {
    let busy = Capacity { memory_mib: 8192, cpu_millis: 100 };
    let bench = Bench::of([
        worker("roomy", 8192),
        Worker { cordon: Some(Cordon::Operator), ..worker("cordoned", demand_mib()) },
        worker("small", demand_mib() - 1),
        worker("tight", demand_mib()),
        Worker { free: busy, total: busy, ..worker("busy", 8192) },
        with_blank(in_state("draining", State::Draining, 8192), "b1", PlanId::Standard, true),
    ]);
    bench.reserved(&make::saga()).await;
    let seen = decided(&bench).alternatives;
    let cpu_left = 2 * u64::from(8000 - PlanId::Standard.plan().limits.cpu_millis);
    let expected = [
        ("tight", Ok(Score(cpu_left))),
        ("roomy", Ok(Score(cpu_left + u64::from(8192 - demand_mib())))),
        ("busy", Err(Refusal::TooLittleCpu)),
        ("cordoned", Err(Refusal::Cordoned)),
        ("draining", Err(Refusal::NotReady)),
        ("small", Err(Refusal::TooLittleMemory)),
    ];
    let summary: Vec<_> = seen
        .iter()
        .map(|it| (it.worker_id.body(), it.score.ok_or(()).map_err(|()| it.refusal)))
        .collect();
    let expected: Vec<_> =
        expected.into_iter().map(|(name, judged)| (name, judged.map_err(Some))).collect();
    assert_eq!(summary, expected);
    let tight = Alternative {
        worker_id: id("tight"),
        free_mib: demand_mib(),
        free_cpu_millis: 8000,
        score: Some(Score(cpu_left)),
        refusal: None,
    };
    assert_eq!(seen[0], tight, "as it was before the claim");
}

#[tokio::test]
async fn a_repeat_decides_nothing_new() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.reserved(&make::saga()).await;
    let first = decided(&bench);
    bench.clock.advance(Duration::from_mins(1));
    bench.add(worker("b", demand_mib()));
    bench.reserved(&make::saga()).await;
    assert_eq!(decided(&bench), first);
}

#[tokio::test]
async fn a_decision_that_was_not_recorded_is_recorded_by_the_repeat() {
    let cases = [
        ("room", worker("a", 8192)),
        ("a blank", full_but_for_a_blank("a", "b1")),
        ("a sleeper", in_state("a", State::WarmStopped, 8192)),
    ];
    for (case, worker) in cases {
        let undisturbed = Bench::of([worker.clone()]);
        undisturbed.reserved(&make::saga()).await;
        let bench = Bench::of([worker]);
        bench.placements.outage.begin(1);
        bench.refused(&make::saga()).await;
        bench.reserved(&make::saga()).await;
        assert_eq!(decided(&bench).outcome, decided(&undisturbed).outcome, "{case}");
    }
}

#[tokio::test]
async fn a_lost_race_is_counted() {
    let bench = Bench::of([worker("a", demand_mib()), worker("b", 8192)]);
    bench.fleet.lost_races.borrow_mut().push(id("a"));
    bench.reserved(&make::saga()).await;
    assert_eq!(decided(&bench).writes, 2);
}

#[tokio::test]
async fn of_a_large_fleet_the_hundred_best_are_kept() {
    let fleet = (0..250).map(|it| worker(&format!("w{it:03}"), 20_000 - 10 * it));
    let bench = Bench::of(fleet.chain([worker("none", 0)]));
    bench.reserved(&make::saga()).await;
    let decision = decided(&bench);
    assert_eq!((decision.considered, decision.alternatives.len()), (251, 100));
    assert_eq!(decision.alternatives[0].worker_id, id("w249"));
    assert!(decision.alternatives.is_sorted_by_key(|it| it.score));
    assert!(decision.alternatives.iter().all(|it| it.score.is_some()));
}
