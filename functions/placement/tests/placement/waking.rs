//! A stopped worker is started for a project, if nothing that is awake will do.

use crate::bench::{
    Bench, demand_mib, full_but_for_a_blank, in_state, is_a_port, other, second_attempt,
};
use domain::{
    id::WorkerId,
    worker::{Cordon, State, Worker},
};
use placement::{Call, PlaceError};
use ports::clock::Clock;
use runtime::fault::{Classify, Fault};
use std::time::Duration;
use testkit::make::{self, worker};

fn stopped(name: &str, memory_mib: u32) -> Worker {
    in_state(name, State::WarmStopped, memory_mib)
}

#[tokio::test]
async fn a_stopped_worker_is_woken_when_nothing_awake_has_room() {
    let bench = Bench::of([stopped("a", 8192), worker("full", demand_mib() - 1)]);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    let woken = bench.worker("a");
    assert_eq!((woken.state, woken.changed_at), (State::Starting, bench.clock.now()));
    assert!(bench.held("a", &make::saga()).is_some_and(|it| is_a_port(it.port)));
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn nobody_is_woken_while_somebody_awake_will_do() {
    let awake = [
        ("room, however much is left over", worker("z", 65_536)),
        ("a blank", full_but_for_a_blank("z", "b1")),
    ];
    for (case, awake) in awake {
        let bench = Bench::of([stopped("a", demand_mib()), awake]);
        let reserved = bench.reserved(&make::saga()).await;
        assert_eq!(reserved.worker_id.as_ref().map(WorkerId::body), Some("z"), "{case}");
        assert!(!reserved.woken, "{case}");
        assert_eq!(bench.worker("a"), stopped("a", demand_mib()), "{case}");
    }
}

#[tokio::test]
async fn the_smallest_that_will_do_is_woken() {
    let sleepers = [
        stopped("huge", 16_384),
        stopped("small", demand_mib()),
        stopped("tiny", demand_mib() - 1),
        Worker { cordon: Some(Cordon::Operator), ..stopped("cordoned", demand_mib()) },
    ];
    let bench = Bench::of(sleepers);
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("small"));
    assert_eq!(bench.place_of(&other("z")).await.as_deref(), Some("huge"));
    assert_eq!(bench.place_of(&other("y")).await, None, "what else is there cannot be used");
    for untouched in ["tiny", "cordoned"] {
        assert_eq!(bench.worker(untouched).state, State::WarmStopped, "{untouched}");
    }
}

#[tokio::test]
async fn waking_twice_wakes_one() {
    let bench = Bench::of([stopped("a", 8192), stopped("b", 8192)]);
    for _ in 0..2 {
        let reserved = bench.reserved(&make::saga()).await;
        assert_eq!(reserved.worker_id.as_ref().map(WorkerId::body), Some("a"));
        assert!(reserved.woken, "it has to be started");
    }
    assert_eq!((bench.claims(), bench.worker("b").state), (1, State::WarmStopped));
}

#[tokio::test]
async fn a_retry_finds_its_place_on_the_worker_that_is_up_by_now() {
    let bench = Bench::of([stopped("a", 8192)]);
    bench.place_of(&make::saga()).await;
    bench.fleet.workers.borrow_mut().values_mut().for_each(|it| it.state = State::Ready);
    bench.add(worker("b", demand_mib()));
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("a"));
    assert_eq!(bench.claims(), 1);
}

#[tokio::test]
async fn a_lost_race_for_a_sleeper_moves_on() {
    let bench = Bench::of([stopped("a", demand_mib()), stopped("b", 8192)]);
    bench.fleet.lost_races.borrow_mut().push(crate::bench::id("a"));
    assert_eq!(bench.place_of(&make::saga()).await.as_deref(), Some("b"));
    assert_eq!((bench.worker("a").state, bench.claims()), (State::WarmStopped, 1));
}

#[tokio::test]
async fn an_undo_takes_the_place_back_and_leaves_the_worker_starting() {
    let bench = Bench::of([stopped("a", 8192)]);
    bench.place_of(&make::saga()).await;
    bench.released(&make::saga()).await;
    // Its machine may be starting already: it is for others to see it through or to stop it.
    assert_eq!((bench.worker("a").state, bench.claims()), (State::Starting, 0));
    bench.fleet.assert_balanced();
    assert_eq!(bench.place_of(&second_attempt()).await, None, "not yet");
}

#[tokio::test]
async fn a_late_wake_after_its_undo_keeps_no_place() {
    let bench = Bench::of([stopped("a", 8192)]);
    bench.released(&make::saga()).await;
    let error = bench.refused(&make::saga()).await;
    assert!(matches!(error, PlaceError::GivenUp), "{error}");
    assert_eq!((error.fault(), bench.claims()), (Fault::Terminal, 0));
    assert_eq!(bench.fault(Call::Reserve(make::saga())).await, Some(Fault::Terminal));
}
