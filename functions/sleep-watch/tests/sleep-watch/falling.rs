//! Who falls asleep.

use crate::bench::{Bench, IDLE};
use contracts::halt;
use domain::{
    plan::PlanId,
    project::{Project, Purpose, State},
    sleep::Activity,
    worker::Cordon,
};
use ports::{projects::Projects, sagas::Sagas};
use std::collections::BTreeSet;
use testkit::make;

#[tokio::test]
async fn one_that_nobody_uses_is_halted_to_sleep_once_though_many_look() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.look().await.expect("everything is up");
        bench.wait(60);
    }
    let [(name, input)] = bench.halts.started().try_into().expect("one execution");
    assert_eq!(name, format!("halt-{}-1-0", make::project().id));
    let saga: halt::Saga = serde_json::from_str(&input).expect("a saga");
    assert_eq!((saga.purpose, saga.attempt), (Purpose::Sleep, 1));
    let rest = bench.rest().expect("it is kept in mind");
    assert_eq!((rest.attempt, rest.wake_at), (1, None));
    let asked = bench.commands.log.borrow().clone();
    let line =
        format!("/opt/worker/bin/instance quiesce --project {} --generation 1", make::project().id);
    assert_eq!(asked, [line]);
}

#[tokio::test]
async fn ahead_of_a_scheduled_job_it_is_to_be_woken() {
    let bench = Bench::new();
    bench.is(Activity { next_job_s: Some(7200), ..IDLE });
    bench.look().await.expect("everything is up");
    let rest = bench.rest().expect("it is kept in mind");
    let lead = rest.wake_at.expect("it has a job").duration_since(rest.since);
    assert!((3600..7200).contains(&lead.as_secs()), "{lead}");
}

/// Something that keeps it awake.
type Obstacle = fn(&Bench);

#[tokio::test]
async fn whatever_stands_in_the_way_keeps_it_awake() {
    let cases: [(&str, Obstacle); 6] = [
        ("it is in use", |it| it.is(Activity { idle_s: 60, ..IDLE })),
        ("somebody is connected", |it| it.is(Activity { connections: 1, ..IDLE })),
        ("its worker is cordoned", |it| it.worker(|it| it.cordon = Some(Cordon::Operator))),
        ("it has only just come", |it| {
            let now = ports::clock::Clock::now(&it.clock);
            it.worker(|it| it.reservations.values_mut().for_each(|it| it.since = now));
        }),
        ("it is at another attempt", |it| {
            it.worker(|worker| {
                let other = make::project().id.reservation(2);
                worker.reservations.values_mut().for_each(|it| it.id = other.clone());
            });
        }),
        ("its gateway is busy", |it| {
            it.commands.busy.replace(BTreeSet::from([make::project().id.to_string()]));
        }),
    ];
    for (case, obstacle) in cases {
        let bench = Bench::new();
        obstacle(&bench);
        bench.look().await.expect("everything is up");
        assert_eq!(bench.acts(), (0, 0), "{case}");
    }
}

#[tokio::test]
async fn one_whose_provisioning_may_still_be_taken_back_stays_awake() {
    let bench = Bench::new();
    let name = format!("provision-{}-1", make::project().id);
    bench.provisions.ensure_started(&name, "{}").await.expect("is up");
    bench.look().await.expect("everything is up");
    assert_eq!((bench.halts.started(), bench.rest()), (vec![], None));
}

#[tokio::test]
async fn who_pays_for_more_or_not_at_all_and_who_wants_it_awake_has_it_awake() {
    let running = Project { state: State::Running, ..make::project() };
    let cases = [
        ("a plan that never sleeps", Project { plan: PlanId::Pro, ..running.clone() }),
        ("its owner wants it awake", Project { keep_awake: true, ..running.clone() }),
        ("nobody pays for it", Project { subscription_id: None, ..running.clone() }),
        ("it is being halted", Project { state: State::Halting, ..running }),
    ];
    for (case, project) in cases {
        let bench = Bench::with([project]);
        bench.look().await.expect("everything is up");
        assert_eq!(bench.acts(), (0, 0), "{case}");
        assert_eq!(bench.rest(), None, "{case}");
    }
}

#[tokio::test]
async fn a_gateway_that_was_busy_is_asked_again_half_an_hour_later() {
    let bench = Bench::new();
    bench.commands.busy.replace(BTreeSet::from([make::project().id.to_string()]));
    bench.look().await.expect("everything is up");
    bench.commands.busy.take();
    for (minutes, halts) in [(29, 0), (1, 1)] {
        bench.wait(minutes * 60);
        bench.look().await.expect("everything is up");
        assert_eq!(bench.acts(), (halts, 0), "after {minutes} more");
    }
}

#[tokio::test]
async fn few_fall_asleep_at_once_and_all_in_the_end() {
    let projects = (0..10)
        .map(|it| Project { state: State::Running, ..make::project_called(&format!("p{it}")) });
    let bench = Bench::with(projects);
    let mut halts = Vec::new();
    for _ in 0..3 {
        bench.look().await.expect("everything is up");
        halts.push(bench.acts().0);
        bench.wait(60);
    }
    assert_eq!(halts, [4, 8, 10]);
}

#[tokio::test]
async fn a_halt_that_was_taken_back_is_not_tried_again_at_once() {
    let bench = Bench::new();
    bench.look().await.expect("everything is up");
    bench.projects.record_halt_undone(&make::project().id, 1, 0).await.expect("runs");
    bench.wait(60);
    bench.look().await.expect("everything is up");
    assert_eq!(bench.acts(), (1, 0));
    bench.wait(30 * 60);
    bench.look().await.expect("everything is up");
    let names: Vec<_> = bench.halts.started().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[1], format!("halt-{}-1-1", make::project().id));
}
