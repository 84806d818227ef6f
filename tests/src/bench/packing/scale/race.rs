//! Several placements at once, in lockstep: the worst case.
//!
//! In each round everybody who has no place yet reads the same fleet and chooses; then all write, one
//! after the other. A write takes if the worker still has the capacity, and the port that the placer
//! saw free is still free. Whoever is refused reads again in the next round.

use super::{TENANTS, workers};
use crate::bench::{packing::PackingError, table::Table};
use domain::{
    fit::{Demand, choose_best, choose_weighted, judge},
    id::ProjectId,
    offering::Offering,
    plan::PlanId,
    worker::Worker,
};
use placement::MAX_WRITES;

const PLACERS: [u32; 3] = [1, 10, 100];
const TRIALS: u64 = 5;

/// How a placer goes about it.
#[derive(Clone, Copy, Debug)]
struct Strategy {
    name: &'static str,
    /// How the worker is chosen at first, and after a lost race.
    choices: [Choice; 2],
    /// Whether chance says where to look for a port, or everybody takes the lowest.
    any_port: bool,
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    Best,
    /// Any of those that fit equally well, and best.
    OneOfTheBest,
    Weighted,
}

const STRATEGIES: [Strategy; 5] = {
    use Choice::{Best, OneOfTheBest, Weighted};
    const fn strategy(name: &'static str, choices: [Choice; 2], any_port: bool) -> Strategy {
        Strategy { name, choices, any_port }
    }
    [
        strategy("best fit always", [Best, Best], true),
        strategy("deployed: chance after a lost race", [Best, Weighted], true),
        strategy("so, but the lowest port", [Best, Weighted], false),
        strategy("any of the best, then chance", [OneOfTheBest, Weighted], true),
        strategy("chance from the first", [Weighted, Weighted], true),
    ]
};

/// How often the placers wrote.
#[derive(Clone, Debug, Default)]
struct Tries {
    of_each: Vec<u32>,
    gave_up: usize,
}

pub(super) fn table(offering: &Offering) -> Result<String, PackingError> {
    let headers: Vec<&str> =
        ["fleet, placers"].into_iter().chain(STRATEGIES.map(|it| it.name)).collect();
    let title =
        "Writes a placement, mean (most), and who gave up after 12: all placers in lockstep";
    let mut table = Table::new(title, &headers);
    // On the small fleet every second slot is free; on the large one, as packed, every twentieth
    // worker has one.
    let fleets = [
        ("40 workers, 220 free", workers(offering, 40, |it| TENANTS - 5 - it % 2)?),
        ("1000 workers, 50 free", workers(offering, 1000, |it| TENANTS - u32::from(it % 20 == 0))?),
        ("1000 workers, 500 free", workers(offering, 1000, |it| TENANTS - it % 2)?),
    ];
    for (name, fleet) in &fleets {
        for placers in PLACERS {
            let cells = STRATEGIES.map(|it| cell(&play_often(fleet, placers, it, offering)));
            table.row([format!("{name}; {placers}")].into_iter().chain(cells));
        }
    }
    Ok(table.markdown())
}

fn cell(tries: &Tries) -> String {
    let number = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    let sum: u32 = tries.of_each.iter().sum();
    let mean = f64::from(sum) / number(tries.of_each.len().max(1));
    let most = tries.of_each.iter().max().copied().unwrap_or_default();
    let given_up = 100.0 * number(tries.gave_up) / number(tries.of_each.len().max(1));
    if tries.gave_up == 0 {
        format!("{mean:.2} ({most})")
    } else {
        format!("{mean:.2} ({most}), {given_up:.0} % gave up")
    }
}

fn play_often(fleet: &[Worker], placers: u32, strategy: Strategy, offering: &Offering) -> Tries {
    let demand = Demand::of(PlanId::Standard.plan(), offering.architecture);
    let mut all = Tries::default();
    for seed in 0..TRIALS {
        let tries = play(fleet.to_vec(), placers, strategy, &demand, seed);
        all.of_each.extend(tries.of_each);
        all.gave_up += tries.gave_up;
    }
    all
}

fn play(
    mut fleet: Vec<Worker>,
    placers: u32,
    strategy: Strategy,
    demand: &Demand,
    seed: u64,
) -> Tries {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut tries = Tries::default();
    let mut waiting: Vec<u32> = (0..placers).collect();
    for write in 1..=MAX_WRITES {
        let seen = fleet.clone();
        let mut refused = Vec::new();
        for placer in waiting {
            // Who finds no room buys a worker, and is out of the race.
            let Some((at, port)) = choose(&seen, write, strategy, demand, &mut random) else {
                continue;
            };
            let holder = ProjectId::new(&format!("placer-{placer}"));
            if holder.is_ok_and(|it| take(&mut fleet[at], &it, port, demand).is_some()) {
                tries.of_each.push(write);
            } else {
                refused.push(placer);
            }
        }
        waiting = refused;
    }
    tries.gave_up = waiting.len();
    tries.of_each.extend(waiting.iter().map(|_| MAX_WRITES));
    tries
}

/// The index of a worker and a port that looked free.
fn choose(
    seen: &[Worker],
    write: u32,
    strategy: Strategy,
    demand: &Demand,
    random: &mut fastrand::Rng,
) -> Option<(usize, u16)> {
    let worker = match strategy.choices[usize::from(write > 1)] {
        Choice::Best => choose_best(seen, demand)?,
        Choice::OneOfTheBest => choose_one_of_the_best(seen, demand, random)?,
        Choice::Weighted => choose_weighted(seen, demand, random.u64(..))?,
    };
    let at = seen.iter().position(|it| it.id == worker.id)?;
    let salt = if strategy.any_port { random.u64(..) } else { 0 };
    Some((at, worker.free_port(salt)?))
}

fn choose_one_of_the_best<'a>(
    seen: &'a [Worker],
    demand: &Demand,
    random: &mut fastrand::Rng,
) -> Option<&'a Worker> {
    let fitting: Vec<_> =
        seen.iter().filter_map(|it| Some((judge(it, demand).ok()?, it))).collect();
    let least = fitting.iter().map(|(score, _)| *score).min()?;
    let best: Vec<_> = fitting.into_iter().filter(|(score, _)| *score == least).collect();
    best.get(random.usize(..best.len())).map(|(_, worker)| *worker)
}

/// The conditional write.
fn take(worker: &mut Worker, project: &ProjectId, port: u16, demand: &Demand) -> Option<()> {
    if worker.reservations.values().any(|it| it.port == port) {
        return None;
    }
    worker.free = worker.free.minus(demand.capacity)?;
    let held = crate::bench::packing::fleet::claim(project, PlanId::Standard, demand.capacity);
    worker
        .reservations
        .insert(project.clone().into(), domain::worker::Reservation { port, ..held });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::packing::machine::of_gib;

    fn fleet(free: u32) -> (Vec<Worker>, Demand) {
        let offering = of_gib(16).unwrap().offering;
        let demand = Demand::of(PlanId::Standard.plan(), offering.architecture);
        (workers(&offering, 4, |_| TENANTS - free).unwrap(), demand)
    }

    #[test]
    fn alone_one_write_is_enough() {
        let (fleet, demand) = fleet(1);
        for strategy in STRATEGIES {
            let tries = play(fleet.clone(), 1, strategy, &demand, 0);
            assert_eq!(tries.of_each, [1], "{}", strategy.name);
        }
    }

    #[test]
    fn who_wants_the_same_port_of_the_same_worker_waits_for_a_round() {
        let (fleet, demand) = fleet(3);
        let always_the_same =
            Strategy { name: "", choices: [Choice::Best, Choice::Best], any_port: false };
        let tries = play(fleet, 5, always_the_same, &demand, 0);
        assert_eq!((tries.of_each, tries.gave_up), (vec![1, 2, 3, 4, 5], 0));
    }

    #[test]
    fn who_finds_no_room_leaves_the_race() {
        let (fleet, demand) = fleet(1);
        for strategy in STRATEGIES {
            let tries = play(fleet.clone(), 9, strategy, &demand, 1);
            assert_eq!((tries.of_each.len(), tries.gave_up), (4, 0), "{}", strategy.name);
        }
    }
}
