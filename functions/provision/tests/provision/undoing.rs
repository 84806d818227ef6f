//! Giving back what was bought.

use crate::bench::{Bench, buy, saga, saga_on, undo, wait};
use domain::{
    id::WorkerId,
    worker::{Holder, State},
};
use provision::Call;
use runtime::fault::Fault;

#[tokio::test]
async fn giving_back_ends_the_machine_and_the_record_however_often() {
    let bench = Bench::default();
    bench.done(buy()).await;
    for _ in 0..2 {
        bench.done(undo()).await;
        bench.assert_gone();
    }
}

#[tokio::test]
async fn a_worker_that_was_ready_already_goes_back_too() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.done(wait()).await;
    bench.done(undo()).await;
    bench.assert_gone();
}

#[tokio::test]
async fn undoing_a_purchase_whose_answer_was_lost_ends_the_machine() {
    let bench = Bench::default();
    bench.machines.lose_answer.set(true);
    assert_eq!(bench.fails(buy()).await.0, Fault::Retryable);
    assert_eq!(bench.alive(), 1);
    bench.done(undo()).await;
    bench.assert_gone();
}

#[tokio::test]
async fn an_outage_at_any_call_of_the_undo_is_retryable_and_the_retry_finishes() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 6] = [
        ("giving up", |it| it.fleet.outage.begin(1)),
        ("releasing", |it| it.fleet.outage.begin_after(1, 1)),
        ("recording the tombstone", |it| it.fleet.outage.begin_after(2, 1)),
        ("retiring", |it| it.fleet.outage.begin_after(3, 1)),
        ("looking for the machine", |it| it.machines.outage.begin(1)),
        ("terminating", |it| it.machines.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::default();
        bench.done(buy()).await;
        break_it(&bench);
        assert_eq!(bench.fails(undo()).await.0, Fault::Retryable, "{case}");
        bench.done(undo()).await;
        bench.assert_gone();
    }
}

#[tokio::test]
async fn an_undo_leaves_a_worker_on_which_somebody_else_has_a_place() {
    let bench = Bench::default();
    bench.done(buy()).await;
    bench.done(wait()).await;
    bench.somebody_else_moves_in(&saga().new_worker_id).await;
    for _ in 0..2 {
        bench.done(undo()).await;
        let worker = bench.worker();
        assert_eq!((worker.state, bench.alive()), (State::Ready, 1));
        assert!(!worker.reservations.contains_key(&Holder::from(saga().project_id)));
        assert_eq!(worker.reservations.len(), 1);
        bench.fleet.assert_balanced();
    }
}

/// The saga undoes every step, whether it was needed or not.
#[tokio::test]
async fn where_the_saga_found_room_an_undo_leaves_a_tombstone_and_touches_nobody() {
    let id = WorkerId::new("a").expect("plain");
    let there = testkit::make::worker("a", 8192);
    let bench = Bench::default();
    bench.fleet.workers.borrow_mut().insert(id.clone(), there.clone());
    for _ in 0..2 {
        bench.done(Call::UndoBuyWorker(saga_on(&id))).await;
        assert_eq!((bench.worker_called(&id), bench.machines.bought()), (there.clone(), 0));
        bench.assert_gone();
    }
}
