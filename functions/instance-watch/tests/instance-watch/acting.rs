//! What a look does.

use crate::bench::{Bench, SILENT, STOPPED, project};
use contracts::{halt, restart};
use domain::{
    health::{News, Resource, Sight, Standing, Trouble},
    project::{Project, Purpose, State},
    route::{Page, Target},
};
use instance_watch::Trigger;
use ports::clock::Clock;
use std::time::Duration;
use testkit::{logs::Logs, make};

#[tokio::test]
async fn a_minute_has_six_looks_and_a_queue_that_is_away_costs_none() {
    let bench = Bench::new();
    bench.beat();
    bench.run(Trigger::Schedule).await.expect("everything is up");
    let asked: Vec<_> = bench.looks.sent_after().into_iter().map(|(delay, _)| delay).collect();
    assert_eq!(asked, [10, 20, 30, 40, 50].map(Duration::from_secs));
    bench.is(SILENT);
    bench.beat();
    bench.looks.outage.begin(1);
    bench.run(Trigger::Schedule).await.expect_err("the queue is away");
    assert_eq!(bench.acts(), (1, 0), "and it looked");
}

#[tokio::test]
async fn of_who_is_well_nothing_is_read_and_nothing_is_written() {
    let bench = Bench::new();
    bench.projects.outage.begin(u32::MAX);
    bench.look_for(120).await;
    assert_eq!((bench.case(), bench.acts()), (None, (0, 0)));
}

#[tokio::test]
async fn who_is_silent_is_started_again_where_it_is() {
    let bench = Bench::new();
    bench.is(SILENT);
    let asked_at = bench.clock.now();
    bench.look_for(60).await;
    let saga = restart::Saga::of(&project(), asked_at);
    let [(name, input)] = bench.restarts.started().try_into().expect("one");
    assert_eq!(name, saga.execution_name());
    assert_eq!(serde_json::from_str::<restart::Saga>(&input).unwrap(), saga);
    assert_eq!(bench.case().map(|it| it.standing), Some(Standing::Restarting));
    assert_eq!((bench.news(), bench.acts()), (vec![], (1, 0)));

    bench.is(Sight::WELL);
    bench.look_for(3700).await;
    assert_eq!((bench.case(), bench.acts()), (None, (1, 0)), "well for long, and forgotten");
}

#[tokio::test]
async fn what_restarts_do_not_heal_goes_elsewhere_and_its_owner_is_told_once() {
    let bench = Bench::new();
    bench.is(STOPPED);
    bench.look_for(900).await;
    assert_eq!(bench.acts(), (3, 1));
    let saga = halt::Saga::of(&project(), Purpose::Move { plan: project().plan });
    let [(name, input)] = bench.halts.started().try_into().expect("one");
    assert_eq!(name, saga.execution_name());
    assert_eq!(serde_json::from_str::<halt::Saga>(&input).unwrap(), saga);
    assert_eq!(bench.news(), [News::Unwell { trouble: Trouble::Down }]);

    // It runs elsewhere, and is well.
    bench.is(Sight::WELL);
    bench.look_for(180).await;
    assert_eq!(bench.news().last(), Some(&News::WellAgain));
}

#[tokio::test]
async fn what_nothing_heals_ends_in_error_with_a_reason_a_page_a_letter_and_an_alarm() {
    let bench = Bench::new();
    let logs = Logs::catch_errors();
    bench.containers.borrow_mut().clear();
    bench.look_for(60).await;
    assert_eq!(bench.acts(), (0, 0), "a container may be missing for a moment");
    bench.look_for(2000).await;
    assert_eq!(bench.acts(), (0, 1), "a halt of one name, however often it is asked for");
    let Project { state, reason, host, .. } = bench.project();
    assert_eq!(state, State::Error);
    assert!(reason.is_some_and(|it| it.contains("backup")));
    let target = bench.routes.route(&host).and_then(|it| it.change.target);
    assert_eq!(target, Some(Target::Page(Page::Failed)));
    assert_eq!(bench.wake_ups.sent().len(), 1);
    let trouble = Trouble::Gone;
    assert_eq!(bench.news(), [News::Unwell { trouble }, News::GivenUp { trouble }]);
    assert_eq!(bench.case(), None, "there is nothing more to remember");
    let lines = logs.take();
    for says in ["instance unwell", "instance given up"] {
        assert_eq!(lines.iter().filter(|it| it.contains(says)).count(), 1, "{says}: {lines:?}");
    }
}

#[tokio::test]
async fn a_configuration_that_is_refused_is_not_started_again() {
    let bench = Bench::new();
    bench.is(Sight { exit: Some(78), deaths: 3, ..STOPPED });
    bench.look_for(600).await;
    assert_eq!(bench.acts(), (0, 1));
}

#[tokio::test]
async fn what_a_saga_or_its_owner_is_at_is_left_alone() {
    let cases = [
        State::PendingPayment,
        State::Pending,
        State::Provisioning,
        State::Halting,
        State::Suspended,
        State::Error,
        State::Deleting,
        State::Deleted,
    ];
    for state in cases {
        let bench = Bench::with([Project { state, ..project() }]);
        bench.is(STOPPED);
        bench.look_for(600).await;
        assert_eq!((bench.acts(), bench.news()), ((0, 0), vec![]), "{state:?}");
        assert_eq!((bench.case(), bench.project().state), (None, state), "{state:?}");
    }
    let bench = Bench::with([Project { attempt: 2, ..project() }]);
    bench.worker(|it| {
        for held in it.reservations.values_mut() {
            held.id = make::project().id.reservation(1);
        }
    });
    bench.is(STOPPED);
    bench.look_for(600).await;
    assert_eq!(bench.acts(), (0, 0), "an instance of an earlier attempt");
}

#[tokio::test]
async fn a_worker_that_says_nothing_is_not_our_business() {
    let bench = Bench::new();
    bench.is(SILENT);
    bench.beat();
    bench.wait(33);
    bench.run(Trigger::Look).await.expect("everything is up");
    bench.say(&project().id, None);
    bench.look_for(300).await;
    assert_eq!((bench.case(), bench.acts()), (None, (0, 0)));
}

#[tokio::test]
async fn a_worker_that_reaches_none_of_its_instances_wakes_somebody_and_they_go_on() {
    let projects = ["a1", "b2", "c3", "d4"]
        .map(|it| Project { state: State::Running, ..make::project_called(it) });
    let bench = Bench::with(projects.clone());
    let logs = Logs::catch_errors();
    for project in &projects {
        bench.say(&project.id, Some(SILENT));
    }
    bench.look_for(120).await;
    assert_eq!(bench.acts(), (0, 0));
    assert!(logs.take().iter().any(|it| it.contains("instances out of their worker's reach")));
}

#[tokio::test]
async fn too_little_memory_and_too_full_a_disk_are_told_once_a_day() {
    let bench = Bench::new();
    let full = project().plan.plan().storage_mib + 1;
    bench.is(Sight { ooms: 3, disk_mib: Some(full), ..Sight::WELL });
    bench.look_for(600).await;
    let short = |resource| News::Short { resource };
    assert_eq!(bench.news(), [short(Resource::Memory), short(Resource::Storage)]);
    assert_eq!(bench.acts(), (0, 0));
    bench.wait(24 * 3600);
    bench.look_for(60).await;
    assert_eq!(bench.news().len(), 4);
}

#[tokio::test]
async fn without_an_owner_to_write_to_the_instance_is_treated_all_the_same() {
    let orphan = Project { tenant_id: make::tenant_id("nobody"), ..project() };
    let bench = Bench::with([orphan]);
    bench.is(SILENT);
    bench.look_for(900).await;
    assert_eq!((bench.acts(), bench.news()), ((3, 1), vec![]));
}
