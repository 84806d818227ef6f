//! The platform at work for some hours of virtual time, with everything going wrong that may.
//!
//! The real handlers and the state machines as they are deployed run over in-memory ports. Customers
//! come as a seed decides; so do lost answers, late duplicates, crashes between two effects,
//! throttles, sold-out machine types, lost workers, cut-off workers and jumps of the clock. After
//! every step the books must balance, and once the noise ends everything must settle. A failing seed
//! prints itself, and `SIMULATION_SEED=… cargo test simulation` replays it.

mod books;
mod chaos;
mod sim;

use sim::{Sim, Span};

#[test]
#[expect(clippy::disallowed_methods, reason = "a person who replays a seed names it here")]
fn the_books_balance_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(1_000),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|first| {
                let seeds = seeds.clone().skip(first).step_by(threads);
                scope
                    .spawn(|| seeds.filter_map(|seed| live(seed).err()).take(3).collect::<Vec<_>>())
            })
            .collect();
        let failed = threads.into_iter().flat_map(|it| it.join().expect("a seed panicked"));
        failed.collect::<Vec<_>>()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// One life of the platform.
fn live(seed: u64) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut sim = Sim::new(seed);
        sim.live(Span::SHORT).await.map_err(|broken| {
            format!("SIMULATION_SEED={seed}: {broken}\nwhat led there:\n{}", sim.trail())
        })
    })
}
