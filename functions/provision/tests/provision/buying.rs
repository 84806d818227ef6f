//! A purchase, and what the record says of it.

use crate::bench::{Bench, buy, elsewhere, is_a_port, offering, saga};
use contracts::provision::Saga;
use domain::{
    capacity::Capacity,
    offering::{Alternative, Architecture, Offering, Provider, Purchase},
    plan::PlanId,
    project::Project,
    worker::{Origin, Reservation, State, Worker},
};
use ports::clock::Clock;
use provision::{Call, ProvisionError};
use runtime::fault::Fault;
use std::time::Duration;
use testkit::make;

#[tokio::test]
async fn the_cheapest_that_holds_the_plan_is_bought_with_the_projects_place_on_it() {
    let bench = Bench::default();
    assert_eq!(bench.done(buy()).await, None);
    let worker = bench.worker();
    assert_eq!(worker.total, offering("small", 4096, 0.08).capacity());
    assert_eq!((worker.state, worker.machine_id.as_deref()), (State::Provisioning, Some("i-1")));
    let held = worker.held_by(&saga().project_id).expect("has a place");
    let place = Reservation {
        id: saga().reservation_id,
        demand: PlanId::Standard.plan().limits,
        port: held.port,
        plan: PlanId::Standard,
        since: bench.clock.now(),
        warm: false,
        blank: None,
    };
    assert_eq!(*held, place);
    assert!(is_a_port(held.port));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn the_record_says_what_was_bought() {
    let spot = Offering { purchase: Purchase::Spot, ..offering("spot", 4096, 0.02) };
    let cases = [
        ("on demand", offering("small", 4096, 0.08), "i-1", "us-east-1"),
        ("spot", spot, "i-1", "us-east-1"),
        ("elsewhere", elsewhere("cx33", 8192, 0.01), "hz-1", "fsn1"),
    ];
    for (case, offering, machine_id, region) in cases {
        let bench = Bench::selling(vec![offering.clone()]);
        bench.done(buy()).await;
        let worker = bench.worker();
        let origin = Origin {
            provider: offering.provider,
            machine_type: offering.machine_type.clone(),
            purchase: offering.purchase,
            architecture: Architecture::X86,
            region: region.to_owned(),
        };
        assert_eq!(worker.origin, origin, "{case}");
        assert_eq!(worker.total, offering.capacity(), "{case}");
        assert_eq!(worker.machine_id.as_deref(), Some(machine_id), "{case}");
        assert_eq!((worker.node_id, worker.address), (None, None), "{case}: it has not joined");
        assert_eq!(worker.changed_at, bench.clock.now(), "{case}");
    }
}

#[tokio::test]
async fn the_record_says_which_of_several_types_was_bought_and_sells_what_each_has() {
    let alternative = |machine_type: &str, memory_mib| {
        let machine_type = machine_type.to_owned();
        Alternative { machine_type, memory_mib, cpu_millis: 2_000 }
    };
    let mixed = Offering {
        purchase: Purchase::Spot,
        alternatives: vec![alternative("same", 4096), alternative("larger", 8192)],
        ..offering("own", 4096, 0.02)
    };
    let cases: [(&[&str], &str); 3] =
        [(&[], "own"), (&["own"], "same"), (&["own", "same"], "larger")];
    for (sold_out, expected) in cases {
        for lose_answer in [false, true] {
            let bench = Bench::selling(vec![mixed.clone()]);
            bench.sold_out(sold_out);
            bench.machines.lose_answer.set(lose_answer);
            if lose_answer {
                assert_eq!(bench.fails(buy()).await.0, Fault::Retryable);
                bench.sold_out(&["own", "same", "larger"]);
            }
            bench.done(buy()).await;
            let worker = bench.worker();
            assert_eq!(worker.origin.machine_type, expected, "lost: {lose_answer}");
            assert_eq!(worker.total, mixed.capacity(), "{expected}");
            assert_eq!(bench.machines.bought(), 1, "{expected}");
            bench.fleet.assert_balanced();
        }
    }
}

/// A worker of somebody else's that is there already.
fn standing(name: &str, purchase: Purchase) -> Worker {
    let worker = make::worker(name, 0);
    Worker { origin: Origin { purchase, ..worker.origin.clone() }, ..worker }
}

#[tokio::test]
async fn spot_is_bought_once_its_base_is_on_demand() {
    let (on_demand, spot) = (Purchase::OnDemand, Purchase::Spot);
    let cases: [(&str, &[Purchase], &str); 5] = [
        ("nobody", &[], "sure"),
        ("one of two", &[on_demand], "sure"),
        ("Spot is no base", &[spot, spot, on_demand], "sure"),
        ("both", &[on_demand, on_demand], "cheap"),
        ("more than both", &[on_demand, on_demand, on_demand, spot], "cheap"),
    ];
    for (case, standing_there, expected) in cases {
        let late = Offering { purchase: spot, on_demand_base: 2, ..offering("cheap", 4096, 0.02) };
        let bench = Bench::selling(vec![late, offering("sure", 4096, 0.08)]);
        for (index, purchase) in standing_there.iter().enumerate() {
            let worker = standing(&index.to_string(), *purchase);
            bench.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
        }
        // The record of the first try is no base for the second.
        bench.machines.outage.begin_after(1, 1);
        assert_eq!(bench.fails(buy()).await.0, Fault::Retryable, "{case}");
        bench.done(buy()).await;
        assert_eq!(bench.worker().origin.machine_type, expected, "{case}");
    }
}

#[tokio::test]
async fn without_a_base_spot_is_not_bought_though_nothing_else_is_to_be_had() {
    let (purchase, on_demand_base) = (Purchase::Spot, 1);
    let late = Offering { purchase, on_demand_base, ..offering("cheap", 4096, 0.02) };
    let bench = Bench::selling(vec![late, offering("sure", 4096, 0.08)]);
    bench.sold_out(&["sure"]);
    let (_, error) = bench.fails(buy()).await;
    assert!(matches!(error, ProvisionError::NothingToBuy(_)), "{error}");
    assert_eq!(bench.machines.bought(), 0);
}

#[tokio::test]
async fn who_is_told_to_come_back_later_answers_no_sooner() {
    let bench = Bench::default();
    let moment = bench.clock.now() + Duration::from_secs(30);
    bench.machines.not_before.set(Some(moment));
    assert_eq!(bench.fails(buy()).await.0, Fault::Retryable);
    assert_eq!(bench.clock.now(), moment, "the saga asks again when there is something to ask for");
    bench.done(buy()).await;
    assert_eq!(bench.machines.bought(), 1);
}

#[tokio::test]
async fn what_runs_on_another_architecture_is_never_bought() {
    let arm = Offering { architecture: Architecture::Arm, ..offering("arm", 4096, 0.01) };
    let bench = Bench::selling(vec![arm.clone(), offering("small", 4096, 0.08)]);
    bench.done(buy()).await;
    assert_eq!(bench.worker().origin.machine_type, "small");
    let bench = Bench::selling(vec![arm]);
    assert_eq!(bench.fails(buy()).await.0, Fault::Terminal);
    assert_eq!((bench.alive(), bench.fleet.workers.borrow().len()), (0, 0));
}

#[tokio::test]
async fn who_wants_to_be_alone_gets_all_of_what_is_bought() {
    let project = Project { plan: PlanId::Dedicated, ..make::project() };
    let saga = Saga { reserve: saga().reserve, ..Saga::of(&project) };
    let bench = Bench::default();
    bench.done(Call::BuyWorker(saga.clone())).await;
    let worker = bench.worker();
    assert_eq!(worker.origin.machine_type, "small");
    assert_eq!(worker.free, Capacity::default());
    assert_eq!(worker.held_by(&saga.project_id).map(|it| it.demand), Some(worker.total));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn buying_twice_is_one_machine() {
    let bench = Bench::default();
    bench.done(buy()).await;
    let first = bench.worker();
    // What was cheapest is gone by now, and there is something cheaper to be had.
    bench.sold_out(&["small"]);
    bench.done(buy()).await;
    assert_eq!((bench.worker(), bench.machines.bought()), (first, 1));
}

#[tokio::test]
async fn offerings_of_all_providers_are_tried_cheapest_first() {
    let market = || {
        vec![
            offering("ec2-dear", 4096, 0.30),
            elsewhere("hetzner-cheap", 4096, 0.01),
            offering("ec2-cheap", 4096, 0.10),
            elsewhere("hetzner-dear", 4096, 0.20),
        ]
    };
    let order = ["hetzner-cheap", "ec2-cheap", "hetzner-dear", "ec2-dear"];
    for (number, expected) in order.iter().enumerate() {
        // Some have none now, and some will not sell to us.
        for refuse in [false, true] {
            let bench = Bench::selling(market());
            let missing: Vec<_> = order[..number].iter().map(ToString::to_string).collect();
            let list = if refuse { &bench.machines.refused } else { &bench.machines.sold_out };
            *list.borrow_mut() = missing;
            bench.done(buy()).await;
            let worker = bench.worker();
            assert_eq!(worker.origin.machine_type, *expected, "refused: {refuse}");
            let hetzner = worker.origin.provider == Provider::Hetzner;
            assert_eq!(hetzner, expected.starts_with("hetzner"), "{expected}");
            assert_eq!((bench.machines.bought(), bench.alive()), (1, 1), "{expected}");
            bench.fleet.assert_balanced();
        }
    }
}

#[tokio::test]
async fn when_all_is_sold_out_or_refused_nothing_is_left_and_a_later_try_may_succeed() {
    let bench = Bench::default();
    bench.sold_out(&["small"]);
    bench.machines.refused.borrow_mut().push("big".to_owned());
    let (fault, error) = bench.fails(buy()).await;
    assert!(matches!(error, ProvisionError::NothingToBuy(_)), "{error}");
    assert_eq!(fault, Fault::Terminal);
    assert!(bench.fleet.workers.borrow().is_empty());
    bench.sold_out(&[]);
    bench.done(buy()).await;
    assert_eq!(bench.machines.bought(), 1);
}

#[tokio::test]
async fn a_plan_that_no_offering_holds_is_terminal() {
    let bench = Bench::selling(vec![offering("tiny", 1024, 0.01)]);
    assert_eq!(bench.fails(buy()).await.0, Fault::Terminal);
    assert_eq!((bench.alive(), bench.fleet.workers.borrow().len()), (0, 0));
}

#[tokio::test]
async fn a_purchase_whose_answer_was_lost_is_the_same_machine_on_the_retry() {
    for sold_out_since in [&[] as &[&str], &["small"], &["small", "big"]] {
        let bench = Bench::default();
        bench.machines.lose_answer.set(true);
        assert_eq!(bench.fails(buy()).await.0, Fault::Retryable);
        bench.sold_out(sold_out_since);
        bench.done(buy()).await;
        let worker = bench.worker();
        assert_eq!(bench.machines.bought(), 1, "{sold_out_since:?}");
        assert_eq!(worker.machine_id.as_deref(), Some("i-1"), "{sold_out_since:?}");
        assert_eq!(worker.total, offering("small", 4096, 0.08).capacity(), "{sold_out_since:?}");
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_a_purchase_is_retryable_and_the_retry_buys_once() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 6] = [
        ("forgetting an earlier try", |it| it.fleet.outage.begin(1)),
        ("recording the worker", |it| it.fleet.outage.begin_after(1, 1)),
        ("reading it back", |it| it.fleet.outage.begin_after(2, 1)),
        ("recording the machine", |it| it.fleet.outage.begin_after(3, 1)),
        ("looking for the machine", |it| it.machines.outage.begin(1)),
        ("buying", |it| it.machines.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        break_it(&bench);
        assert_eq!(bench.fails(buy()).await.0, Fault::Retryable, "{case}");
        bench.done(buy()).await;
        assert_eq!((bench.machines.bought(), bench.alive()), (1, 1), "{case}");
        assert_eq!(bench.worker().machine_id.as_deref(), Some("i-1"), "{case}");
    }
}

#[tokio::test]
async fn a_record_says_what_was_bought_though_another_offering_came_back_in_between() {
    let bench = Bench::default();
    bench.sold_out(&["small"]);
    // `find`, `small` is sold out; `find`, and `big` cannot be asked for.
    bench.machines.outage.begin_after(3, 1);
    assert_eq!(bench.fails(buy()).await.0, Fault::Retryable);
    // By the retry only the small one is to be had, so that is what gets bought.
    bench.sold_out(&["big"]);
    bench.done(buy()).await;
    let worker = bench.worker();
    assert_eq!(worker.total, offering("small", 4096, 0.08).capacity());
    assert_eq!(worker.origin.machine_type, "small");
}
