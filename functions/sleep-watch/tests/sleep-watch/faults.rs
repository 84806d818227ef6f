//! Each call fails once, each look is killed anywhere, two looks overlap.

use crate::bench::Bench;
use domain::project::State;
use runtime::fault::{Classify, Fault};
use testkit::outage::killed_after;

/// It slept, and is on its way again. Each once.
fn assert_slept_and_woke(bench: &Bench, case: &str) {
    let project = bench.project();
    let found = (project.state, project.attempt, bench.acts());
    assert_eq!(found, (State::Pending, 2, (1, 1)), "{case}");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Falling,
    Waking,
}

/// Until its halt is asked for, and then until it is woken by a message to its bot.
async fn live(bench: &Bench, mut look: impl AsyncFnMut(&Bench, Phase)) {
    let token = bench.connect_bot().await;
    for _ in 0..70 {
        if bench.acts().0 > 0 {
            break;
        }
        look(bench, Phase::Falling).await;
        bench.wait(60);
    }
    for (_, outage) in bench.outages() {
        outage.begin(0);
    }
    bench.halt().await;
    bench.bots.write_to(&token.bot());
    for _ in 0..5 {
        look(bench, Phase::Waking).await;
        bench.wait(60);
    }
}

#[tokio::test]
async fn any_call_may_fail_at_any_look_and_nothing_is_done_twice_or_left_out() {
    let names = Bench::new().outages().map(|(name, _)| name);
    let each = (0..names.len()).flat_map(|port| (0..8).map(move |before| (port, before)));
    for (port, before) in each {
        for phase in [Phase::Falling, Phase::Waking] {
            let case = format!("{} fails after {before} calls, {phase:?}", names[port]);
            let (bench, mut begun) = (Bench::new(), false);
            live(&bench, async |bench: &Bench, now: Phase| {
                if now == phase && !std::mem::replace(&mut begun, true) {
                    bench.outages()[port].1.begin_after(before, 1);
                }
                if let Err(error) = bench.look().await {
                    assert_eq!(error.fault(), Fault::Retryable, "{case}: {error}");
                }
            })
            .await;
            bench.outages()[port].1.begin(0);
            assert_slept_and_woke(&bench, &case);
        }
    }
}

#[tokio::test]
async fn a_look_may_be_killed_between_any_two_calls() {
    for calls in 0..12 {
        let (bench, mut killed) = (Bench::new(), Vec::new());
        live(&bench, async |bench: &Bench, phase| {
            // The first two looks of each phase.
            if killed.iter().filter(|it| **it == phase).count() < 2 {
                killed.push(phase);
                let _ = killed_after(calls, bench.look()).await;
            } else {
                bench.look().await.expect("everything is up");
            }
        })
        .await;
        assert_slept_and_woke(&bench, &format!("killed after {calls} calls"));
    }
}

#[tokio::test]
async fn two_looks_and_visits_at_the_same_moment_act_once() {
    let bench = Bench::new();
    live(&bench, async |bench: &Bench, _| {
        let (one, two, three) = tokio::join!(bench.look(), bench.look(), bench.visit());
        one.and(two).and(three).expect("everything is up");
    })
    .await;
    assert_slept_and_woke(&bench, "two at a time");
}
