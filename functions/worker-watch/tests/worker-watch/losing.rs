//! What is found lost, and what becomes of everything on it.

use crate::bench::{Bench, FAILED, id};
use domain::{
    id::BlankId,
    plan::PlanId,
    project::{Project, State as ProjectState},
    worker::{Event, Holder, Reservation, State},
};
use ports::{
    clock::Clock,
    fleet::{Change as WorkerChange, Fleet},
    machines::Power,
    projects::Projects,
};
use testkit::logs::Logs;
use worker_watch::{Trigger, WatchError};

#[tokio::test]
async fn a_lost_worker_is_found_by_the_fourth_look_after_its_last_heartbeat_and_all_of_it_is_settled()
 {
    let mut bench = Bench::with_workers(3);
    let ran = [
        bench.put("a", ProjectState::Running, "0").await,
        bench.put("b", ProjectState::Running, "0").await,
    ];
    let elsewhere = bench.put("c", ProjectState::Running, "1").await;
    bench.know(ran.iter().cloned().chain([elsewhere.clone()]));
    let blank = BlankId::new("x").expect("plain");
    let port = bench.free_port("0");
    let claim = Reservation { id: blank.reservation(), ..bench.claim(&ran[0], port) };
    bench.fleet.reserve(&id("0"), &Holder::from(blank), &claim).await.expect("has room");
    bench.lose("0");
    let logs = Logs::catch();
    // Looks are 10 seconds apart; the last heartbeat came right after one of them.
    for _ in 0..4 {
        bench.wait(10);
        bench.beat("1");
        bench.beat("2");
        bench.look().await;
    }
    bench.assert_settled("0");
    for project in &ran {
        let now = bench.project(project).await;
        assert_eq!((now.state, now.attempt), (ProjectState::Error, 1));
        assert!(now.reason.expect("is told why").contains("machine"));
        assert_eq!(bench.shows(project), FAILED);
    }
    assert_eq!(bench.wake_ups.sent().len(), 2);
    assert_eq!(bench.fleet.counted.borrow()[&PlanId::Standard].len(), 1, "only who still runs");
    assert_eq!(logs.lines(&["ERROR", "worker lost", "worker.id=wrk_0"]).len(), 1);
    assert_eq!(bench.project(&elsewhere).await, elsewhere);
    assert_eq!(bench.worker("1").reservations.len(), 1);
}

/// By the reaper, or by a look that died before it could say so.
#[tokio::test]
async fn a_worker_that_somebody_else_found_lost_is_reported_when_it_is_settled() {
    let bench = Bench::with_workers(1);
    let found = WorkerChange::by(Event::Lost, bench.clock.now());
    assert!(bench.fleet.change(&id("0"), &found).await.expect("is up"));
    let logs = Logs::catch();
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(logs.lines(&["ERROR", "worker lost", "worker.id=wrk_0"]).len(), 1);
}

#[tokio::test]
async fn what_is_left_of_a_stopped_machine_is_given_back_once_nothing_is_on_it() {
    let bench = Bench::with_workers(2);
    bench.machines.alive.borrow_mut().get_mut(&id("0")).expect("alive").state = Power::Stopped;
    bench.hush();
    bench.beat("1");
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.machines.alive.borrow().len(), 1);
}

#[tokio::test]
async fn a_provisioning_on_a_lost_worker_is_left_to_its_own_saga() {
    let mut bench = Bench::with_workers(2);
    let project = bench.put("a", ProjectState::Provisioning, "0").await;
    bench.know([project.clone()]);
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    for _ in 0..2 {
        bench.look().await;
        let worker = bench.worker("0");
        assert_eq!((worker.state, worker.reservations.len()), (State::Error, 1));
        assert_eq!(bench.project(&project).await, project);
    }
    // The saga's undo.
    let holder = Holder::from(project.id.clone());
    let reservation = project.id.reservation(1);
    let released = bench.fleet.release(&id("0"), &holder, &reservation, bench.clock.now()).await;
    released.expect("is up");
    bench.look().await;
    bench.assert_settled("0");
}

#[tokio::test]
async fn what_a_project_left_behind_is_released_and_the_project_stays_as_it_is() {
    let mut bench = Bench::with_workers(2);
    let old = bench.put("a", ProjectState::Running, "0").await;
    let now = Project { attempt: 2, ..old };
    let unknown = bench.put("b", ProjectState::Running, "0").await;
    bench.know([now.clone()]);
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.project(&now).await, now);
    assert!(bench.projects.find(&unknown.id).await.expect("is up").is_none());
    assert!(bench.wake_ups.sent().is_empty());
}

/// A call of some port fails, at each place in turn; looks go on until everything is settled.
#[tokio::test]
async fn a_settlement_that_breaks_off_anywhere_is_finished_by_later_looks() {
    type Break = fn(&Bench, u32, u32);
    let breaks: [(&str, Break); 5] = [
        ("the fleet", |it, after, calls| it.fleet.outage.begin_after(after, calls)),
        ("the provider", |it, after, calls| it.machines.outage.begin_after(after, calls)),
        ("the projects", |it, after, calls| it.projects.outage.begin_after(after, calls)),
        ("the routes", |it, after, calls| it.routes.outage.begin_after(after, calls)),
        ("the queue", |it, after, calls| it.wake_ups.outage.begin_after(after, calls)),
    ];
    for (case, break_it) in breaks {
        let mut has_failed = 0;
        for after in 0..12 {
            let mut bench = Bench::with_workers(2);
            let a = bench.put("a", ProjectState::Running, "0").await;
            let b = bench.put("b", ProjectState::Running, "0").await;
            bench.know([a.clone(), b.clone()]);
            bench.lose("0");
            bench.hush();
            bench.beat("1");
            break_it(&bench, after, 1);
            for _ in 0..3 {
                has_failed += usize::from(bench.run(&Trigger::Look).await.is_err());
            }
            break_it(&bench, 0, 0);
            bench.assert_settled("0");
            for project in [&a, &b] {
                let state = bench.project(project).await.state;
                assert_eq!(state, ProjectState::Error, "{case} after {after}");
                assert_eq!(bench.shows(project), FAILED, "{case} after {after}");
            }
            assert!(bench.wake_ups.sent().len() >= 2, "{case} after {after}");
        }
        assert!(has_failed > 0, "{case} is never asked");
    }
}

#[tokio::test]
async fn one_worker_that_cannot_be_settled_does_not_hold_up_the_others() {
    let mut bench = Bench::with_workers(3);
    let a = bench.put("a", ProjectState::Running, "0").await;
    let b = bench.put("b", ProjectState::Running, "1").await;
    bench.know([a, b]);
    bench.lose("0");
    bench.lose("1");
    bench.hush();
    bench.beat("2");
    bench.projects.outage.begin(1);
    let error = bench.run(&Trigger::Look).await.expect_err("one is left");
    assert!(matches!(error, WatchError::Unsettled(1)), "{error}");
    assert_eq!(bench.worker("0").state, State::Error);
    bench.assert_settled("1");
}

#[tokio::test]
async fn without_the_providers_answer_nobody_is_lost_and_the_silent_are_cordoned() {
    let bench = Bench::with_workers(2);
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    bench.machines.outage.begin(1);
    bench.run(&Trigger::Look).await.expect_err("says that it could not ask");
    let worker = bench.worker("0");
    assert_eq!((worker.state, worker.is_cordoned()), (State::Ready, true));
    bench.look().await;
    bench.assert_settled("0");
}

#[tokio::test]
async fn without_heartbeats_to_be_read_nobody_is_silent_and_old_losses_are_still_settled() {
    let bench = Bench::with_workers(2);
    bench.add("lost", State::Error);
    bench.hush();
    bench.heartbeats.outage.begin(1);
    bench.run(&Trigger::Look).await.expect_err("says that it could not read");
    assert!(!bench.worker("0").is_cordoned() && !bench.worker("1").is_cordoned());
    bench.assert_settled("lost");
}

#[tokio::test]
async fn when_most_fall_silent_at_once_nobody_is_cordoned_and_one_alarm_is_raised() {
    let bench = Bench::with_workers(5);
    bench.hush();
    bench.beat("3");
    bench.beat("4");
    let logs = Logs::catch();
    bench.look().await;
    assert!(bench.fleet.workers.borrow().values().all(|it| !it.is_cordoned()));
    assert_eq!(logs.lines(&["ERROR", "worker silent", "silent=3", "watched=5"]).len(), 1);
    assert_eq!(logs.lines(&["worker silent"]).len(), 1);
}

#[tokio::test]
async fn in_a_mass_silence_those_whose_machines_are_gone_are_lost_all_the_same() {
    let bench = Bench::with_workers(6);
    bench.hush();
    bench.beat("5");
    bench.lose("0");
    bench.look().await;
    bench.assert_settled("0");
    let cordoned = bench.fleet.workers.borrow().values().filter(|it| it.is_cordoned()).count();
    assert_eq!(cordoned, 0);
}

#[tokio::test]
async fn a_thousand_silent_workers_are_one_question_to_the_provider() {
    let bench = Bench::with_workers(1000);
    bench.lose("7");
    bench.hush();
    // One list, and then `find` for what is left of the one that is gone.
    bench.machines.outage.begin_after(2, u32::MAX);
    bench.look().await;
    bench.assert_settled("7");
}
