//! Waiting for a worker that was bought or has room.

use crate::bench::{Bench, buy, claim, is_a_port, saga, saga_on, undo, wait};
use contracts::provision::ReadyWorker;
use domain::{
    id::WorkerId,
    worker::{FIRST_PORT, Holder, Reservation, State},
};
use jiff::SignedDuration;
use ports::{clock::Clock, fleet::Fleet, machines::Power};
use provision::{Call, ProvisionError};
use runtime::fault::Fault;
use std::time::Duration;
use testkit::{fleet::FakeFleet, make};

const NOT_YET: i32 = 75;

#[tokio::test]
async fn a_worker_is_ready_only_when_its_command_says_so() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.commands.next_exit.set(Some(NOT_YET));
    let began = bench.clock.now();
    let ready = bench.done(wait()).await.expect("says where");
    let (worker_id, node_id) = (saga().new_worker_id, "i-1".to_owned());
    let (address, port) = ([10, 0, 1, 1].into(), ready.port);
    assert_eq!(ready, ReadyWorker { worker_id, node_id, address, port });
    assert!(is_a_port(port));
    let asked = bench.commands.log.borrow().clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.iter().all(|it| it.contains(" ready ") && it.ends_with("--image agent:1")));
    assert!(bench.clock.now() > began);
    let worker = bench.worker();
    assert_eq!((worker.state, worker.changed_at), (State::Ready, bench.clock.now()));
    assert_eq!((worker.node_id.as_deref(), worker.address), (Some("i-1"), Some(address)));
}

#[tokio::test]
async fn a_machine_from_elsewhere_takes_commands_under_the_name_with_which_it_joined() {
    let bench = Bench::selling(vec![crate::bench::elsewhere("cx33", 8192, 0.01)]);
    bench.done(buy()).await;
    bench.each_machine(|it| it.node_id = None);
    assert_eq!(bench.fails(wait()).await.0, Fault::Retryable, "it has not joined");
    assert!(bench.commands.log.borrow().is_empty());
    bench.each_machine(|it| it.node_id = Some("mi-7".to_owned()));
    let ready = bench.done(wait()).await.expect("says where");
    assert_eq!(ready.node_id, "mi-7");
    assert_eq!(bench.worker().machine_id.as_deref(), Some("hz-1"));
}

#[tokio::test]
async fn a_worker_that_is_ready_is_not_asked_again() {
    let bench = Bench::default();
    bench.done(buy()).await;
    let first = bench.done(wait()).await;
    bench.commands.unreachable.set(true);
    bench.machines.outage.begin(u32::MAX);
    bench.clock.advance(Duration::from_hours(1));
    let before = bench.worker();
    assert_eq!(bench.done(wait()).await, first);
    assert_eq!(bench.commands.log.borrow().len(), 1);
    assert_eq!(bench.worker(), before);
}

#[tokio::test]
async fn a_project_that_found_room_awaits_the_worker_that_it_found() {
    let bench = Bench { fleet: FakeFleet::of([make::worker("a", 8192)]), ..Bench::default() };
    let worker_id = WorkerId::new("a").expect("plain");
    let saga = saga_on(&worker_id);
    let holder = Holder::from(saga.project_id.clone());
    let claim = Reservation { port: FIRST_PORT + 7, ..claim(&saga) };
    bench.fleet.reserve(&worker_id, &holder, &claim).await.expect("has room");
    let ready = bench.done(Call::AwaitWorker(saga)).await.expect("says where");
    let (node_id, address) = ("i-a".to_owned(), [10, 0, 0, 1].into());
    assert_eq!(ready, ReadyWorker { worker_id, node_id, address, port: FIRST_PORT + 7 });
    assert!(bench.commands.log.borrow().is_empty(), "it is known to be ready");
}

#[tokio::test]
async fn a_worker_that_is_not_ready_in_time_is_asked_again_later() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 4] = [
        ("takes no commands", |it| it.commands.unreachable.set(true)),
        ("is not running", |it| it.each_machine(|machine| machine.state = Power::Starting)),
        ("has not joined", |it| it.each_machine(|machine| machine.node_id = None)),
        ("has no address", |it| it.each_machine(|machine| machine.address = None)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        bench.done(buy()).await;
        break_it(&bench);
        let began = bench.clock.now();
        let (fault, error) = bench.fails(wait()).await;
        assert!(matches!(error, ProvisionError::NotReadyYet(_)), "{case}: {error}");
        assert_eq!(fault, Fault::Retryable, "{case}");
        let waited = bench.clock.now().duration_since(began);
        assert_eq!(waited, SignedDuration::from_secs(110), "{case}");
        assert_eq!(bench.worker().state, State::Provisioning, "{case}");

        bench.commands.unreachable.set(false);
        bench.each_machine(|it| {
            (it.state, it.address) = (Power::Running, Some([10, 0, 1, 9].into()));
            it.node_id = Some("i-1".to_owned());
        });
        let ready = bench.done(wait()).await.expect("says where");
        assert_eq!(ready.address.octets(), [10, 0, 1, 9], "{case}");
    }
}

#[tokio::test]
async fn a_provider_is_asked_seldom_while_a_machine_boots() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.each_machine(|it| it.state = Power::Starting);
    // Two minutes, once in five seconds.
    bench.machines.outage.begin_after(25, u32::MAX);
    let (_, error) = bench.fails(wait()).await;
    assert!(matches!(error, ProvisionError::NotReadyYet(_)), "{error}");
}

#[tokio::test]
async fn a_provider_that_wants_to_be_left_alone_is_waited_for_as_long_as_anything_is() {
    for (seconds, comes_back) in [(30, true), (3600, false)] {
        let bench = Bench::default();
        bench.done(buy()).await;
        let moment = bench.clock.now() + Duration::from_secs(seconds);
        bench.machines.not_before.set(Some(moment));
        if comes_back {
            assert!(bench.done(wait()).await.is_some());
            assert_eq!(bench.clock.now(), moment);
        } else {
            assert_eq!(bench.fails(wait()).await.0, Fault::Retryable);
            assert!(bench.clock.now() < moment);
        }
    }
}

#[tokio::test]
async fn an_outage_while_waiting_is_retryable() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 4] = [
        ("reading the worker", |it| it.fleet.outage.begin(1)),
        ("recording that it is ready", |it| it.fleet.outage.begin_after(1, 1)),
        ("looking for the machine", |it| it.machines.outage.begin(1)),
        ("asking the machine", |it| it.commands.outage.begin(1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        bench.done(buy()).await;
        break_it(&bench);
        assert_eq!(bench.fails(wait()).await.0, Fault::Retryable, "{case}");
        assert!(bench.done(wait()).await.is_some(), "{case}");
    }
}

#[tokio::test]
async fn a_lost_answer_of_the_machine_is_asked_for_again() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.commands.lose_answer.set(true);
    assert!(bench.done(wait()).await.is_some());
    assert_eq!(bench.commands.log.borrow().len(), 2);
}

#[tokio::test]
async fn waiting_for_a_worker_that_was_given_up_is_terminal() {
    let never_recorded = Bench::default();
    let undone = Bench::default();
    undone.done(buy()).await;
    undone.done(undo()).await;
    let cases = [("never recorded", never_recorded), ("undone", undone)];
    let cases = cases.into_iter().chain([
        ("draining", bought_and_in(State::Draining).await),
        ("lost", bought_and_in(State::Error).await),
        ("terminated", bought_and_in(State::Terminated).await),
    ]);
    for (case, bench) in cases {
        let bought = bench.machines.bought();
        let (fault, error) = bench.fails(wait()).await;
        assert!(matches!(error, ProvisionError::GivenUp(_)), "{case}: {error}");
        assert_eq!((fault, bench.machines.bought()), (Fault::Terminal, bought), "{case}");
    }
}

async fn bought_and_in(state: State) -> Bench {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.fleet.workers.borrow_mut().values_mut().for_each(|it| it.state = state);
    bench
}

#[tokio::test]
async fn waiting_ends_when_the_place_was_given_up_and_somebody_else_keeps_the_worker() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.done(wait()).await;
    bench.somebody_else_moves_in(&saga().new_worker_id).await;
    bench.done(undo()).await;
    // A wait without end shows as the outage that ends it.
    bench.fleet.outage.begin_after(1000, u32::MAX);
    let (fault, error) = bench.fails(wait()).await;
    assert_eq!(fault, Fault::Terminal, "{error}");
}
