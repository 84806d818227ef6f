//! Plans by table, and what holds for all of them.

use super::*;
use crate::{
    config::{WarmPool, tests::example},
    target::{Counts, Target},
};
use domain::{
    fit::choose_best,
    id::ProjectId,
    offering::{Architecture, Offering, Offerings, Provider, Purchase},
    plan::PlanId::{Pro, Standard},
    worker::{Cordon, Holder, Reservation, State},
};
use proptest::prelude::*;
use std::time::Duration;
use testkit::make;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
/// What a Standard instance takes.
const MIB: u32 = 1_536;
/// Half a GiB stays with the system: room for four, or for one Pro and one.
const BOUGHT_MIB: u32 = 4 * MIB;

fn ago(minutes: u64) -> Timestamp {
    NOW - Duration::from_mins(minutes)
}

/// A worker with room for `instances` of Standard, idle for an hour.
fn worker(name: &str, instances: u32) -> Worker {
    let mut worker = make::worker(name, instances * MIB);
    worker.changed_at = ago(60);
    worker
}

fn in_state(state: State, worker: Worker) -> Worker {
    Worker { state, ..worker }
}

fn holding(mut worker: Worker, holder: Holder, warm: bool, age_min: u64) -> Worker {
    let (plan, since) = (Standard, ago(age_min));
    let (id, demand) = (make::project_id("x").reservation(1), plan.plan().limits);
    let port = worker.free_port(0).expect("has a port");
    worker.free = worker.free.minus(demand).expect("has room");
    let held = Reservation { id, demand, port, plan, since, warm, blank: None };
    worker.reservations.insert(holder, held);
    worker
}

fn with_project(worker: Worker) -> Worker {
    let name = format!("{}{}", worker.id.body(), worker.reservations.len());
    holding(worker, make::project_id(&name).into(), false, 60)
}

fn with_blank(worker: Worker, name: &str, warm: bool, age_min: u64) -> Worker {
    let blank = BlankId::new(name).expect("the name is plain");
    holding(worker, blank.into(), warm, age_min)
}

fn offering() -> Offering {
    make::offering("small", BOUGHT_MIB + 512)
}

fn config_of(offerings: Vec<Offering>) -> Config {
    let pool: WarmPool = example().to_string().parse().expect("makes sense");
    let offerings = Offerings(offerings);
    let architecture = Architecture::X86;
    Config { pool, offerings, architecture, region: "us-east-1".to_owned() }
}

fn config() -> Config {
    config_of(vec![offering()])
}

/// (blanks of Standard, headroom, stopped workers)
fn target(standard: u32, headroom: u32, stopped_workers: u32) -> Target {
    Target { blanks: Counts::from([(Standard, standard)]), headroom, stopped_workers }
}

fn planned_by(config: &Config, fleet: &[Worker], target: &Target, may_boot: bool) -> Vec<Action> {
    let regions = &["us-east-1".to_owned()].into();
    let sight = Sight { fleet, regions, target, may_boot, may_grow: true, now: NOW, config };
    plan(&sight).expect("the region is plain")
}

/// In words, without ids that depend on the minute.
fn planned(fleet: &[Worker], target: &Target) -> Vec<String> {
    planned_by(&config(), fleet, target, true).iter().map(in_words).collect()
}

fn in_words(action: &Action) -> String {
    match action {
        Action::BootBlank { plan, .. } => format!("boot {plan:?}"),
        Action::GetSpare { from: Source::Purchase, park: false, .. } => "buy".to_owned(),
        Action::GetSpare { from: Source::Purchase, park: true, .. } => "buy to park".to_owned(),
        Action::GetSpare { worker, .. } => format!("start {}", worker.body()),
        Action::Drain { worker, park: true, .. } => format!("park {}", worker.body()),
        Action::Drain { worker, park: false, .. } => format!("give back {}", worker.body()),
        Action::RetireBlank { worker, blank } => {
            format!("retire {} on {}", blank.body(), worker.body())
        }
    }
}

type Case = (&'static str, Vec<Worker>, Target, Vec<&'static str>);

fn check(cases: Vec<Case>) {
    for (case, fleet, target, expected) in cases {
        assert_eq!(planned(&fleet, &target), expected, "{case}");
    }
}

#[test]
fn blanks_boot_where_there_is_room_one_a_worker_at_a_time() {
    let a = || with_project(worker("a", 4));
    let booting = || with_blank(a(), "b", false, 1);
    let elsewhere = || with_project(worker("z", 9));
    let full = || with_project(worker("a", 1));
    check(vec![
        ("none wanted", vec![a()], target(0, 0, 0), vec![]),
        ("one wanted", vec![a()], target(1, 0, 0), vec!["boot Standard"]),
        ("one there", vec![with_blank(a(), "b", true, 3)], target(1, 0, 0), vec![]),
        ("one on its way", vec![booting()], target(1, 0, 0), vec![]),
        ("the worker boots one already", vec![booting()], target(2, 0, 0), vec![]),
        ("two wanted on one worker", vec![a()], target(2, 0, 0), vec!["boot Standard"]),
        // Placement packs tightly: it would go to the one that is busy booting.
        ("another could boot it", vec![booting(), elsewhere()], target(2, 0, 0), vec![]),
        (
            "the tight one fills up with the first",
            vec![with_project(worker("a", 2)), elsewhere()],
            target(2, 0, 0),
            vec!["boot Standard", "boot Standard"],
        ),
        ("no room: a worker comes, the boot waits", vec![full()], target(1, 0, 0), vec!["buy"]),
        (
            "cordoned",
            vec![Worker { cordon: Some(Cordon::Operator), ..a() }],
            target(1, 0, 0),
            vec!["buy"],
        ),
    ]);
}

#[test]
fn while_boots_back_off_nothing_boots_and_the_room_is_kept() {
    let fleet = [with_project(worker("a", 4)), worker("idle", 4)];
    let wanted = target(4, 0, 0);
    assert!(planned_by(&config(), &fleet, &wanted, false).is_empty());
    assert_eq!(planned(&fleet, &target(0, 0, 0)), ["give back idle"], "otherwise it would go");
}

#[test]
fn blanks_are_thrown_away_when_they_are_too_many_too_old_or_out_of_reach() {
    let a = || with_project(worker("a", 9));
    let two = |age| with_blank(with_blank(a(), "older", true, age + 1), "younger", true, age);
    let hours_13 = 13 * 60;
    check(vec![
        ("too many", vec![two(9)], target(1, 0, 0), vec!["retire older on a"]),
        ("too many, only just", vec![two(4)], target(1, 0, 0), vec![]),
        (
            "none wanted",
            vec![two(9)],
            target(0, 0, 0),
            vec!["retire older on a", "retire younger on a"],
        ),
        (
            "a plan that is not sold any more",
            vec![two(9)],
            Target { blanks: Counts::new(), ..target(0, 0, 0) },
            vec!["retire older on a", "retire younger on a"],
        ),
        (
            "one that boots is left to its saga",
            vec![with_blank(a(), "b", false, 60)],
            target(0, 0, 0),
            vec![],
        ),
        (
            "too old: another takes its place",
            vec![with_blank(a(), "b", true, hours_13)],
            target(1, 0, 0),
            vec!["boot Standard", "retire b on a"],
        ),
        (
            "too old, and no room for another before it is gone",
            vec![with_blank(with_project(worker("a", 2)), "b", true, hours_13)],
            target(1, 0, 0),
            vec!["retire b on a"],
        ),
        (
            "on a cordoned worker, wanted or not",
            vec![
                Worker { cordon: Some(Cordon::Operator), ..with_blank(a(), "b", true, 1) },
                worker("z", 2),
            ],
            target(1, 0, 0),
            vec!["boot Standard", "retire b on a"],
        ),
        (
            "on a worker that drains",
            vec![in_state(State::Draining, with_blank(a(), "b", true, 1))],
            target(0, 0, 0),
            vec!["retire b on a"],
        ),
        (
            "on a lost worker it is settled by others",
            vec![in_state(State::Error, with_blank(a(), "b", true, 1))],
            target(0, 0, 0),
            vec![],
        ),
    ]);
}

#[test]
fn room_is_kept_free_by_starting_what_is_stopped_before_buying() {
    let busy = |instances: u32| with_project(worker("busy", instances + 1));
    let asleep = |name: &str, instances| in_state(State::WarmStopped, worker(name, instances));
    let arm = {
        let mut worker = asleep("arm", 4);
        worker.origin.architecture = Architecture::Arm;
        worker
    };
    check(vec![
        ("enough", vec![busy(2)], target(0, 2, 0), vec![]),
        ("one short", vec![busy(1)], target(0, 2, 0), vec!["buy"]),
        ("nothing at all", vec![], target(0, 2, 0), vec!["buy"]),
        ("a lot short", vec![], target(0, 9, 0), vec!["buy", "buy", "buy"]),
        ("no more than four at once", vec![], target(0, 99, 0), vec!["buy"; 4]),
        ("one sleeps", vec![busy(1), asleep("s", 4)], target(0, 2, 0), vec!["start s"]),
        (
            "the tightest of the sleeping, and a new one to sleep",
            vec![asleep("big", 9), asleep("small", 4)],
            target(0, 2, 2),
            vec!["start small", "buy to park"],
        ),
        (
            "the sleeping are not enough",
            vec![asleep("s", 4)],
            target(0, 6, 0),
            vec!["start s", "buy"],
        ),
        (
            "a cordoned one sleeps on",
            vec![Worker { cordon: Some(Cordon::Operator), ..asleep("s", 4) }],
            target(0, 1, 0),
            vec!["buy"],
        ),
        (
            "one for another image goes",
            vec![arm],
            target(0, 0, 1),
            vec!["give back arm", "buy to park"],
        ),
        (
            "one that would be needless beside what is bought sleeps on",
            vec![asleep("small", 1)],
            target(0, 2, 1),
            vec!["buy"],
        ),
    ]);
}

#[test]
fn what_is_on_its_way_counts_for_a_while() {
    let on_its_way = |state, minutes| {
        let coming = in_state(state, worker("coming", 4));
        Worker { changed_at: ago(minutes), ..coming }
    };
    check(vec![
        ("bought already", vec![on_its_way(State::Provisioning, 2)], target(0, 2, 0), vec![]),
        ("started already", vec![on_its_way(State::Starting, 2)], target(0, 2, 0), vec![]),
        (
            "bought, and never came",
            vec![on_its_way(State::Provisioning, 15)],
            target(0, 2, 0),
            vec!["buy"],
        ),
        (
            "somebody's purchase has room for more",
            vec![with_project(on_its_way(State::Provisioning, 2))],
            target(0, 2, 0),
            vec![],
        ),
        (
            "what was bought to sleep is no room",
            vec![Worker {
                id: worker("park-here-1-0", 1).id,
                ..on_its_way(State::Provisioning, 2)
            }],
            target(0, 2, 1),
            vec!["buy"],
        ),
        (
            "blanks that wait for their boot need room too",
            vec![with_blank(with_project(worker("a", 3)), "b", false, 1)],
            target(3, 0, 0),
            vec!["buy"],
        ),
    ]);
}

#[test]
fn an_idle_worker_goes_unless_its_room_is_wanted() {
    let idle = |name: &str, minutes| Worker { changed_at: ago(minutes), ..worker(name, 4) };
    let spot = || {
        let mut worker = idle("spot", 60);
        worker.origin.purchase = Purchase::Spot;
        worker
    };
    let hetzner = || {
        let mut worker = idle("hetzner", 60);
        worker.origin.provider = Provider::Hetzner;
        worker
    };
    let asleep = || in_state(State::WarmStopped, worker("asleep", 4));
    let to_park = |state, minutes| Worker { state, ..idle("park-here-1-0", minutes) };
    check(vec![
        ("wanted", vec![idle("a", 60)], target(0, 1, 0), vec![]),
        ("not wanted", vec![idle("a", 60)], target(0, 0, 0), vec!["give back a"]),
        ("kept, asleep", vec![idle("a", 60)], target(0, 0, 1), vec!["park a"]),
        ("one sleeps already", vec![idle("a", 60), asleep()], target(0, 0, 1), vec!["give back a"]),
        ("its blank may boot here", vec![idle("a", 60)], target(1, 0, 0), vec!["boot Standard"]),
        (
            "the one that is idle for longer",
            vec![idle("a", 1), idle("b", 60)],
            target(0, 1, 0),
            vec!["give back b"],
        ),
        (
            "as many as are not wanted, and one of them sleeps",
            vec![idle("a", 1), idle("b", 60), idle("c", 30)],
            target(0, 4, 1),
            vec!["park b", "give back c"],
        ),
        ("somebody is there", vec![with_project(worker("a", 4))], target(0, 0, 0), vec![]),
        (
            "a blank is there",
            vec![with_blank(worker("a", 4), "b", true, 1)],
            target(1, 0, 0),
            vec![],
        ),
        ("Spot cannot sleep", vec![spot()], target(0, 0, 1), vec!["give back spot", "buy to park"]),
        (
            "Hetzner costs the same asleep",
            vec![hetzner()],
            target(0, 0, 1),
            vec!["give back hetzner", "buy to park"],
        ),
        (
            "too many sleep",
            vec![asleep(), in_state(State::WarmStopped, idle("b", 5))],
            target(0, 0, 1),
            vec!["give back asleep"],
        ),
        (
            "one is being stopped",
            vec![in_state(State::Draining, idle("a", 0))],
            target(0, 0, 1),
            vec![],
        ),
        (
            "one was to be stopped, and got stuck",
            vec![in_state(State::Draining, idle("a", 15))],
            target(0, 0, 1),
            vec!["buy to park"],
        ),
        ("one is bought to sleep", vec![to_park(State::Provisioning, 1)], target(0, 0, 1), vec![]),
        ("and is about to", vec![to_park(State::Ready, 0)], target(0, 0, 1), vec![]),
        ("and was woken since", vec![to_park(State::Ready, 5)], target(0, 1, 0), vec![]),
    ]);
}

#[test]
fn what_the_platform_cordoned_goes_once_it_is_empty_and_what_an_operator_did_stays() {
    for by in Cordon::ALL {
        let cordoned = |worker| Worker { cordon: Some(by), ..worker };
        let gone = |name: &str| match by {
            Cordon::Operator => vec![],
            _ => vec![format!("give back {name}")],
        };
        let idle = cordoned(worker("a", 4));
        let asleep = cordoned(in_state(State::WarmStopped, worker("s", 4)));
        let used = cordoned(with_project(worker("a", 4)));
        let fleet = |it: &Worker| [it.clone(), with_project(worker("z", 2))];
        assert_eq!(planned(&fleet(&idle), &target(0, 1, 0)), gone("a"), "{by:?}, empty");
        assert_eq!(planned(&fleet(&asleep), &target(0, 1, 0)), gone("s"), "{by:?}, asleep");
        assert!(planned(&fleet(&used), &target(0, 1, 0)).is_empty(), "{by:?}, in use");
        let and_bought = [vec!["buy".to_owned()], gone("a")].concat();
        assert_eq!(planned(&[idle], &target(0, 1, 0)), and_bought, "{by:?}, and room is wanted");
    }
}

#[test]
fn while_growth_backs_off_nothing_is_bought_or_started_and_everything_else_goes_on() {
    let fleet = [
        with_project(worker("busy", 1)),
        in_state(State::WarmStopped, worker("asleep", 4)),
        Worker { cordon: Some(Cordon::Unreachable), ..worker("leaves", 4) },
        with_blank(with_project(worker("old", 2)), "b", true, 13 * 60),
    ];
    let (config, target) = (config(), target(0, 9, 3));
    let regions = ["us-east-1".to_owned()].into();
    let planned = |may_grow| {
        let sight = Sight {
            fleet: &fleet,
            regions: &regions,
            target: &target,
            may_boot: true,
            may_grow,
            now: NOW,
            config: &config,
        };
        plan(&sight).expect("the region is plain").iter().map(in_words).collect::<Vec<_>>()
    };
    let grows = |it: &String| it.starts_with("buy") || it.starts_with("start");
    let (mut all, while_paused) = (planned(true), planned(false));
    assert!(
        all.iter().any(|it| it == "buy") && all.iter().any(|it| it == "start asleep"),
        "{all:?}"
    );
    all.retain(|it| !grows(it));
    assert_eq!(while_paused, all);
    assert_eq!(while_paused, ["give back leaves", "retire b on old"]);
}

#[test]
fn what_could_not_be_stopped_is_not_bought_for_it() {
    for (case, provider, purchase) in [
        ("spot", Provider::Ec2, Purchase::Spot),
        ("hetzner", Provider::Hetzner, Purchase::OnDemand),
    ] {
        let config = config_of(vec![Offering { provider, purchase, ..offering() }]);
        let actions = planned_by(&config, &[], &target(0, 1, 1), true);
        assert_eq!(actions.iter().map(in_words).collect::<Vec<_>>(), ["buy"], "{case}");
    }
    let none = planned_by(&config_of(vec![]), &[], &target(1, 1, 1), true);
    assert!(none.is_empty(), "there is nothing to buy: {none:?}");
}

#[test]
fn what_is_bought_ahead_is_what_provisioning_would_buy_in_this_fleet() {
    let late = Offering {
        purchase: Purchase::Spot,
        on_demand_base: 1,
        usd_per_hour: 0.01,
        ..make::offering("spot", MIB + 512)
    };
    let config = config_of(vec![offering(), late]);
    let on_demand = || with_project(worker("a", 1));
    let planned = |fleet: &[Worker], target| {
        planned_by(&config, fleet, &target, true).iter().map(in_words).collect::<Vec<_>>()
    };
    // What is on demand holds four, what is on Spot holds one.
    assert_eq!(planned(&[], target(0, 4, 0)), ["buy"]);
    assert_eq!(planned(&[], target(0, 6, 0)), ["buy"; 3]);
    assert_eq!(planned(&[on_demand()], target(0, 4, 0)), ["buy"; 4]);
    // Though Spot is cheaper by now: what is bought to be stopped is of another kind.
    assert_eq!(planned(&[on_demand()], target(0, 0, 1)), ["buy to park"]);
}

#[test]
fn room_and_blanks_where_placement_does_not_look_are_none() {
    let elsewhere = |mut worker: Worker| {
        worker.origin.region = "fsn1".to_owned();
        worker
    };
    check(vec![
        ("room", vec![elsewhere(with_project(worker("a", 9)))], target(0, 2, 0), vec!["buy"]),
        (
            "a blank",
            vec![elsewhere(with_blank(with_project(worker("a", 9)), "b", true, 1))],
            target(1, 0, 0),
            vec!["buy", "retire b on a"],
        ),
    ]);
}

/// The fleet as it is once the executions of `actions` have begun.
fn begun(fleet: &[Worker], actions: &[Action]) -> Vec<Worker> {
    let mut fleet = fleet.to_vec();
    for action in actions {
        match action {
            Action::BootBlank { blank, plan } => place(&mut fleet, blank, *plan),
            Action::RetireBlank { worker, blank } => {
                let worker = at(&mut fleet, worker);
                let held = worker.reservations.remove(&Holder::from(blank.clone()));
                worker.free = worker.free.plus(held.expect("is there").demand);
                worker.changed_at = NOW;
            }
            Action::GetSpare { worker: id, from: Source::Purchase, .. } => {
                let (total, free) = (offering().capacity(), offering().capacity());
                let bought = Worker { id: id.clone(), total, free, ..make::worker("x", 1) };
                let bought = Worker { changed_at: NOW, ..in_state(State::Provisioning, bought) };
                fleet.push(bought);
            }
            Action::GetSpare { worker, .. } => {
                let worker = at(&mut fleet, worker);
                assert_eq!(worker.state, State::WarmStopped);
                (worker.state, worker.changed_at) = (State::Starting, NOW);
            }
            Action::Drain { worker, idle_since, .. } => {
                let worker = at(&mut fleet, worker);
                assert_eq!(worker.changed_at, *idle_since);
                assert!(worker.reservations.is_empty(), "{} is in use", worker.id);
                worker.changed_at = NOW;
                worker.state = match worker.state {
                    State::Ready => State::Draining,
                    State::WarmStopped => State::Terminated,
                    other => panic!("{other:?} cannot be drained"),
                };
            }
        }
    }
    fleet.retain(|it| it.state != State::Terminated);
    fleet
}

fn at<'a>(fleet: &'a mut [Worker], id: &WorkerId) -> &'a mut Worker {
    fleet.iter_mut().find(|it| it.id == *id).expect("is there")
}

/// As placement does.
fn place(fleet: &mut [Worker], blank: &BlankId, plan: PlanId) {
    let demand = domain::fit::Demand::of(plan.plan(), Architecture::X86);
    let id =
        choose_best(&*fleet, &demand).expect("a blank boots only where there is room").id.clone();
    let worker = at(fleet, &id);
    let port = worker.free_port(0).expect("was judged");
    worker.free = worker.free.minus(demand.capacity).expect("was judged");
    let (id, demand, since) = (blank.reservation(), demand.capacity, NOW);
    let held = Reservation { id, demand, port, plan, since, warm: false, blank: None };
    let before = worker.reservations.insert(Holder::from(blank.clone()), held);
    assert!(before.is_none(), "{blank} boots twice");
}

/// The same fleet once those executions have ended.
fn ended(mut fleet: Vec<Worker>, actions: &[Action]) -> Vec<Worker> {
    for action in actions {
        match action {
            Action::BootBlank { blank, .. } => {
                let held = fleet
                    .iter_mut()
                    .find_map(|it| it.reservations.get_mut(&Holder::from(blank.clone())));
                held.expect("is there").warm = true;
            }
            Action::GetSpare { worker, park, .. } => {
                let state = if *park { State::WarmStopped } else { State::Ready };
                at(&mut fleet, worker).state = state;
            }
            Action::Drain { worker, park: true, .. } => {
                at(&mut fleet, worker).state = State::WarmStopped;
            }
            Action::Drain { worker, park: false, .. } => fleet.retain(|it| it.id != *worker),
            Action::RetireBlank { .. } => (),
        }
    }
    fleet
}

fn assert_balanced(fleet: &[Worker]) {
    for worker in fleet {
        assert_eq!(worker.free.plus(worker.reserved()), worker.total, "{}", worker.id);
    }
}

fn any_worker(index: usize) -> impl Strategy<Value = Worker> {
    use State as S;
    let states = vec![
        S::Ready,
        S::Ready,
        S::Ready,
        S::Ready,
        S::WarmStopped,
        S::Provisioning,
        S::Starting,
        S::Draining,
        S::Error,
    ];
    let load = prop::collection::vec((0..3_u8, 0_u64..900), 0..4);
    let kind = (prop::sample::select(states), any::<bool>(), any_cordon());
    (kind, load, 1_u32..9, 0_u64..30).prop_map(move |((state, spot, cordon), load, size, age)| {
        let mut worker = worker(&format!("w{index}"), size);
        let empty = matches!(state, State::WarmStopped | State::Draining);
        for (number, (kind, age_min)) in load.into_iter().enumerate() {
            if empty || worker.free.memory_mib < MIB {
                break;
            }
            let name = format!("{index}-{number}");
            worker = if kind == 0 {
                let project = ProjectId::new(&name).expect("plain");
                holding(worker, project.into(), false, age_min)
            } else {
                with_blank(worker, &name, kind == 1, age_min)
            };
        }
        worker.origin.purchase = if spot { Purchase::Spot } else { Purchase::OnDemand };
        Worker { state, cordon, changed_at: ago(age), ..worker }
    })
}

fn any_cordon() -> impl Strategy<Value = Option<Cordon>> {
    prop_oneof![6 => Just(None), 1 => prop::sample::select(&Cordon::ALL).prop_map(Some)]
}

fn any_fleet() -> impl Strategy<Value = Vec<Worker>> {
    (0_usize..7).prop_flat_map(|size| (0..size).map(any_worker).collect::<Vec<_>>())
}

fn any_target() -> impl Strategy<Value = Target> {
    (0_u32..4, 0_u32..3, 0_u32..6, 0_u32..3).prop_map(
        |(standard, pro, headroom, stopped_workers)| Target {
            blanks: Counts::from([(Standard, standard), (Pro, pro)]),
            headroom,
            stopped_workers,
        },
    )
}

proptest! {
    #[test]
    fn a_plan_takes_no_more_than_there_is_and_nothing_from_anybody(
        fleet in any_fleet(), target in any_target(), may_boot: bool,
    ) {
        let actions = planned_by(&config(), &fleet, &target, may_boot);
        for action in &actions {
            match action {
                Action::Drain { worker, .. } => {
                    let worker = fleet.iter().find(|it| it.id == *worker).unwrap();
                    prop_assert!(worker.reservations.is_empty());
                    prop_assert!(worker.cordon != Some(Cordon::Operator));
                }
                Action::RetireBlank { worker, blank } => {
                    let worker = fleet.iter().find(|it| it.id == *worker).unwrap();
                    prop_assert!(worker.reservations[&Holder::from(blank.clone())].warm);
                }
                Action::BootBlank { .. } => prop_assert!(may_boot),
                Action::GetSpare { .. } => (),
            }
        }
        // `begun` panics where something does not fit.
        let after = begun(&fleet, &actions);
        assert_balanced(&after);
        let boots = |it: &Worker| blanks::boots_on(it);
        for worker in &after {
            let before = fleet.iter().find(|it| it.id == worker.id).map_or(0, boots);
            prop_assert!(boots(worker) <= before.max(1), "{}", worker.id);
        }
        let (buys, drains) = (
            actions.iter().any(|it| matches!(it, Action::GetSpare { park: false, .. })),
            actions.iter().any(|it| matches!(it, Action::Drain { worker, .. }
                if fleet.iter().any(|w| w.id == *worker && w.admits()))),
        );
        prop_assert!(!(buys && drains), "{actions:?}");
    }

    #[test]
    fn while_a_plan_is_carried_out_the_next_look_asks_for_nothing_else(
        fleet in any_fleet(), target in any_target(), may_boot: bool,
    ) {
        let config = config();
        let actions = planned_by(&config, &fleet, &target, may_boot);
        prop_assert_eq!(&planned_by(&config, &fleet, &target, may_boot), &actions);
        let next = planned_by(&config, &begun(&fleet, &actions), &target, may_boot);
        let frees_room = actions.iter().any(|it| matches!(it, Action::RetireBlank { .. }));
        let spares = actions.iter().filter(|it| matches!(it, Action::GetSpare { park: false, .. }));
        let is_cut = spares.count() == spares::MAX_SPARES;
        // A place that was just made free may take a blank that had none, or leave its worker idle.
        let follows = |it: &Action| match it {
            Action::BootBlank { .. } | Action::Drain { .. } => frees_room,
            Action::GetSpare { .. } => is_cut,
            Action::RetireBlank { .. } => false,
        };
        let new = next.iter().filter(|it| !follows(it));
        prop_assert_eq!(new.collect::<Vec<_>>(), Vec::<&Action>::new(), "after {:?}", actions);
    }

    #[test]
    fn looks_come_to_rest_and_no_worker_comes_and_goes(
        fleet in any_fleet(), target in any_target(),
    ) {
        let config = config();
        let (mut fleet, mut came, mut rounds) = (fleet, vec![], 0);
        loop {
            let actions = planned_by(&config, &fleet, &target, true);
            if actions.is_empty() {
                break;
            }
            for action in &actions {
                match action {
                    Action::GetSpare { worker, .. } => came.push(worker.clone()),
                    Action::Drain { worker, .. } => {
                        prop_assert!(!came.contains(worker), "{} came and goes", worker);
                    }
                    Action::BootBlank { .. } | Action::RetireBlank { .. } => (),
                }
            }
            fleet = ended(begun(&fleet, &actions), &actions);
            rounds += 1;
            prop_assert!(rounds < 30, "{actions:?}");
        }
    }
}
