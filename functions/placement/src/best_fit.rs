//! Best fit: the worker that is left with the least.
//!
//! Packing tightly keeps whole workers empty, and an empty worker can be given back.

use domain::{capacity::Capacity, worker::Worker};

/// Picks the admitting worker with the least memory left over; ties go to the lower id.
pub(crate) fn choose(workers: &[Worker], demand: Capacity) -> Option<&Worker> {
    workers
        .iter()
        .filter(|worker| worker.admits())
        .filter(|worker| worker.free_port().is_some())
        .filter_map(|worker| Some((worker.free.minus(demand)?.memory_mib, worker)))
        .min_by_key(|(memory_mib_left, worker)| (*memory_mib_left, worker.id.clone()))
        .map(|(_, worker)| worker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use testkit::make::worker;

    const DEMAND: Capacity = Capacity { memory_mib: 512, cpu_millis: 250 };

    #[test]
    fn picks_the_tightest_worker_that_admits() {
        let cordoned = Worker { cordoned: true, ..worker("tight", 512) };
        let cases: &[(&str, Vec<Worker>, Option<&str>)] = &[
            ("nobody", vec![], None),
            ("too small", vec![worker("a", 511)], None),
            ("exact fit", vec![worker("a", 512)], Some("wrk_a")),
            ("tighter wins", vec![worker("a", 4096), worker("b", 600)], Some("wrk_b")),
            ("tie goes to lower id", vec![worker("b", 600), worker("a", 600)], Some("wrk_a")),
            ("cordoned is skipped", vec![cordoned, worker("b", 600)], Some("wrk_b")),
        ];
        for (case, workers, expected) in cases {
            let chosen = choose(workers, DEMAND).map(|it| it.id.as_str());
            assert_eq!(chosen, *expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn never_leaves_more_than_any_other_choice(memory in prop::collection::vec(0_u32..8192, 0..20)) {
            let fleet: Vec<Worker> =
                memory.iter().enumerate().map(|(n, mib)| worker(&format!("{n:02}"), *mib)).collect();
            let fits = || fleet.iter().filter_map(|it| it.free.minus(DEMAND));
            let left = choose(&fleet, DEMAND).and_then(|it| it.free.minus(DEMAND)).map(|it| it.memory_mib);
            prop_assert_eq!(left, fits().map(|it| it.memory_mib).min());
        }
    }
}
