//! Which offering to try next.
//!
//! Price decides, but for one thing: what is bought on Spot can all be taken back in the same minute,
//! so an offering may ask for so many workers on demand before it.

use super::{Architecture, Offering, Purchase};
use crate::{
    capacity::Capacity,
    worker::{State, Worker},
};

/// The offerings that can hold `demand` on `architecture`, cheapest first, in a pool that has
/// `on_demand` workers on demand already: see [`count_on_demand`].
pub fn plan_purchase(
    offerings: &[Offering],
    architecture: Architecture,
    demand: Capacity,
    on_demand: usize,
) -> Vec<&Offering> {
    let has_base =
        |it: &Offering| usize::try_from(it.on_demand_base).is_ok_and(|it| it <= on_demand);
    let holds = |it: &Offering| it.architecture == architecture && it.capacity().fits(demand);
    let mut fitting: Vec<_> = offerings.iter().filter(|it| holds(it) && has_base(it)).collect();
    fitting.sort_by(|a, b| a.usd_per_hour.total_cmp(&b.usd_per_hour));
    fitting
}

/// How many of `workers` stay when every Spot machine is taken back: bought on demand, running or about
/// to, and to be kept.
///
/// Two purchases at the same moment do not see each other, so there may be one more on demand than was
/// asked for; one that fails is missing until the next. Who counts for a purchase leaves out the worker
/// that is bought.
pub fn count_on_demand<'a>(workers: impl IntoIterator<Item = &'a Worker>) -> usize {
    let stays = |it: &&Worker| {
        let is_there = matches!(it.state, State::Provisioning | State::Ready | State::Starting);
        it.origin.purchase == Purchase::OnDemand && is_there && !it.is_cordoned()
    };
    workers.into_iter().filter(stays).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::WorkerId,
        offering::{Provider, tests::offering},
        worker::{Cordon, Origin},
    };
    use jiff::Timestamp;
    use proptest::{collection::vec, prelude::*};

    const STANDARD: Capacity = Capacity { memory_mib: 1536, cpu_millis: 750 };

    fn spot(machine_type: &str, usd_per_hour: f64, on_demand_base: u32) -> Offering {
        let purchase = Purchase::Spot;
        Offering { purchase, on_demand_base, ..offering(machine_type, 4096, usd_per_hour) }
    }

    fn planned(offerings: &[Offering], on_demand: usize) -> Vec<&str> {
        let plan = plan_purchase(offerings, Architecture::X86, STANDARD, on_demand);
        plan.iter().map(|it| it.machine_type.as_str()).collect()
    }

    #[test]
    fn the_cheapest_that_fits_comes_first() {
        let arm = Offering { architecture: Architecture::Arm, ..offering("arm", 16384, 0.01) };
        let ladder = [
            offering("big", 16384, 0.13),
            offering("small", 4096, 0.08),
            offering("tiny", 2000, 0.01),
            arm,
        ];
        assert_eq!(planned(&ladder, 0), ["small", "big"]);
    }

    #[test]
    fn spot_waits_for_its_base_however_cheap_it_is() {
        let ladder = [offering("sure", 4096, 0.08), spot("early", 0.03, 1), spot("late", 0.02, 3)];
        let cases: [(usize, &[&str]); 5] = [
            (0, &["sure"]),
            (1, &["early", "sure"]),
            (2, &["early", "sure"]),
            (3, &["late", "early", "sure"]),
            (9, &["late", "early", "sure"]),
        ];
        for (on_demand, expected) in cases {
            assert_eq!(planned(&ladder, on_demand), expected, "{on_demand} on demand");
        }
    }

    fn worker(purchase: Purchase, state: State, cordoned: bool) -> Worker {
        Worker {
            id: WorkerId::new("a").unwrap(),
            state,
            cordon: cordoned.then_some(Cordon::Operator),
            origin: Origin {
                provider: Provider::Ec2,
                machine_type: "m".to_owned(),
                purchase,
                architecture: Architecture::X86,
                region: "here".to_owned(),
            },
            total: STANDARD,
            free: STANDARD,
            machine_id: None,
            node_id: None,
            address: None,
            reservations: [].into(),
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_what_is_there_to_stay_is_a_base() {
        use Purchase::{OnDemand, Spot};
        let cases = [
            ("ready", OnDemand, State::Ready, false, 1),
            ("coming", OnDemand, State::Provisioning, false, 1),
            ("waking", OnDemand, State::Starting, false, 1),
            ("an operator's", OnDemand, State::Ready, true, 0),
            ("asleep", OnDemand, State::WarmStopped, false, 0),
            ("going", OnDemand, State::Draining, false, 0),
            ("lost", OnDemand, State::Error, false, 0),
            ("gone", OnDemand, State::Terminated, false, 0),
            ("Spot", Spot, State::Ready, false, 0),
        ];
        for (case, purchase, state, cordoned, expected) in cases {
            assert_eq!(count_on_demand(&[worker(purchase, state, cordoned)]), expected, "{case}");
        }
    }

    fn any_offering() -> impl Strategy<Value = Offering> {
        (any::<bool>(), 0_u32..4, 1_u32..100, 1_u32..5).prop_map(|(is_spot, base, cents, gib)| {
            let usd_per_hour = f64::from(cents) / 100.0;
            let plain = offering("m", gib * 1024, usd_per_hour);
            if !is_spot {
                return plain;
            }
            Offering { purchase: Purchase::Spot, on_demand_base: base, ..plain }
        })
    }

    proptest! {
        /// Whatever is on sale, workers bought one after the other, each as the first of its plan or as
        /// any later one that is not sold out, never have Spot before its base.
        #[test]
        fn a_pool_that_grows_by_its_plans_always_has_its_base(
            offerings in vec(any_offering(), 1..6), sold_out in vec(0_usize..6, 0..12),
        ) {
            let mut pool: Vec<Worker> = Vec::new();
            for skip in sold_out {
                let on_demand = count_on_demand(&pool);
                let plan = plan_purchase(&offerings, Architecture::X86, STANDARD, on_demand);
                prop_assert!(plan.is_sorted_by(|a, b| a.usd_per_hour <= b.usd_per_hour));
                prop_assert!(plan.iter().all(|it| it.capacity().fits(STANDARD)));
                let Some(bought) = plan.get(skip.min(plan.len().saturating_sub(1))) else { continue };
                let base = usize::try_from(bought.on_demand_base).unwrap();
                prop_assert!(on_demand >= base, "{on_demand} of {base}");
                pool.push(worker(bought.purchase, State::Ready, false));
            }
        }

        #[test]
        fn more_on_demand_never_takes_an_offering_away(
            offerings in vec(any_offering(), 1..6), on_demand in 0_usize..4,
        ) {
            let plan = |on_demand| plan_purchase(&offerings, Architecture::X86, STANDARD, on_demand);
            let richer = plan(on_demand + 1);
            prop_assert!(plan(on_demand).iter().all(|it| richer.contains(it)));
        }
    }
}
