//! What is found silent, and what is left alone.

use crate::bench::{Bench, FAILED, id};
use domain::{
    project::State as ProjectState,
    worker::{Cordon, State},
};
use ports::{clock::Clock, fleet::Fleet, heartbeats::Heartbeat};
use testkit::logs::Logs;
use worker_watch::Trigger;

#[tokio::test]
async fn a_minute_begins_with_a_look_and_asks_for_two_more() {
    let bench = Bench::with_workers(2);
    bench.run(&Trigger::Schedule).await.expect("succeeds");
    let asked: Vec<_> =
        bench.looks.sent_after().into_iter().map(|(delay, _)| delay.as_secs()).collect();
    assert_eq!(asked, [10, 20, 30, 40, 50]);
    bench.look().await;
    assert_eq!(bench.looks.sent().len(), 5, "a look from the queue asks for none");
}

#[tokio::test]
async fn neither_the_queue_nor_the_look_keeps_the_other_from_its_work() {
    let bench = Bench::with_workers(2);
    bench.hush();
    bench.beat("1");
    bench.looks.outage.begin(1);
    assert!(bench.run(&Trigger::Schedule).await.is_err(), "the queue was away");
    assert!(bench.worker("0").is_cordoned(), "it looked all the same");
    bench.fleet.outage.begin(1);
    assert!(bench.run(&Trigger::Schedule).await.is_err(), "the fleet was away");
    assert_eq!(bench.looks.sent().len(), 5, "the further looks come all the same");
}

#[tokio::test]
async fn workers_that_speak_are_left_alone_and_their_provider_is_not_asked() {
    let bench = Bench::with_workers(5);
    bench.wait(30);
    let before = bench.fleet.workers.borrow().clone();
    bench.machines.outage.begin(u32::MAX);
    bench.look().await;
    assert_eq!(*bench.fleet.workers.borrow(), before);
}

#[tokio::test]
async fn a_silent_worker_whose_machine_runs_is_cordoned_and_nothing_of_it_is_settled() {
    let mut bench = Bench::with_workers(3);
    let project = bench.put("a", ProjectState::Running, "0").await;
    bench.know([project.clone()]);
    bench.hush();
    bench.beat("1");
    bench.beat("2");
    let logs = Logs::catch();
    for look in 1..=3 {
        bench.look().await;
        let said = logs.lines(&["ERROR", "worker silent", "worker.id=wrk_0", "silent_s=40"]);
        assert_eq!(said.len(), look, "as long as it is silent the alarm stays");
    }
    let worker = bench.worker("0");
    assert_eq!((worker.state, worker.cordon), (State::Ready, Some(Cordon::Silent)));
    assert_eq!(worker.reservations.len(), 1);
    assert_eq!(bench.project(&project).await, project);
    assert_ne!(bench.shows(&project), FAILED);
    assert!(!bench.worker("1").is_cordoned());
}

#[tokio::test]
async fn a_worker_whose_docker_does_not_answer_is_as_good_as_silent() {
    let bench = Bench::with_workers(2);
    let (node_id, at) = ("i-0".to_owned(), bench.clock.now());
    bench.heartbeats.beat(Heartbeat { node_id, at, docker: false, containers: vec![] });
    let logs = Logs::catch();
    bench.look().await;
    assert!(bench.worker("0").is_cordoned() && !bench.worker("1").is_cordoned());
    assert_eq!(logs.lines(&["worker silent", "without_docker=true"]).len(), 1);
}

#[tokio::test]
async fn a_worker_that_speaks_again_takes_instances_again_and_a_drain_of_it_is_late() {
    let bench = Bench::with_workers(2);
    bench.hush();
    bench.beat("1");
    bench.look().await;
    assert_eq!(bench.worker("0").cordon, Some(Cordon::Silent));
    let silent_since = bench.worker("0").changed_at;
    bench.wait(10);
    bench.beat("0");
    bench.beat("1");
    let logs = Logs::catch();
    for round in ["once", "twice"] {
        bench.look().await;
        assert!(bench.worker("0").admits(), "{round}");
        assert_eq!(logs.lines(&["heard of again", "worker.id=wrk_0"]).len(), 1, "{round}");
    }
    assert!(bench.worker("0").changed_at > silent_since);
    assert!(logs.lines(&["worker silent"]).is_empty());
}

#[tokio::test]
async fn only_the_watchs_own_cordon_ends_with_the_silence() {
    for by in Cordon::ALL.into_iter().filter(|it| *it > Cordon::Silent) {
        let bench = Bench::with_workers(2);
        bench.hush();
        bench.beat("1");
        bench.look().await;
        bench.fleet.cordon(&id("0"), by).await.expect("is up");
        bench.look().await;
        assert_eq!(bench.worker("0").cordon, Some(by), "silence is no more than that");
        bench.beat("0");
        bench.look().await;
        assert_eq!(bench.worker("0").cordon, Some(by));
    }
}

#[tokio::test]
async fn what_we_stop_and_start_ourselves_is_not_watched() {
    let bench = Bench::with_workers(2);
    let ours = [State::Provisioning, State::Starting, State::Draining, State::WarmStopped];
    for state in ours {
        let name = format!("{state:?}").to_lowercase();
        bench.add(&name, state);
        bench.lose(&name);
    }
    bench.wait(30);
    let before = bench.fleet.workers.borrow().clone();
    bench.look().await;
    assert_eq!(*bench.fleet.workers.borrow(), before);
}
