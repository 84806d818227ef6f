//! Several publishers at once, some of them long dead in the eyes of the others, interleaved at
//! every call that they make: routing never rolls back and no update is lost.

mod support;

use contracts::routes::{Routes, apply};
use proptest::prelude::*;
use route_publisher::{PublishError, publish};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};
use support::{Bench, Edge, change};

type Run<'a> = Pin<Box<dyn Future<Output = Result<(), PublishError>> + 'a>>;

/// One move of the adversary.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Lets publisher number `0` make one call; one that has ended starts anew.
    Step(usize),
    /// Ends it in the middle of whatever it was doing.
    Kill(usize),
    /// A saga changes host number `0`.
    Change(u32),
    /// An edge reads a head, perhaps a stale one.
    Look { edge: usize, age: usize },
    /// An edge starts with nothing.
    Restart(usize),
}

const PUBLISHERS: usize = 3;
const EDGES: usize = 2;

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        30 => (0..PUBLISHERS).prop_map(Move::Step),
        1 => (0..PUBLISHERS).prop_map(Move::Kill),
        4 => (0..400_u32).prop_map(Move::Change),
        6 => (0..EDGES, 0..3_usize).prop_map(|(edge, age)| Move::Look { edge, age }),
        1 => (0..EDGES).prop_map(Move::Restart),
    ]
}

/// The routes after each change, from none on.
fn history(bench: &Bench) -> Vec<Routes> {
    let mut routes = Routes::new();
    let mut history = vec![routes.clone()];
    for entry in bench.log.entries() {
        apply(&mut routes, &[(entry.host, entry.target)].into());
        history.push(routes.clone());
    }
    history
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

fn assert_serves_one_moment(edge: &Edge, history: &[Routes]) {
    if let Some(applied) = edge.applied {
        let at = usize::try_from(applied.sequence).expect("small");
        assert_eq!(edge.routes, history[at], "the table of {applied:?} is that of its moment");
    }
}

fn play(bench: &Bench, moves: &[Move]) {
    let mut runs: [Option<Run<'_>>; PUBLISHERS] = std::array::from_fn(|_| None);
    let mut edges: [Edge; EDGES] = std::array::from_fn(|_| Edge::default());
    let mut attempts = vec![1; 400];
    let mut started = 0;
    for next in moves {
        match *next {
            Move::Step(at) => {
                let run = runs[at].get_or_insert_with(|| {
                    started += 1;
                    let owner = format!("run {started}");
                    Box::pin(async move { publish(bench.world(), &owner).await.map(|_| ()) })
                });
                if run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    runs[at] = None;
                }
            }
            Move::Kill(at) => runs[at] = None,
            Move::Change(number) => {
                let attempt = &mut attempts[number as usize];
                *attempt += 1;
                block_on(bench.serve(number, *attempt));
            }
            Move::Look { edge, age } => {
                block_on(edges[edge].look(&bench.board, age));
                assert_serves_one_moment(&edges[edge], &history(bench));
            }
            Move::Restart(edge) => edges[edge] = Edge::default(),
        }
    }
    // Whatever happened: one quiet run later, every edge serves the truth.
    drop(runs);
    block_on(bench.publish("quiet")).expect("nobody interferes");
    let history = history(bench);
    for mut edge in edges {
        block_on(edge.look(&bench.board, 0));
        assert_eq!(edge.applied.map(|it| it.sequence), Some(history.len() as u64 - 1));
        assert_serves_one_moment(&edge, &history);
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn a_small_table_survives_its_publishers(moves in prop::collection::vec(moves(), 0..300)) {
        let bench = Bench::default();
        block_on(bench.serve(0, 1));
        play(&bench, &moves);
    }
}

proptest! {
    #![proptest_config(config(30))]

    /// Near the limit of the head, so that publishers fold into chunks as they meet.
    #[test]
    fn a_growing_table_survives_its_publishers(moves in prop::collection::vec(moves(), 0..250)) {
        let bench = Bench::default();
        for number in 200..385 {
            block_on(bench.serve(number, 1));
        }
        play(&bench, &moves);
    }
}

#[test]
fn a_zombie_that_writes_last_neither_wins_nor_costs_an_update() {
    let bench = Bench::default();
    block_on(bench.serve(1, 1));
    let mut zombie: Run<'_> =
        Box::pin(async { publish(bench.world(), "zombie").await.map(|_| ()) });
    // Lease, head, position, routes, log, lease again: its next call would write the head.
    for _ in 0..7 {
        let run = zombie.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(run.is_pending());
    }
    assert!(bench.board.heads().is_empty());
    block_on(bench.serve(2, 1));
    block_on(bench.publish("living")).expect("publishes");
    let mut edge = block_on(bench.edge());
    let before = edge.applied;
    let ended = block_on(zombie);
    assert!(matches!(ended, Err(PublishError::TakenOver)), "{ended:?}");
    block_on(edge.look(&bench.board, 0));
    assert_eq!(edge.applied, before, "the edge ignores what came late");
    block_on(bench.publish("next")).expect("repairs");
    block_on(edge.look(&bench.board, 0));
    assert_eq!(edge.routes, block_on(async { bench.edge().await.routes }));
    assert!(edge.routes.contains_key(&change(2, 1).host));
}
