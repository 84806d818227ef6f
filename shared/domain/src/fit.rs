//! Which worker a demand goes to: best fit over memory and CPU.
//!
//! Packing tightly keeps whole workers empty, and an empty worker can be given back. When several
//! placements race, tightness makes them all want the same worker; after the first lost race a
//! choice at random, weighted by what is free, spreads them.

use crate::{
    capacity::Capacity,
    offering::Architecture,
    plan::{Isolation, Plan},
    worker::{State, Worker},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is asked of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub capacity: Capacity,
    /// Nobody else on the worker, before or after.
    pub alone: bool,
    pub architecture: Architecture,
    /// Where it may be; none named: anywhere.
    pub regions: BTreeSet<String>,
}

impl Demand {
    /// What an instance of `plan` asks for, anywhere: see [`Demand::within`].
    pub fn of(plan: &Plan, architecture: Architecture) -> Self {
        let alone = plan.isolation == Isolation::Alone;
        Self { capacity: plan.limits, alone, architecture, regions: BTreeSet::new() }
    }

    /// The same in one of `regions` and nowhere else; none named: anywhere.
    #[must_use]
    pub fn within(self, regions: &BTreeSet<String>) -> Self {
        Self { regions: regions.clone(), ..self }
    }

    /// Whether a worker of `region` may be asked at all.
    pub fn may_be_in(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }

    /// What is taken from `worker`: the demand, or all of it by somebody who wants to be alone.
    pub fn on(&self, worker: &Worker) -> Capacity {
        if self.alone { worker.total } else { self.capacity }
    }
}

/// How much a worker is left with. Lower is tighter, and better.
///
/// A thousandth of a CPU weighs as much as two MiB: the proportion in which plans ask for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Score(pub u64);

const MIB_PER_CPU_MILLI: u64 = 2;

/// Why a worker cannot take a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    NotReady,
    Cordoned,
    OtherArchitecture,
    OtherRegion,
    /// The demand is to be alone, and somebody is there.
    NotEmpty,
    TooLittleMemory,
    TooLittleCpu,
    NoPort,
}

/// How well `worker` fits `demand`, or why it does not.
pub fn judge(worker: &Worker, demand: &Demand) -> Result<Score, Refusal> {
    if worker.state != State::Ready {
        return Err(Refusal::NotReady);
    }
    judge_once_ready(worker, demand)
}

/// The same for a worker that is about to be ready: one that is stopped and can be started.
pub fn judge_once_ready(worker: &Worker, demand: &Demand) -> Result<Score, Refusal> {
    let Capacity { memory_mib, cpu_millis } = demand.capacity;
    if worker.is_cordoned() {
        Err(Refusal::Cordoned)
    } else if worker.origin.architecture != demand.architecture {
        Err(Refusal::OtherArchitecture)
    } else if !demand.may_be_in(&worker.origin.region) {
        Err(Refusal::OtherRegion)
    } else if demand.alone && !worker.reservations.is_empty() {
        Err(Refusal::NotEmpty)
    } else if worker.free.memory_mib < memory_mib {
        Err(Refusal::TooLittleMemory)
    } else if worker.free.cpu_millis < cpu_millis {
        Err(Refusal::TooLittleCpu)
    } else if worker.free_port(0).is_none() {
        Err(Refusal::NoPort)
    } else {
        Ok(score(worker.free, demand.capacity))
    }
}

fn score(free: Capacity, taken: Capacity) -> Score {
    let left = free.minus(taken).unwrap_or_default();
    Score(u64::from(left.memory_mib) + MIB_PER_CPU_MILLI * u64::from(left.cpu_millis))
}

/// The worker that is left with the least; of equals the one with the lower id.
pub fn choose_best<'a>(
    workers: impl IntoIterator<Item = &'a Worker>,
    demand: &Demand,
) -> Option<&'a Worker> {
    workers
        .into_iter()
        .filter_map(|it| Some((judge(it, demand).ok()?, it)))
        .min_by_key(|(score, worker)| (*score, &worker.id))
        .map(|(_, worker)| worker)
}

/// Like [`choose_best`], but of equals one at random: placements that come at the same moment do not
/// all want the same one.
pub fn choose_any_best<'a>(
    workers: impl IntoIterator<Item = &'a Worker>,
    demand: &Demand,
    random: u64,
) -> Option<&'a Worker> {
    let judged = workers.into_iter().filter_map(|it| Some((judge(it, demand).ok()?, it)));
    let fitting: Vec<_> = judged.collect();
    let best = fitting.iter().map(|(score, _)| *score).min()?;
    let equals: Vec<_> = fitting.into_iter().filter(|(score, _)| *score == best).collect();
    let at = random.checked_rem(u64::try_from(equals.len()).ok()?)?;
    equals.get(usize::try_from(at).ok()?).map(|(_, worker)| *worker)
}

/// One of the workers that fit, the likelier the more memory it has free. `random` decides, and is
/// uniform over its type.
pub fn choose_weighted<'a>(
    workers: impl IntoIterator<Item = &'a Worker>,
    demand: &Demand,
    random: u64,
) -> Option<&'a Worker> {
    let fitting: Vec<_> =
        workers.into_iter().filter(|worker| judge(worker, demand).is_ok()).collect();
    let weight = |worker: &Worker| u64::from(worker.free.memory_mib).max(1);
    let total: u64 = fitting.iter().map(|it| weight(it)).sum();
    let mut at = random.checked_rem(total)?;
    fitting.into_iter().find(|worker| {
        let here = at < weight(worker);
        at = at.saturating_sub(weight(worker));
        here
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::WorkerId,
        offering::{Provider, Purchase},
        plan::PlanId,
        worker::{Cordon, FIRST_PORT, Holder, Origin, PORTS, Reservation},
    };
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn worker(name: &str, memory_mib: u32, cpu_millis: u32) -> Worker {
        let free = Capacity { memory_mib, cpu_millis };
        Worker {
            id: WorkerId::new(name).unwrap(),
            state: State::Ready,
            cordon: None,
            origin: Origin {
                provider: Provider::Ec2,
                machine_type: "m".to_owned(),
                purchase: Purchase::OnDemand,
                architecture: Architecture::X86,
                region: "here".to_owned(),
            },
            total: free,
            free,
            machine_id: Some(name.to_owned()),
            node_id: Some(name.to_owned()),
            address: None,
            reservations: [].into(),
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The same worker with `number` small tenants on it.
    fn with_tenants(number: u16, mut worker: Worker) -> Worker {
        for index in 0..number {
            let holder = Holder::try_from(format!("prj_{index}")).unwrap();
            let demand = Capacity { memory_mib: 1, cpu_millis: 1 };
            let id = holder.project().unwrap().reservation(1);
            let (plan, since) = (PlanId::Standard, Timestamp::UNIX_EPOCH);
            let port = FIRST_PORT + index;
            worker.free = worker.free.minus(demand).unwrap();
            worker.reservations.insert(
                holder,
                Reservation { id, demand, port, plan, since, warm: false, blank: None },
            );
        }
        worker
    }

    fn demand() -> Demand {
        let capacity = Capacity { memory_mib: 512, cpu_millis: 250 };
        Demand { capacity, alone: false, architecture: Architecture::X86, regions: BTreeSet::new() }
    }

    #[test]
    fn each_refusal_has_its_name() {
        let fits = || worker("w", 4096, 2000);
        let arm = Origin { architecture: Architecture::Arm, ..fits().origin };
        let cases = [
            ("room", fits(), Ok(Score(3584 + 2 * 1750))),
            ("draining", Worker { state: State::Draining, ..fits() }, Err(Refusal::NotReady)),
            ("stopped", Worker { state: State::WarmStopped, ..fits() }, Err(Refusal::NotReady)),
            ("cordoned", Worker { cordon: Some(Cordon::Silent), ..fits() }, Err(Refusal::Cordoned)),
            ("arm", Worker { origin: arm, ..fits() }, Err(Refusal::OtherArchitecture)),
            ("full of memory", worker("w", 511, 2000), Err(Refusal::TooLittleMemory)),
            ("full of CPU", worker("w", 4096, 249), Err(Refusal::TooLittleCpu)),
            ("no port", with_tenants(PORTS, worker("w", 4096, 2000)), Err(Refusal::NoPort)),
        ];
        for (case, worker, expected) in cases {
            assert_eq!(judge(&worker, &demand()), expected, "{case}");
        }
        let within =
            |names: &[&str]| demand().within(&names.iter().map(ToString::to_string).collect());
        assert_eq!(judge(&fits(), &within(&["there"])), Err(Refusal::OtherRegion));
        assert!(judge(&fits(), &within(&["there", "here"])).is_ok());
    }

    #[test]
    fn who_wants_to_be_alone_takes_an_empty_worker_and_all_of_it() {
        let alone = Demand { alone: true, ..demand() };
        let empty = worker("w", 4096, 2000);
        assert!(judge(&empty, &alone).is_ok());
        assert_eq!(alone.on(&empty), empty.total);
        assert_eq!(judge(&with_tenants(1, empty), &alone), Err(Refusal::NotEmpty));
    }

    #[test]
    fn the_tightest_wins_and_equals_go_by_id() {
        let cases: &[(&str, Vec<Worker>, Option<&str>)] = &[
            ("nobody", vec![], None),
            ("too small", vec![worker("a", 511, 250)], None),
            ("exact fit", vec![worker("a", 512, 250)], Some("wrk_a")),
            (
                "tighter in memory",
                vec![worker("a", 4096, 500), worker("b", 600, 500)],
                Some("wrk_b"),
            ),
            ("tighter in CPU", vec![worker("a", 600, 900), worker("b", 600, 300)], Some("wrk_b")),
            ("equals", vec![worker("b", 600, 250), worker("a", 600, 250)], Some("wrk_a")),
        ];
        for (case, workers, expected) in cases {
            let chosen = choose_best(workers, &demand()).map(|it| it.id.as_str());
            assert_eq!(chosen, *expected, "{case}");
        }
    }

    #[test]
    fn of_equals_each_has_its_turn_and_a_tighter_one_wins_always() {
        let equals = [worker("a", 600, 250), worker("b", 600, 250), worker("c", 4096, 4000)];
        let chosen = |random| choose_any_best(&equals, &demand(), random).map(|it| it.id.body());
        assert_eq!([chosen(0), chosen(1), chosen(2)], [Some("a"), Some("b"), Some("a")]);
        assert_eq!(choose_any_best(&[], &demand(), 7), None);
    }

    proptest! {
        #[test]
        fn no_other_choice_leaves_less(free in prop::collection::vec((0_u32..8192, 0_u32..4000), 0..20)) {
            let fleet: Vec<Worker> = free.iter().enumerate()
                .map(|(n, (mib, cpu))| worker(&format!("{n:02}"), *mib, *cpu)).collect();
            let best = fleet.iter().filter_map(|it| judge(it, &demand()).ok()).min();
            let chosen = choose_best(&fleet, &demand()).and_then(|it| judge(it, &demand()).ok());
            prop_assert_eq!(chosen, best);
        }

        #[test]
        fn a_weighted_choice_fits_and_is_made_whenever_there_is_one(
            free in prop::collection::vec(0_u32..2048, 0..12),
            random: u64,
        ) {
            let fleet: Vec<Worker> = free.iter().enumerate()
                .map(|(n, mib)| worker(&format!("{n:02}"), *mib, 1000)).collect();
            let chosen = choose_weighted(&fleet, &demand(), random);
            prop_assert_eq!(chosen.is_some(), fleet.iter().any(|it| judge(it, &demand()).is_ok()));
            prop_assert!(chosen.is_none_or(|it| judge(it, &demand()).is_ok()));
        }
    }

    #[test]
    fn the_roomier_is_chosen_more_often() {
        let fleet = [worker("full", 600, 1000), worker("empty", 6000, 1000)];
        let step = u64::MAX / 1000;
        let empty = (0..1000)
            .filter(|it| {
                choose_weighted(&fleet, &demand(), it * step)
                    .is_some_and(|it| it.id.body() == "empty")
            })
            .count();
        assert!((800..1000).contains(&empty), "{empty} of 1000");
    }
}
