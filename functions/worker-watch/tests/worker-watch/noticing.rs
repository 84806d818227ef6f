//! What a provider says of machines: some go in minutes, some are gone.

use crate::bench::{Bench, id, interruption, rebalance, terminated};
use contracts::drain::Saga as DrainSaga;
use domain::{
    project::State as ProjectState,
    worker::{Cordon, State},
};
use ports::{fleet::Fleet, machines::Power};
use testkit::logs::Logs;

#[tokio::test]
async fn a_spot_worker_that_is_about_to_go_is_cordoned_at_once() {
    use Cordon::{Interruption, Rebalance};
    let cases = [
        ("ERROR", "spot interruption", interruption(), Interruption),
        ("WARN", "rebalance recommendation", rebalance(), Rebalance),
    ];
    for (level, message, trigger, by) in cases {
        let bench = Bench::with_workers(2);
        let logs = Logs::catch();
        bench.run(&trigger).await.expect("succeeds");
        assert_eq!((bench.worker("0").cordon, bench.worker("1").cordon), (Some(by), None));
        assert_eq!(bench.worker("0").state, State::Ready, "{message}");
        assert_eq!(logs.lines(&[level, message, "worker.id=wrk_0"]).len(), 1, "{message}");
    }
}

#[tokio::test]
async fn what_runs_on_a_worker_that_is_about_to_go_moves_away_at_once() {
    use Cordon::{Interruption, Rebalance};
    for (trigger, by) in [(interruption(), Interruption), (rebalance(), Rebalance)] {
        let bench = Bench::with_workers(2);
        bench.put("a", ProjectState::Running, "0").await;
        for round in ["once", "twice"] {
            bench.run(&trigger).await.expect("succeeds");
            let [(_, input)] = bench.drains.started().try_into().expect("one execution");
            let saga: DrainSaga = serde_json::from_str(&input).expect("an input of the saga");
            assert_eq!((saga.worker_id, saga.empties), (id("0"), Some(by)), "{round}");
        }
        let empty = Bench::with_workers(2);
        empty.run(&trigger).await.expect("succeeds");
        assert!(empty.drains.started().is_empty(), "there is nobody to move");
        let kept = Bench::with_workers(2);
        kept.put("a", ProjectState::Running, "0").await;
        kept.fleet.cordon(&id("0"), Cordon::Operator).await.expect("is up");
        kept.run(&trigger).await.expect("succeeds");
        let moves = usize::from(by == Interruption);
        assert_eq!(kept.drains.started().len(), moves, "an operator's, {by:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_machine_is_settled_without_waiting_for_silence() {
    let mut bench = Bench::with_workers(2);
    let project = bench.put("a", ProjectState::Running, "0").await;
    bench.know([project.clone()]);
    bench.lose("0");
    bench.run(&terminated()).await.expect("succeeds");
    bench.assert_settled("0");
    assert_eq!(bench.project(&project).await.state, ProjectState::Error);
}

#[tokio::test]
async fn an_event_that_the_provider_does_not_confirm_changes_nothing() {
    let bench = Bench::with_workers(2);
    let before = bench.fleet.workers.borrow().clone();
    bench.run(&terminated()).await.expect("succeeds");
    assert_eq!(*bench.fleet.workers.borrow(), before, "its machine runs");
}

#[tokio::test]
async fn events_about_machines_of_others_change_nothing() {
    let bench = Bench::default();
    bench.add("somebody", State::Ready);
    bench.beat("somebody");
    let before = bench.fleet.workers.borrow().clone();
    for trigger in [interruption(), rebalance(), terminated()] {
        bench.run(&trigger).await.expect("succeeds");
    }
    assert_eq!(*bench.fleet.workers.borrow(), before);
}

#[tokio::test]
async fn a_machine_that_we_stopped_ourselves_is_no_loss() {
    let bench = Bench::default();
    bench.add("0", State::WarmStopped);
    bench.machines.alive.borrow_mut().get_mut(&id("0")).expect("alive").state = Power::Stopped;
    bench.run(&terminated()).await.expect("succeeds");
    assert_eq!(bench.worker("0").state, State::WarmStopped);
    assert_eq!(bench.machines.alive.borrow().len(), 1);
}
