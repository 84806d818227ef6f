//! Each call fails once, each look is killed anywhere, two looks overlap.

use crate::bench::{Bench, SILENT};
use domain::{health::Sight, project::State};
use runtime::fault::{Classify, Fault};
use testkit::outage::killed_after;

/// What a life of one that is beyond help comes to.
fn assert_given_up(bench: &Bench, case: &str) {
    let found = (bench.project().state, bench.acts(), bench.case());
    assert_eq!(found, (State::Error, (3, 1), None), "{case}");
    assert!(bench.project().reason.is_some(), "{case}");
}

#[tokio::test]
async fn any_call_may_fail_at_any_look_and_nothing_is_done_twice_or_left_out() {
    let names = Bench::new().outages().map(|(name, _)| name);
    for (port, name) in names.into_iter().enumerate() {
        for before in 0..12 {
            let bench = Bench::new();
            bench.is(SILENT);
            bench.outages()[port].1.begin_after(before, 1);
            for _ in 0..600 {
                if let Err(error) = bench.look().await {
                    assert_eq!(error.fault(), Fault::Retryable, "{name}: {error}");
                }
                bench.wait(10);
            }
            assert_given_up(&bench, &format!("{name} fails after {before} calls"));
            // A letter may come twice; none is left out.
            assert!((2..=3).contains(&bench.news().len()), "{name}: {:?}", bench.news());
        }
    }
}

#[tokio::test]
async fn a_look_may_be_killed_between_any_two_calls() {
    for calls in 0..16 {
        let bench = Bench::new();
        bench.is(SILENT);
        for round in 0..600 {
            if round % 2 == 0 {
                let _ = killed_after(calls, bench.look()).await;
            } else {
                bench.look().await.expect("everything is up");
            }
            bench.wait(10);
        }
        assert_given_up(&bench, &format!("killed after {calls} calls"));
    }
}

#[tokio::test]
async fn two_looks_at_the_same_moment_act_once() {
    let bench = Bench::new();
    bench.is(SILENT);
    for _ in 0..300 {
        let (one, two) = tokio::join!(bench.look(), bench.look());
        one.and(two).expect("everything is up");
        bench.wait(10);
    }
    assert_given_up(&bench, "two at once");
    assert_eq!(bench.news().len(), 2, "and says it once: {:?}", bench.news());
}

#[tokio::test]
async fn one_that_cannot_be_attended_to_does_not_keep_the_others_waiting() {
    let other = testkit::make::project_called("z9");
    let other = domain::project::Project { state: State::Running, ..other };
    let bench = Bench::with([crate::bench::project(), other.clone()]);
    bench.is(SILENT);
    bench.say(&other.id, Some(SILENT));
    // Of the one that comes first.
    bench.projects.outage.begin(1);
    bench.look().await.expect_err("one could not be read");
    assert_eq!(bench.restarts.started().len(), 1);
    bench.look().await.expect("everything is up");
    assert_eq!(bench.restarts.started().len(), 2);
    bench.is(Sight::WELL);
    bench.say(&other.id, Some(Sight::WELL));
    bench.look_for(30).await;
    assert_eq!(bench.restarts.started().len(), 2);
}
