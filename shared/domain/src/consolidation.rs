//! Which worker to empty next, so that it can be given back.
//!
//! Tenants leave, and leave holes. Best fit fills them as long as new tenants come, but a worker that
//! holds two of ten may be paid for until its last tenant leaves. Moving the two is cheaper, as long as
//! it is seldom: a move is a restart for its owner. So the worker with the fewest to move goes first,
//! and each plan saves exactly one worker.

use crate::{
    capacity::Capacity,
    fit::{Demand, choose_best},
    id::{ReservationId, WorkerId},
    offering::{Architecture, Provider},
    plan::PlanId,
    worker::{Holder, Origin, Reservation, Worker},
};
use std::{borrow::Cow, collections::BTreeSet};

/// A worker to empty, and where everything on it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consolidation {
    /// Whom to empty and give back.
    pub worker: WorkerId,
    /// All that it holds. In this order, each fits where it is sent.
    pub moves: Vec<Move>,
}

/// What goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub holder: Holder,
    /// What it holds now. If that is no longer there, the plan is out of date.
    pub leaves: ReservationId,
    pub to: WorkerId,
}

impl Consolidation {
    /// How many tenants notice. A blank belongs to nobody yet: it may as well be thrown away and made
    /// anew where it would have gone.
    pub fn disturbed(&self) -> usize {
        self.moves.iter().filter(|it| it.holder.project().is_some()).count()
    }
}

/// Of those that `may_be_emptied`, the worker that costs the fewest moves to empty, then the least memory to move, then the one with
/// the lower id; `None` if none can be emptied into the others.
///
/// Only a ready worker that is not cordoned is emptied, and only into such: who cordoned it has plans of
/// their own. Nothing goes to an empty worker, which would be given back without any move.
/// Somebody who is alone stays alone, where they are; everything else stays in its region,
/// with its provider.
///
/// Reads only `workers`, and they may change before a move is made. Where each goes shows that there is
/// room for all; who carries the plan out leaves the choice to the placement of that moment.
pub fn plan_consolidation<'a>(
    workers: impl IntoIterator<Item = &'a Worker>,
    may_be_emptied: impl Fn(&Worker) -> bool,
) -> Option<Consolidation> {
    let in_use: Vec<&Worker> =
        workers.into_iter().filter(|it| it.admits() && !it.reservations.is_empty()).collect();
    let may_go = |it: &&Worker| may_be_emptied(it) && it.reservations.values().all(may_move);
    let mut sparse: Vec<&Worker> = in_use.iter().copied().filter(may_go).collect();
    sparse.sort_by_cached_key(|it| (cost(it), it.id.clone()));
    let least = sparse.iter().flat_map(|it| it.reservations.values()).map(memory_mib).min()?;
    let is_roomy = |it: &Worker| it.free.memory_mib >= least;
    let roomy: Vec<&Worker> = in_use.into_iter().filter(|it| is_roomy(it)).collect();
    // In a large fleet most workers need no trying: all the room elsewhere is less than they hold, or
    // another with the same load found none.
    let room_mib: u64 = roomy.iter().map(|it| u64::from(it.free.memory_mib)).sum();
    let may_fit = |it: &Worker| {
        let own_mib = if is_roomy(it) { it.free.memory_mib } else { 0 };
        u64::from(it.reserved().memory_mib) <= room_mib - u64::from(own_mib)
    };
    let mut hopeless = BTreeSet::new();
    sparse.into_iter().filter(|it| may_fit(it)).find_map(|worker| {
        let kind = kind(worker);
        if hopeless.contains(&kind) {
            return None;
        }
        let moves = plan_moves(worker, &roomy);
        if moves.is_none() {
            hopeless.insert(kind);
        }
        Some(Consolidation { worker: worker.id.clone(), moves: moves? })
    })
}

fn may_move(held: &Reservation) -> bool {
    match held.plan {
        PlanId::Standard | PlanId::Pro => true,
        PlanId::Dedicated => false,
    }
}

fn memory_mib(held: &Reservation) -> u32 {
    held.demand.memory_mib
}

/// Tenants to move, then MiB to move.
fn cost(worker: &Worker) -> (usize, u32) {
    let tenants = worker.reservations.keys().filter(|it| it.project().is_some()).count();
    (tenants, worker.reserved().memory_mib)
}

/// What decides whether the load of a worker fits elsewhere.
fn kind(worker: &Worker) -> (Provider, &str, bool, [u32; 2], Vec<[u32; 2]>) {
    let numbers = |it: Capacity| [it.memory_mib, it.cpu_millis];
    let mut load: Vec<_> = worker.reservations.values().map(|it| numbers(it.demand)).collect();
    load.sort_unstable();
    let is_arm = worker.origin.architecture == Architecture::Arm;
    let Origin { provider, region, .. } = &worker.origin;
    (*provider, region, is_arm, numbers(worker.free), load)
}

/// Where each goes if `worker` is emptied into the others of `roomy`: the largest first, since it has
/// the fewest places to go, and each where it fits best.
fn plan_moves(worker: &Worker, roomy: &[&Worker]) -> Option<Vec<Move>> {
    let is_other =
        |it: &&&Worker| it.id != worker.id && it.origin.provider == worker.origin.provider;
    let others = roomy.iter().filter(is_other);
    let mut rooms: Vec<Cow<'_, Worker>> = others.map(|it| Cow::Borrowed(*it)).collect();
    let mut load: Vec<(&Holder, &Reservation)> = worker.reservations.iter().collect();
    load.sort_by_key(|(_, held)| std::cmp::Reverse(memory_mib(held)));
    load.into_iter()
        .map(|(holder, held)| {
            let demand = Demand {
                capacity: held.demand,
                alone: false,
                architecture: worker.origin.architecture,
                regions: [worker.origin.region.clone()].into(),
            };
            let to = choose_best(rooms.iter().map(AsRef::as_ref), &demand)?.id.clone();
            let room = rooms.iter_mut().find(|it| it.id == to)?;
            take_in(room.to_mut(), holder, held)?;
            Some(Move { holder: holder.clone(), leaves: held.id.clone(), to })
        })
        .collect()
}

fn take_in(room: &mut Worker, holder: &Holder, held: &Reservation) -> Option<()> {
    let port = room.free_port(0)?;
    room.free = room.free.minus(held.demand)?;
    room.reservations.insert(holder.clone(), Reservation { port, ..held.clone() });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{plan_consolidation as plan_among, *};
    use crate::{
        id::{BlankId, ProjectId},
        offering::Purchase,
        plan::PlanId::{Dedicated, Pro, Standard},
        worker::{Cordon, FIRST_PORT, State},
    };
    use jiff::Timestamp;
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeMap;

    /// Whoever is as usual may be emptied.
    fn plan_consolidation<'a>(
        workers: impl IntoIterator<Item = &'a Worker>,
    ) -> Option<Consolidation> {
        plan_among(workers, |_| true)
    }

    /// Room for ten Standard projects.
    const TOTAL: Capacity = Capacity { memory_mib: 15872, cpu_millis: 10_000 };

    fn worker(name: &str, load: &[PlanId]) -> Worker {
        let mut worker = Worker {
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
            total: TOTAL,
            free: TOTAL,
            machine_id: Some(name.to_owned()),
            node_id: Some(name.to_owned()),
            address: None,
            reservations: BTreeMap::new(),
            changed_at: Timestamp::UNIX_EPOCH,
        };
        for (index, plan) in load.iter().enumerate() {
            let project = ProjectId::new(&format!("{name}{index}")).unwrap();
            let id = project.reservation(1);
            hold(&mut worker, project.into(), id, *plan);
        }
        worker
    }

    fn hold(worker: &mut Worker, holder: Holder, id: ReservationId, plan: PlanId) {
        let demand = Demand::of(plan.plan(), Architecture::X86).on(worker);
        let port = worker.free_port(0).unwrap_or(FIRST_PORT);
        let since = Timestamp::UNIX_EPOCH;
        worker.free = worker.free.minus(demand).unwrap();
        worker.reservations.insert(
            holder,
            Reservation { id, demand, port, plan, since, warm: false, blank: None },
        );
    }

    fn with_blank(mut worker: Worker) -> Worker {
        let blank = BlankId::new("b").unwrap();
        let id = blank.reservation();
        hold(&mut worker, Holder::Blank(blank), id, Standard);
        worker
    }

    /// On a machine of 4 GiB.
    fn small(worker: Worker) -> Worker {
        let total = Capacity { memory_mib: 3584, cpu_millis: 2000 };
        Worker { total, free: total.minus(worker.reserved()).unwrap(), ..worker }
    }

    fn cordoned(worker: Worker) -> Worker {
        Worker { cordon: Some(Cordon::Operator), ..worker }
    }

    fn draining(worker: Worker) -> Worker {
        Worker { state: State::Draining, ..worker }
    }

    fn elsewhere(worker: Worker) -> Worker {
        let origin = Origin { region: "there".to_owned(), ..worker.origin };
        Worker { origin, ..worker }
    }

    fn of_another_provider(worker: Worker) -> Worker {
        let origin = Origin { provider: Provider::Hetzner, ..worker.origin };
        Worker { origin, ..worker }
    }

    fn arm(worker: Worker) -> Worker {
        let origin = Origin { architecture: Architecture::Arm, ..worker.origin };
        Worker { origin, ..worker }
    }

    /// `wrk_a > b b`: who is emptied, and where each goes.
    fn text(plan: &Consolidation) -> String {
        let to: Vec<&str> = plan.moves.iter().map(|it| it.to.body()).collect();
        format!("{} > {}", plan.worker.body(), to.join(" "))
    }

    #[test]
    fn the_cheapest_to_empty_is_emptied_if_everything_fits_elsewhere() {
        let two = || worker("a", &[Standard, Standard]);
        let eight = |name: &str| worker(name, &[Standard; 8]);
        let cases: Vec<(&str, Vec<Worker>, Option<&str>)> = vec![
            ("nobody", vec![], None),
            ("one alone", vec![two()], None),
            ("the fewer move", vec![eight("b"), two()], Some("a > b b")),
            ("does not fit", vec![worker("b", &[Standard; 9]), two()], None),
            ("over two", vec![two(), worker("b", &[Standard; 9]), eight("c")], Some("a > b c")),
            (
                "less memory, for as many moves",
                vec![worker("a", &[Pro]), worker("b", &[Standard]), worker("c", &[Standard; 8])],
                Some("b > c"),
            ),
            (
                "the large one finds its place first",
                vec![worker("a", &[Standard, Pro]), eight("b"), worker("c", &[Pro, Pro, Pro])],
                Some("a > b c"),
            ),
            (
                "the next, if the cheapest does not fit",
                vec![
                    worker("a", &[Pro]),
                    small(worker("b", &[Standard, Standard])),
                    worker("c", &[Standard; 9]),
                    worker("d", &[Standard; 9]),
                ],
                Some("b > c d"),
            ),
            ("not to an empty one", vec![two(), worker("b", &[])], None),
            ("equals go by id", vec![worker("b", &[Pro]), worker("a", &[Pro])], Some("a > b")),
        ];
        for (case, workers, expected) in cases {
            let plan = plan_consolidation(&workers);
            assert_eq!(plan.as_ref().map(text).as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn what_an_operator_or_a_tenant_set_apart_is_left_alone() {
        let one = || worker("a", &[Standard]);
        let two = || worker("b", &[Standard, Standard]);
        let cases: Vec<(&str, Vec<Worker>, Option<&str>)> = vec![
            ("both as usual", vec![one(), two()], Some("a > b")),
            ("to a cordoned one", vec![one(), cordoned(two())], None),
            ("from a cordoned one", vec![cordoned(one()), two()], None),
            ("to a draining one", vec![one(), draining(two())], None),
            ("from a draining one", vec![draining(one()), two()], None),
            ("to another region", vec![one(), elsewhere(two())], None),
            ("to another cloud", vec![one(), of_another_provider(two())], None),
            ("to another architecture", vec![arm(one()), two()], None),
            ("to somebody who is alone", vec![one(), worker("b", &[Dedicated])], None),
            ("somebody who is alone", vec![worker("a", &[Dedicated]), two()], None),
        ];
        for (case, workers, expected) in cases {
            let plan = plan_consolidation(&workers);
            assert_eq!(plan.as_ref().map(text).as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn who_may_not_be_emptied_takes_others_in_and_stays() {
        let fleet = [worker("a", &[Standard]), worker("b", &[Standard, Standard])];
        let plan = plan_among(&fleet, |it| it.id.body() != "a").unwrap();
        assert_eq!(text(&plan), "b > a a");
        assert_eq!(plan_among(&fleet, |_| false), None);
    }

    #[test]
    fn a_blank_takes_room_but_disturbs_nobody() {
        let blank = with_blank(worker("a", &[]));
        let plan = plan_consolidation(&[worker("b", &[Standard]), blank.clone()]).unwrap();
        assert_eq!((text(&plan).as_str(), plan.disturbed()), ("a > b", 0));
        assert_eq!(plan_consolidation(&[worker("b", &[Standard; 10]), blank]), None);
    }

    /// The fleet once the plan has been carried out.
    fn carry_out(plan: &Consolidation, mut fleet: Vec<Worker>) -> Vec<Worker> {
        let at = |fleet: &[Worker], id: &WorkerId| fleet.iter().position(|it| it.id == *id);
        let from = at(&fleet, &plan.worker).unwrap();
        for it in &plan.moves {
            let held = fleet[from].reservations.remove(&it.holder).unwrap();
            assert_eq!(held.id, it.leaves);
            fleet[from].free = fleet[from].free.plus(held.demand);
            let to = at(&fleet, &it.to).unwrap();
            take_in(&mut fleet[to], &it.holder, &held).expect("it fits");
        }
        fleet
    }

    fn fleets() -> impl Strategy<Value = Vec<Worker>> {
        let load = prop_oneof![
            6 => vec(prop_oneof![4 => Just(Standard), 1 => Just(Pro)], 0..5),
            1 => Just(vec![Dedicated]),
        ];
        let mark = prop_oneof![6 => Just(0_u8), 1 => 1..5_u8];
        vec((load, mark), 0..12).prop_map(|fleet| {
            let of = |(index, (load, mark)): (usize, (Vec<PlanId>, u8))| {
                let worker = worker(&format!("w{index:02}x"), &load);
                match mark {
                    0 => worker,
                    1 => cordoned(worker),
                    2 => draining(worker),
                    3 => elsewhere(worker),
                    _ => of_another_provider(worker),
                }
            };
            fleet.into_iter().enumerate().map(of).collect()
        })
    }

    fn total_load(fleet: &[Worker]) -> BTreeMap<Holder, (PlanId, u32)> {
        let held = fleet.iter().flat_map(|it| &it.reservations);
        held.map(|(holder, it)| (holder.clone(), (it.plan, it.demand.memory_mib))).collect()
    }

    proptest! {
        #[test]
        fn a_plan_that_is_carried_out_empties_one_worker_and_overfills_none(fleet in fleets()) {
            let Some(plan) = plan_consolidation(&fleet) else { return Ok(()) };
            let after = carry_out(&plan, fleet.clone());
            prop_assert_eq!(total_load(&fleet), total_load(&after));
            let place = |id: &WorkerId| {
                let worker = fleet.iter().find(|it| it.id == *id).unwrap();
                (worker.origin.provider, &worker.origin.region)
            };
            prop_assert!(plan.moves.iter().all(|it| place(&it.to) == place(&plan.worker)));
            for (before, after) in fleet.iter().zip(&after) {
                let sum = after.free.plus(after.reserved());
                prop_assert_eq!(sum, after.total, "books of {}", after.id);
                let ports: BTreeSet<u16> = after.reservations.values().map(|it| it.port).collect();
                prop_assert_eq!(ports.len(), after.reservations.len(), "ports of {}", after.id);
                let emptied = after.id == plan.worker;
                prop_assert_eq!(after.reservations.is_empty(), emptied || before.reservations.is_empty());
                let is_apart = !before.admits() || before.reservations.values().any(|it| !may_move(it));
                prop_assert!(!is_apart || before == after, "{} was to be left alone", after.id);
            }
        }

        #[test]
        fn nothing_cheaper_could_have_been_emptied(fleet in fleets()) {
            let paid = plan_consolidation(&fleet).map_or(usize::MAX, |it| it.disturbed());
            let in_use = |it: &&Worker| it.admits() && !it.reservations.is_empty();
            let roomy: Vec<&Worker> = fleet.iter().filter(in_use).collect();
            for worker in &roomy {
                let stays = worker.reservations.values().any(|it| !may_move(it));
                if !stays && cost(worker).0 < paid {
                    prop_assert_eq!(plan_moves(worker, &roomy), None, "{} is cheaper", worker.id);
                }
            }
        }

        #[test]
        fn consolidating_comes_to_an_end(fleet in fleets()) {
            let mut fleet = fleet;
            for _ in 0..=fleet.len() {
                let Some(plan) = plan_consolidation(&fleet) else { return Ok(()) };
                fleet = carry_out(&plan, fleet);
            }
            prop_assert!(false, "more plans than workers");
        }
    }
}
