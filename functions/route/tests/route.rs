//! The steps over fakes: each twice, each undone, each late.

use contracts::{
    provision::Saga,
    routes::{Recorded, Stamp, WakeUp},
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
use route::{Call, RouteError, World, handle};
use runtime::fault::{Classify, Fault};
use serde_json::json;
use std::net::Ipv4Addr;
use testkit::{
    clock::FakeClock, make, projects::FakeProjects, queue::FakeQueue, routes::FakeRouteLog,
};

const FAILED: Target = Target::Page(Page::Failed);
const PROVISIONING: Target = Target::Page(Page::Provisioning);
const SERVING: Target = Target::Upstream { address: Ipv4Addr::new(10, 0, 0, 7), port: 18_790 };

/// The steps of a provisioning.
#[derive(Clone, Copy, Debug)]
enum Step {
    HoldingPage,
    UndoHoldingPage,
    Publish,
    UndoPublish,
}

#[derive(Default)]
struct Bench {
    ledger: FakeRouteLog,
    wake_ups: FakeQueue<WakeUp>,
    projects: FakeProjects,
    clock: FakeClock,
}

impl Bench {
    async fn run(&self, step: Step, attempt: u32) -> Result<Option<Recorded>, RouteError> {
        let saga = saga(attempt);
        let call = match step {
            Step::HoldingPage => Call::HoldingPage(saga),
            Step::UndoHoldingPage => Call::UndoHoldingPage(saga),
            Step::Publish => Call::Publish(saga),
            Step::UndoPublish => Call::UndoPublish(saga),
        };
        self.call(call).await
    }

    async fn call(&self, call: Call) -> Result<Option<Recorded>, RouteError> {
        let Self { ledger, wake_ups, projects, clock } = self;
        handle(World { ledger, wake_ups, projects, clock }, &call).await
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
    let result = bench.call(Call::Publish(Saga { worker: None, ..saga(1) })).await;
    assert_eq!(fault(result), Fault::Terminal);
}

/// A project that runs, is halted, and is gone in the end.
mod halting {
    use super::*;
    use contracts::{
        erase::Saga as EraseSaga,
        halt::{Located, Saga as HaltSaga},
        provision::ReadyWorker,
    };
    use domain::{
        plan::PlanId,
        project::{Project, Purpose, State},
    };

    const SUSPENDED: Target = Target::Page(Page::Suspended);

    fn halting(halts: u32) -> Project {
        Project { state: State::Halting, halts, host: saga(1).host, ..make::project() }
    }

    fn located() -> Located {
        let Target::Upstream { address, port } = SERVING else { unreachable!("it is") };
        let worker_id = make::worker("1", 0).id;
        let node_id = "i-1".into();
        Located { worker: Some(ReadyWorker { worker_id, node_id, address, port }), at: None }
    }

    fn halt(number: u32) -> HaltSaga {
        let saga = HaltSaga::of(&halting(number), Purpose::Suspend);
        HaltSaga { located: Some(located()), ..saga }
    }

    /// One whose instance serves, and whose halt of this number has begun.
    async fn serving(halts: u32) -> Bench {
        let projects = FakeProjects::of([halting(halts)]);
        let bench = Bench { projects, ..Bench::default() };
        bench.sequence(Step::Publish, 1).await;
        bench
    }

    #[tokio::test]
    async fn a_host_shows_why_nothing_runs_and_serves_again_if_the_halt_is_undone() {
        let bench = serving(0).await;
        for _ in 0..2 {
            bench.call(Call::SuspendedPage(halt(0))).await.expect("shows a page");
            assert_eq!(bench.serves(), Some(SUSPENDED));
        }
        for _ in 0..2 {
            bench.call(Call::UndoSuspendedPage(halt(0))).await.expect("serves");
            assert_eq!(bench.serves(), Some(SERVING));
        }
        assert_eq!(bench.ledger.entries().len(), 3);
        let late = bench.call(Call::SuspendedPage(halt(0))).await;
        assert_eq!(fault(late), Fault::Terminal);
        assert_eq!(bench.serves(), Some(SERVING));
    }

    #[tokio::test]
    async fn the_next_halt_wins_over_everything_of_the_last() {
        let bench = serving(1).await;
        bench.call(Call::SuspendedPage(halt(1))).await.expect("shows a page");
        let undone = bench.call(Call::UndoSuspendedPage(halt(0))).await.expect("leaves it alone");
        assert_eq!((undone, bench.serves()), (None, Some(SUSPENDED)));
        assert_eq!(fault(bench.call(Call::SuspendedPage(halt(0))).await), Fault::Terminal);
    }

    #[tokio::test]
    async fn the_next_attempt_wins_over_every_halt_of_the_last() {
        let bench = serving(0).await;
        bench.call(Call::SuspendedPage(halt(0))).await.expect("shows a page");
        bench.sequence(Step::HoldingPage, 2).await;
        bench.sequence(Step::Publish, 2).await;
        assert_eq!(bench.call(Call::UndoSuspendedPage(halt(0))).await.expect("is late"), None);
        assert_eq!(fault(bench.call(Call::SuspendedPage(halt(0))).await), Fault::Terminal);
        assert_eq!(bench.serves(), Some(SERVING));
    }

    #[tokio::test]
    async fn what_was_halted_for_good_does_not_serve_again() {
        let moved = Project { state: State::Pending, attempt: 2, ..halting(0) };
        let suspended = Project { state: State::Suspended, ..halting(0) };
        for project in [suspended, moved] {
            let case = format!("{:?}", project.state);
            let projects = FakeProjects::of([project]);
            let bench = Bench { projects, ..Bench::default() };
            bench.call(Call::SuspendedPage(halt(0))).await.expect("shows a page");
            let undone = bench.call(Call::UndoSuspendedPage(halt(0))).await.expect(&case);
            assert_eq!((undone, bench.serves()), (None, Some(SUSPENDED)), "{case}");
        }
    }

    #[tokio::test]
    async fn a_project_that_moves_is_said_to_be_on_its_way() {
        let bench = serving(0).await;
        let purpose = Purpose::Move { plan: PlanId::Pro };
        bench.call(Call::SuspendedPage(HaltSaga { purpose, ..halt(0) })).await.expect("shows");
        assert_eq!(bench.serves(), Some(PROVISIONING));
    }

    #[tokio::test]
    async fn a_project_that_is_gone_has_no_host_any_more() {
        let bench = serving(0).await;
        let erase = EraseSaga::of(&halting(0));
        for _ in 0..2 {
            bench.call(Call::RemoveRoute(erase.clone())).await.expect("removes it");
            assert_eq!(bench.serves(), None);
        }
        for late in [Call::SuspendedPage(halt(0)), Call::Publish(saga(1))] {
            assert_eq!(fault(bench.call(late).await), Fault::Terminal);
        }
        assert_eq!(bench.serves(), None);
    }
}
