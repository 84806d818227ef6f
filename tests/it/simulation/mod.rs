//! The platform at work for some hours of virtual time, with everything going wrong that may.
//!
//! The real handlers and the state machines as they are deployed run over in-memory ports. Customers,
//! owners and operators come as a seed decides; so do functions killed between any two calls of their
//! ports, lost answers, late duplicates, throttles, machine types that are sold out or refused, workers
//! that are lost, cut off or taken back, webhooks in any order, and jumps of the clock either way. After
//! every step the books must balance, and once the noise ends everything must settle. A failing seed
//! prints itself, and `SIMULATION_SEED=… cargo test simulation` replays it.

mod alarms;
mod books;
mod chaos;
mod executions;
mod moment;
mod nature;
mod people;
mod post;
mod sim;
mod surroundings;
mod tally;

use sim::{Sim, Span};
use std::{ops::Range, time::Instant};
use tally::Tally;

const SEEDS: u64 = 2_000;
/// A thread that has found so many looks for no more.
const FAILURES: usize = 3;

/// What a number of lives came to.
#[derive(Default)]
struct Lived {
    tally: Tally,
    failed: Vec<String>,
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person who replays a seed names it here")]
#[expect(clippy::print_stdout, reason = "and who runs many reads what they met")]
fn the_books_balance_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(SEEDS),
    };
    let (lives, began) = (seeds.end - seeds.start, Instant::now());
    let lived = live_all(&seeds);
    println!("{lives} lives in {} s, with", began.elapsed().as_secs());
    print!("{}", lived.tally);
    assert!(lived.failed.is_empty(), "{}", lived.failed.join("\n\n"));
}

/// On all processors.
fn live_all(seeds: &Range<u64>) -> Lived {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let shares = (0..threads).map(|first| seeds.clone().skip(first).step_by(threads));
        let threads: Vec<_> = shares.map(|share| scope.spawn(|| live_some(share))).collect();
        let mut all = Lived::default();
        for thread in threads {
            let lived = thread.join().expect("a seed panicked");
            all.tally += lived.tally;
            all.failed.extend(lived.failed);
        }
        all
    })
}

fn live_some(seeds: impl Iterator<Item = u64>) -> Lived {
    let mut lived = Lived::default();
    for seed in seeds {
        let (tally, failure) = live(seed);
        lived.tally += tally;
        lived.failed.extend(failure);
        if lived.failed.len() == FAILURES {
            break;
        }
    }
    lived
}

/// One life of the platform, and what was wrong with it.
fn live(seed: u64) -> (Tally, Option<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut sim = Sim::new(seed);
        let broken = sim.live(Span::SHORT).await.err();
        let failure =
            broken.map(|broken| format!("SIMULATION_SEED={seed}: {broken}\n{}", sim.story()));
        (sim.tally, failure)
    })
}
