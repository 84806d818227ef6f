//! The steps over fakes: each twice, each undone, each late.

use contracts::{
    provision::{Call, Saga},
    routes::{Recorded, Stamp, Step, WakeUp},
};
use domain::{
    id::ProjectId,
    route::{Page, Target},
};
use jiff::SignedDuration;
use ports::{
    clock::Clock,
    routes::{EdgeReport, EdgeReports},
};
use route::{RouteError, World, handle};
use runtime::fault::{Classify, Fault};
use serde_json::json;
use std::net::Ipv4Addr;
use testkit::{clock::FakeClock, queue::FakeQueue, routes::FakeRouteLog};

const FAILED: Target = Target::Page(Page::Failed);
const PROVISIONING: Target = Target::Page(Page::Provisioning);
const SERVING: Target = Target::Upstream { address: Ipv4Addr::new(10, 0, 0, 7), port: 18_790 };

#[derive(Default)]
struct Bench {
    ledger: FakeRouteLog,
    wake_ups: FakeQueue<WakeUp>,
    clock: FakeClock,
}

impl Bench {
    async fn run(&self, step: Step, attempt: u32) -> Result<Option<Recorded>, RouteError> {
        let Self { ledger, wake_ups, clock } = self;
        let call = Call { step, saga: saga(attempt) };
        handle(World { ledger, wake_ups, clock }, &call).await
    }

    /// Runs a step that cannot fail and returns its place in the log.
    async fn sequence(&self, step: Step, attempt: u32) -> u64 {
        self.run(step, attempt).await.expect("succeeds").expect("changes something").sequence
    }

    fn serves(&self) -> Option<Target> {
        self.ledger.route(&saga(1).host)?.change.target
    }

    async fn edge_applied(&self, sequence: u64, ago: SignedDuration) {
        let applied = Stamp { incarnation: 1, epoch: 1, sequence };
        let at = self.clock.now() - ago;
        self.ledger.report(&EdgeReport { edge: "e1".into(), applied, at }).await.expect("reports");
    }
}

/// As the state machine sends it.
fn saga(attempt: u32) -> Saga {
    let project_id = ProjectId::new("4k2x9q7hzd").expect("well-formed");
    serde_json::from_value(json!({
        "project_id": project_id,
        "tenant_id": "ten_1",
        "attempt": attempt,
        "plan": "standard",
        "host": "atlas-4k2x9q7hzd.1mins.in",
        "reservation_id": project_id.reservation(attempt),
        "instance_id": project_id.instance(attempt),
        "new_worker_id": project_id.worker(attempt),
        "AwaitWorker": {
            "worker_id": "wrk_1",
            "node_id": "i-1",
            "address": "10.0.0.7",
            "port": 18_790,
        },
    }))
    .expect("well-formed")
}

fn fault(result: Result<Option<Recorded>, RouteError>) -> Fault {
    result.expect_err("fails").fault()
}

#[tokio::test]
async fn every_step_twice_is_once() {
    let bench = Bench::default();
    let steps = [Step::HoldingPage, Step::Publish, Step::UndoPublish, Step::UndoHoldingPage];
    for step in steps {
        let first = bench.run(step, 1).await.expect("succeeds");
        assert_eq!(bench.run(step, 1).await.expect("succeeds"), first, "{step:?}");
    }
    // The second undo found everything undone.
    assert_eq!(bench.ledger.entries().len(), 3);
    assert_eq!(bench.serves(), Some(FAILED));
}

#[tokio::test]
async fn a_host_shows_a_page_until_its_instance_serves() {
    let bench = Bench::default();
    bench.sequence(Step::HoldingPage, 1).await;
    assert_eq!(bench.serves(), Some(PROVISIONING));
    bench.sequence(Step::Publish, 1).await;
    assert_eq!(bench.serves(), Some(SERVING));
    assert_eq!(bench.wake_ups.sent(), [WakeUp { sequence: 1 }, WakeUp { sequence: 2 }]);
}

#[tokio::test]
async fn a_late_do_after_its_undo_is_refused() {
    for undo in [Step::UndoHoldingPage, Step::UndoPublish] {
        let bench = Bench::default();
        bench.sequence(undo, 1).await;
        for late in [Step::HoldingPage, Step::Publish] {
            assert_eq!(fault(bench.run(late, 1).await), Fault::Terminal, "{late:?} {undo:?}");
        }
        assert_eq!(bench.serves(), Some(FAILED));
        // The owner tries again, which is another attempt.
        bench.sequence(Step::HoldingPage, 2).await;
        assert_eq!(bench.serves(), Some(PROVISIONING));
    }
}

#[tokio::test]
async fn an_undo_leaves_somebody_elses_newer_route_alone() {
    let bench = Bench::default();
    bench.sequence(Step::HoldingPage, 1).await;
    bench.sequence(Step::HoldingPage, 2).await;
    bench.sequence(Step::Publish, 2).await;
    for late in [Step::UndoPublish, Step::UndoHoldingPage] {
        assert_eq!(bench.run(late, 1).await.expect("nothing to undo"), None);
    }
    assert_eq!(fault(bench.run(Step::Publish, 1).await), Fault::Terminal);
    assert_eq!(bench.serves(), Some(SERVING));
}

#[tokio::test]
async fn a_lost_answer_is_found_again() {
    let bench = Bench::default();
    bench.ledger.lost_answers.begin(1);
    assert_eq!(fault(bench.run(Step::Publish, 1).await), Fault::Retryable);
    assert!(bench.wake_ups.sent().is_empty());
    assert_eq!(bench.sequence(Step::Publish, 1).await, 1);
    assert_eq!(bench.wake_ups.sent(), [WakeUp { sequence: 1 }]);
}

#[tokio::test]
async fn a_wake_up_that_failed_is_sent_by_the_retry() {
    let bench = Bench::default();
    bench.wake_ups.outage.begin(1);
    assert_eq!(fault(bench.run(Step::HoldingPage, 1).await), Fault::Retryable);
    assert_eq!(bench.sequence(Step::HoldingPage, 1).await, 1);
    assert_eq!(bench.wake_ups.sent(), [WakeUp { sequence: 1 }]);
}

#[tokio::test]
async fn publishing_ends_when_an_edge_serves_it() {
    let bench = Bench::default();
    bench.edge_applied(1, SignedDuration::ZERO).await;
    let recorded = bench.run(Step::Publish, 1).await.expect("succeeds");
    assert_eq!(recorded, Some(Recorded { sequence: 1, acknowledged: Some(true) }));
}

#[tokio::test]
async fn publishing_without_any_edge_succeeds_and_says_so() {
    let bench = Bench::default();
    bench.edge_applied(1, SignedDuration::from_mins(5)).await;
    let recorded = bench.run(Step::Publish, 1).await.expect("succeeds");
    assert_eq!(recorded, Some(Recorded { sequence: 1, acknowledged: Some(false) }));
}

#[tokio::test]
async fn an_edge_that_lives_but_stays_behind_is_waited_for_and_retried() {
    let bench = Bench::default();
    bench.edge_applied(0, SignedDuration::ZERO).await;
    let began = bench.clock.now();
    assert_eq!(fault(bench.run(Step::Publish, 1).await), Fault::Retryable);
    let waited = bench.clock.now().duration_since(began);
    assert!((8..10).contains(&waited.as_secs()), "{waited}");
    bench.edge_applied(1, SignedDuration::ZERO).await;
    assert_eq!(bench.sequence(Step::Publish, 1).await, 1);
}

#[tokio::test]
async fn a_saga_without_a_worker_cannot_publish() {
    let bench = Bench::default();
    let Bench { ledger, wake_ups, clock } = &bench;
    let saga = Saga { worker: None, ..saga(1) };
    let call = Call { step: Step::Publish, saga };
    let result = handle(World { ledger, wake_ups, clock }, &call).await;
    assert_eq!(fault(result), Fault::Terminal);
}
