//! Who is woken, and by what.

use crate::bench::{Bench, IDLE};
use contracts::provision;
use domain::{
    project::{Event, State},
    route::HostName,
    sleep::Activity,
};
use ports::projects::Projects;
use sleep_watch::Trigger;
use std::{collections::BTreeSet, time::Duration};
use testkit::make;

fn assert_woken(bench: &Bench, case: &str) {
    let project = bench.project();
    assert_eq!((project.state, project.attempt), (State::Pending, 2), "{case}");
    let [(name, input)] = bench.provisions.started().try_into().expect("one execution");
    assert_eq!(name, format!("provision-{}-2", project.id), "{case}");
    let saga: provision::Saga = serde_json::from_str(&input).expect("a saga");
    assert_eq!(saga, provision::Saga::of(&project), "{case}");
}

#[tokio::test]
async fn whoever_comes_to_its_host_wakes_it_once() {
    let bench = Bench::asleep().await;
    for _ in 0..3 {
        bench.visit().await.expect("everything is up");
    }
    assert_woken(&bench, "visited three times");
    let rest = bench.rest().expect("it slept of late");
    assert_eq!(rest.factor(ports::clock::Clock::now(&bench.clock)), 2, "one wake");
}

#[tokio::test]
async fn a_host_that_is_not_its_own_wakes_nobody() {
    let bench = Bench::asleep().await;
    for host in [
        "other-a1b2c3d4e5.1mins.test",
        "mybot-a1b2c3d4e5.else.test",
        "mybot-nobody.1mins.test",
        "x.test",
    ] {
        let host = HostName::try_from(host.to_owned()).expect("a host");
        bench.run(&Trigger::Wakes(BTreeSet::from([host]))).await.expect("everything is up");
    }
    assert_eq!((bench.project().state, bench.acts()), (State::Asleep, (1, 0)));
}

#[tokio::test]
async fn a_visit_to_what_does_not_sleep_changes_nothing() {
    let runs = Bench::new();
    runs.visit().await.expect("everything is up");
    assert_eq!((runs.project().state, runs.acts()), (State::Running, (0, 0)));
    let unpaid = Bench::asleep().await;
    unpaid.projects.change(&make::project().id, 1, Event::Suspended, None).await.expect("sleeps");
    unpaid.visit().await.expect("everything is up");
    assert_eq!((unpaid.project().state, unpaid.acts()), (State::Suspended, (1, 0)));
}

#[tokio::test]
async fn who_comes_while_it_falls_asleep_is_kept_in_mind_until_it_sleeps() {
    let bench = Bench::new();
    bench.look().await.expect("everything is up");
    bench.projects.record_halting(&make::project().id, 1, 0).await.expect("runs");
    bench.visit().await.expect("everything is up");
    let [(delay, again)] = bench.wakes.sent_after().try_into().expect("one message");
    assert_eq!((delay, again.host), (Duration::from_secs(5), make::project().host));
    bench.halt().await;
    bench.visit().await.expect("everything is up");
    assert_woken(&bench, "it sleeps by then");
}

#[tokio::test]
async fn a_halt_that_is_no_sleep_or_never_ends_is_not_asked_after_for_ever() {
    let stopped = Bench::new();
    stopped.projects.record_halting(&make::project().id, 1, 0).await.expect("runs");
    stopped.visit().await.expect("everything is up");
    let stuck = Bench::new();
    stuck.look().await.expect("everything is up");
    stuck.projects.record_halting(&make::project().id, 1, 0).await.expect("runs");
    stuck.wait(20 * 60);
    stuck.visit().await.expect("everything is up");
    for bench in [stopped, stuck] {
        assert_eq!(bench.wakes.sent(), []);
    }
}

#[tokio::test]
async fn it_is_woken_ahead_of_its_scheduled_job_and_not_before() {
    let bench = Bench::new();
    bench.is(Activity { next_job_s: Some(3600), ..IDLE });
    bench.look().await.expect("everything is up");
    bench.halt().await;
    for (minutes, starts) in [(50, 0), (7, 1)] {
        bench.wait(minutes * 60);
        bench.look().await.expect("everything is up");
        assert_eq!(bench.acts(), (1, starts), "after {minutes} more minutes");
    }
    assert_woken(&bench, "its job is near");
}

#[tokio::test]
async fn a_message_to_its_bot_wakes_it_and_stays_where_it_is() {
    let bench = Bench::asleep().await;
    let token = bench.connect_bot().await;
    bench.look().await.expect("everything is up");
    assert_eq!((bench.acts(), bench.bots.asked()), ((1, 0), 1), "nobody has written");
    bench.bots.write_to(&token.bot());
    bench.look().await.expect("everything is up");
    assert_woken(&bench, "somebody has written");
    bench.look().await.expect("everything is up");
    assert_eq!(bench.bots.asked(), 2, "who is awake asks for itself");
}

#[tokio::test]
async fn a_telegram_that_does_not_answer_wakes_nobody_and_disturbs_nothing() {
    let bench = Bench::asleep().await;
    bench.connect_bot().await;
    bench.bots.outage.begin(1);
    bench.look().await.expect("that is no trouble of ours");
    assert_eq!(bench.acts(), (1, 0));
}

#[tokio::test]
async fn an_owner_who_wants_it_awake_has_it_awake_within_a_minute() {
    let bench = Bench::asleep().await;
    bench.projects.set_keep_awake(&make::project().id, true).await.expect("is up");
    bench.look().await.expect("everything is up");
    assert_woken(&bench, "kept awake");
}

#[tokio::test]
async fn what_is_remembered_is_forgotten_once_it_is_over() {
    let bench = Bench::asleep().await;
    bench.visit().await.expect("everything is up");
    let project = bench.project();
    for event in [Event::ProvisioningBegan, Event::ProvisioningFinished] {
        bench.projects.change(&project.id, 2, event, None).await.expect("starts");
    }
    for (hours, remembers) in [(5, true), (2, false)] {
        bench.wait(hours * 3600);
        bench.look().await.expect("everything is up");
        assert_eq!(bench.rest().is_some(), remembers, "after {hours} more hours");
    }
}
