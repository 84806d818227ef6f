//! The publisher over fakes: repeated, interrupted, lied to, and grown large.

mod support;

use contracts::routes::MAX_PARAMETER_CHARS;
use ports::routes::{Change, Phase, RouteLog};
use route_publisher::PublishError;
use runtime::fault::{Classify, Fault};
use support::{Bench, change, host};

async fn served_up_to(bench: &Bench, count: u32) {
    for number in 0..count {
        bench.serve(number, 1).await;
    }
}

async fn assert_edge_serves_the_truth(bench: &Bench) {
    let edge = bench.edge().await;
    assert_eq!(edge.routes, bench.log.routes().await.expect("the log is up"));
    let truth = bench.log.position().await.expect("the log is up");
    assert_eq!(edge.applied.expect("a head").position(), truth);
}

#[tokio::test]
async fn what_is_recorded_is_published_in_one_write() {
    let bench = Bench::default();
    served_up_to(&bench, 100).await;
    assert_eq!(bench.publish("a").await.expect("publishes"), 100);
    assert_eq!(bench.board.writes(), (1, 0));
    assert_edge_serves_the_truth(&bench).await;
}

#[tokio::test]
async fn a_wake_up_for_what_is_published_writes_nothing() {
    let bench = Bench::default();
    served_up_to(&bench, 3).await;
    for owner in ["a", "b", "b", "c"] {
        assert_eq!(bench.publish(owner).await.expect("publishes"), 3);
    }
    assert_eq!(bench.board.writes(), (1, 0));
}

#[tokio::test]
async fn a_withdrawn_host_is_gone() {
    let bench = Bench::default();
    served_up_to(&bench, 2).await;
    bench.publish("a").await.expect("publishes");
    let gone = Change { phase: Phase::Withdrawn, target: None, ..change(1, 1) };
    bench.log.record(&gone).await.expect("records");
    bench.publish("a").await.expect("publishes");
    assert_eq!(bench.edge().await.routes.keys().collect::<Vec<_>>(), [&host(0)]);
}

#[tokio::test]
async fn a_lost_answer_is_found_again_wherever_it_is_lost() {
    // The lease, the head, and the lease again; with chunks, they are what is lost second.
    for routes in [10, 400] {
        for (ledger, board) in [(1, 0), (2, 0), (0, 1), (0, 2), (0, 3), (1, 1)] {
            let bench = Bench::default();
            served_up_to(&bench, routes).await;
            bench.log.lost_answers.begin(ledger);
            bench.board.lost_answers.begin(board);
            let mut tries = 0;
            while let Err(error) = bench.publish(&format!("try {tries}")).await {
                assert_eq!(error.fault(), Fault::Retryable, "{error}");
                tries += 1;
                assert!(tries < 5, "{error}");
            }
            assert!(tries > 0);
            assert_edge_serves_the_truth(&bench).await;
            bench.serve(routes, 1).await;
            bench.publish("next").await.expect("publishes");
            assert_edge_serves_the_truth(&bench).await;
        }
    }
}

#[tokio::test]
async fn a_head_that_was_scribbled_over_is_repaired_at_the_next_wake_up() {
    let bench = Bench::default();
    served_up_to(&bench, 3).await;
    bench.publish("a").await.expect("publishes");
    bench.board.scribble("hello");
    bench.publish("b").await.expect("publishes");
    assert_edge_serves_the_truth(&bench).await;
}

#[tokio::test]
async fn deleted_parameters_are_rebuilt_from_the_ledger() {
    for routes in [3, 500] {
        let bench = Bench::default();
        served_up_to(&bench, routes).await;
        bench.publish("a").await.expect("publishes");
        bench.board.wipe();
        bench.serve(0, 2).await;
        bench.publish("b").await.expect("publishes");
        assert_edge_serves_the_truth(&bench).await;
    }
}

#[tokio::test]
async fn a_log_that_expired_is_no_gap_in_the_table() {
    let bench = Bench::default();
    served_up_to(&bench, 3).await;
    bench.publish("a").await.expect("publishes");
    for number in 3..9 {
        bench.serve(number, 1).await;
    }
    bench.log.expire(6);
    bench.publish("a").await.expect("publishes");
    assert_edge_serves_the_truth(&bench).await;
}

#[tokio::test]
async fn a_restored_ledger_is_refused_until_its_incarnation_is_raised() {
    let bench = Bench::default();
    served_up_to(&bench, 5).await;
    bench.publish("a").await.expect("publishes");
    let restored = Bench { log: testkit::routes::FakeRouteLog::default(), ..bench };
    served_up_to(&restored, 2).await;
    restored.log.begin_incarnation(2);
    restored.publish("b").await.expect("publishes");
    assert_edge_serves_the_truth(&restored).await;
}

#[tokio::test]
async fn a_ledger_that_fell_behind_its_own_head_is_an_alarm() {
    let bench = Bench::default();
    served_up_to(&bench, 5).await;
    bench.publish("a").await.expect("publishes");
    let ahead = bench.board.heads()[0].replacen("1mr1 1 1 5 ", "1mr1 1 1 50 ", 1);
    bench.board.scribble(&ahead);
    let error = bench.publish("b").await.expect_err("fails");
    assert!(matches!(error, PublishError::LedgerBehind { head: 50, ledger: 5 }), "{error}");
}

#[tokio::test]
async fn an_overflowing_head_spills_into_chunks_and_goes_on() {
    let bench = Bench::default();
    for number in 0..1_500 {
        bench.serve(number, 1).await;
        if number % 37 == 0 {
            bench.publish("a").await.expect("publishes");
        }
    }
    bench.publish("a").await.expect("publishes");
    assert!(bench.board.longest() <= MAX_PARAMETER_CHARS);
    assert_edge_serves_the_truth(&bench).await;
    // Every chunk is rewritten once for many changes, not once for each.
    let (heads, chunks) = bench.board.writes();
    assert!(heads + chunks < 300, "{heads} heads, {chunks} chunks");
}

/// The figures in the documentation of `contracts::routes::chunk` come from here.
#[tokio::test]
async fn a_hundred_thousand_routes_fit_into_their_parameters() {
    let bench = Bench::default();
    served_up_to(&bench, 100_000).await;
    bench.publish("a").await.expect("publishes");
    assert!(bench.board.longest() <= MAX_PARAMETER_CHARS);
    let (_, chunks) = bench.board.writes();
    let head_chars = bench.board.heads()[0].len();
    assert!((600..1_000).contains(&chunks), "{chunks}");
    assert!(head_chars < MAX_PARAMETER_CHARS / 2, "{head_chars}");

    for round in 0..20 {
        for change in 0..20 {
            bench.serve((round * 977 + change * 4_793) % 100_000, 2 + round).await;
        }
        bench.publish("a").await.expect("publishes");
    }
    assert!(bench.board.longest() <= MAX_PARAMETER_CHARS);
    let (heads, after) = bench.board.writes();
    // Some four hundred places in as many chunks, most of them in the log still.
    assert_eq!(heads, 21);
    assert!(after - chunks < 400, "{}", after - chunks);
    assert_edge_serves_the_truth(&bench).await;
}
