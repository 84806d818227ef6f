//! Workers for the warm pool: bought ahead, or started ahead.

use crate::bench::{Bench, elsewhere, growing, offering, stopped};
use contracts::grow::{Saga, Source};
use domain::{
    id::WorkerId,
    offering::{Offering, Purchase},
    worker::{State, Worker},
};
use jiff::SignedDuration;
use ports::{clock::Clock, machines::Power};
use provision::{Call, ProvisionError};
use runtime::fault::Fault;

fn bought() -> Saga {
    growing("a", Source::Purchase)
}

fn started() -> Saga {
    growing("a", Source::WarmPool)
}

fn id() -> WorkerId {
    bought().worker_id
}

/// A stopped worker and its machine.
fn with_a_sleeper() -> Bench {
    let bench = Bench::default();
    let (worker, machine) = stopped("a");
    bench.fleet.workers.borrow_mut().insert(id(), worker);
    bench.machines.alive.borrow_mut().insert(id(), machine);
    bench
}

impl Bench {
    fn spare(&self) -> Worker {
        self.worker_called(&id())
    }

    fn power(&self) -> Power {
        self.machines.alive.borrow()[&id()].state
    }
}

#[tokio::test]
async fn a_spare_is_the_cheapest_that_holds_its_plan_and_is_bought_once_with_nobody_on_it() {
    let bench = Bench::default();
    for _ in 0..2 {
        assert_eq!(bench.done(Call::GetSpare(bought())).await, None);
    }
    let spare = bench.spare();
    assert_eq!(spare.total, offering("small", 4096, 0.08).capacity());
    assert_eq!((spare.free, spare.reservations.len()), (spare.total, 0));
    assert_eq!((spare.state, spare.machine_id.as_deref()), (State::Provisioning, Some("i-1")));
    assert_eq!(bench.machines.bought(), 1);
}

#[tokio::test]
async fn a_spare_that_is_to_be_stopped_is_of_a_kind_that_can_be() {
    let spot = Offering { purchase: Purchase::Spot, ..offering("spot", 4096, 0.01) };
    let market = vec![spot, elsewhere("cx33", 8192, 0.02), offering("small", 4096, 0.08)];
    for (park, expected) in [(true, "small"), (false, "spot")] {
        let bench = Bench::selling(market.clone());
        bench.done(Call::GetSpare(Saga { park, ..bought() })).await;
        assert_eq!(bench.spare().origin.machine_type, expected);
    }
}

#[tokio::test]
async fn a_bought_spare_is_ready_once_it_answers() {
    let bench = Bench::default();
    bench.done(Call::GetSpare(bought())).await;
    for _ in 0..2 {
        assert_eq!(bench.done(Call::AwaitSpare(bought())).await, None);
        let spare = bench.spare();
        assert_eq!((spare.state, spare.node_id.as_deref()), (State::Ready, Some("i-1")));
    }
    assert_eq!(bench.commands.log.borrow().len(), 1, "a repeat has nothing to ask");
}

#[tokio::test]
async fn a_stopped_spare_is_claimed_for_its_start_and_then_started() {
    let bench = with_a_sleeper();
    for _ in 0..2 {
        bench.done(Call::GetSpare(started())).await;
        assert_eq!((bench.spare().state, bench.power()), (State::Starting, Power::Stopped));
    }
    for _ in 0..2 {
        bench.done(Call::AwaitSpare(started())).await;
        assert_eq!((bench.spare().state, bench.power()), (State::Ready, Power::Running));
    }
    assert_eq!(bench.machines.bought(), 0);
}

#[tokio::test]
async fn what_is_not_stopped_cannot_be_started_and_is_left_as_it_is() {
    let states =
        [State::Provisioning, State::Ready, State::Draining, State::Error, State::Terminated];
    for state in states {
        let bench = with_a_sleeper();
        bench.fleet.workers.borrow_mut().values_mut().for_each(|it| it.state = state);
        let before = bench.spare();
        let (fault, error) = bench.fails(Call::GetSpare(started())).await;
        assert!(matches!(error, ProvisionError::NotStartable(_)), "{state:?}: {error}");
        assert_eq!((fault, bench.spare()), (Fault::Terminal, before), "{state:?}");
    }
    let nobody = Bench::default();
    assert_eq!(nobody.fails(Call::GetSpare(started())).await.0, Fault::Terminal);
}

#[tokio::test]
async fn a_spare_that_does_not_come_up_in_time_is_asked_again_later() {
    for saga in [bought(), started()] {
        let case = saga.from;
        let bench = with_a_sleeper();
        if case == Source::Purchase {
            bench.fleet.workers.borrow_mut().clear();
            bench.machines.alive.borrow_mut().clear();
        }
        bench.done(Call::GetSpare(saga.clone())).await;
        bench.commands.unreachable.set(true);
        let began = bench.clock.now();
        let (fault, error) = bench.fails(Call::AwaitSpare(saga.clone())).await;
        assert!(matches!(error, ProvisionError::NotReadyYet(_)), "{case:?}: {error}");
        assert_eq!(fault, Fault::Retryable, "{case:?}");
        let waited = bench.clock.now().duration_since(began);
        assert_eq!(waited, SignedDuration::from_secs(110), "{case:?}");
        bench.commands.unreachable.set(false);
        bench.done(Call::AwaitSpare(saga)).await;
        assert_eq!(bench.spare().state, State::Ready, "{case:?}");
    }
}

#[tokio::test]
async fn a_spare_that_cannot_be_started_is_terminal_and_its_undo_gives_it_back() {
    let bench = Bench::default();
    bench.done(Call::GetSpare(bought())).await;
    bench.done(Call::AwaitSpare(bought())).await;
    // Stopped, and by now nobody has room for it.
    bench.each_machine(|it| it.state = Power::Stopped);
    bench.fleet.workers.borrow_mut().values_mut().for_each(|it| it.state = State::WarmStopped);
    bench.sold_out(&["small"]);
    bench.done(Call::GetSpare(started())).await;
    let (fault, error) = bench.fails(Call::AwaitSpare(started())).await;
    assert!(matches!(error, ProvisionError::Power(_)), "{error}");
    assert_eq!(fault, Fault::Terminal);
    for _ in 0..2 {
        bench.done(Call::UndoGetSpare(started())).await;
        bench.assert_retired(&id());
    }
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_finishes() {
    for before in 0..12 {
        for of_fleet in [true, false] {
            let case = format!("{before} calls, then an outage, of the fleet: {of_fleet}");
            let bench = Bench::default();
            let calls = [
                Call::GetSpare(bought()),
                Call::AwaitSpare(bought()),
                Call::UndoGetSpare(bought()),
            ];
            let outage = if of_fleet { &bench.fleet.outage } else { &bench.machines.outage };
            outage.begin_after(before, 1);
            for call in calls {
                if let Err(error) = bench.run(call.clone()).await {
                    let fault = runtime::fault::Classify::fault(&error);
                    assert_eq!(fault, Fault::Retryable, "{case}: {call:?}: {error}");
                    bench.done(call).await;
                }
            }
            outage.begin(0);
            bench.assert_retired(&id());
            assert_eq!(bench.machines.bought(), 1, "{case}");
        }
    }
}

#[tokio::test]
async fn giving_a_spare_back_leaves_nothing_however_far_it_had_come() {
    for steps in 0..3 {
        let bench = Bench::default();
        let forward = [Call::GetSpare(bought()), Call::AwaitSpare(bought())];
        for call in forward.into_iter().take(steps) {
            bench.done(call).await;
        }
        for _ in 0..2 {
            bench.done(Call::UndoGetSpare(bought())).await;
            bench.assert_retired(&id());
        }
    }
}

#[tokio::test]
async fn a_spare_on_which_somebody_has_a_place_by_now_stays() {
    let bench = Bench::default();
    bench.done(Call::GetSpare(bought())).await;
    bench.done(Call::AwaitSpare(bought())).await;
    bench.somebody_else_moves_in(&id()).await;
    let before = bench.spare();
    bench.done(Call::UndoGetSpare(bought())).await;
    assert_eq!((bench.spare(), bench.alive()), (before, 1));
}

#[tokio::test]
async fn a_spare_that_comes_after_its_undo_is_refused() {
    for bench in [Bench::default(), with_a_sleeper()] {
        bench.done(Call::UndoGetSpare(bought())).await;
        for late in [
            Call::GetSpare(bought()),
            Call::GetSpare(started()),
            Call::AwaitSpare(bought()),
            Call::AwaitSpare(started()),
        ] {
            let case = format!("{late:?}");
            assert_eq!(bench.fails(late).await.0, Fault::Terminal, "{case}");
            bench.assert_retired(&id());
        }
        assert_eq!(bench.machines.bought(), 0);
    }
}

#[tokio::test]
async fn when_nothing_can_be_bought_ahead_nothing_is_left() {
    let bench = Bench::default();
    bench.sold_out(&["small", "big"]);
    let (fault, error) = bench.fails(Call::GetSpare(bought())).await;
    assert!(matches!(error, ProvisionError::NothingToBuy(_)), "{error}");
    assert_eq!(fault, Fault::Terminal);
    assert!(bench.fleet.workers.borrow().is_empty());
}
