//! Who is emptied, by table.

use super::*;
use crate::{
    config::{Config, WarmPool, tests::example},
    target::{Counts, Target},
};
use domain::{
    id::BlankId,
    offering::{Architecture, Offerings},
    plan::PlanId::Standard,
    worker::{Holder, Reservation},
};
use jiff::Timestamp;
use serde_json::json;
use testkit::make;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
/// What a Standard instance takes.
const MIB: u32 = 1_536;

fn ago(minutes: u64) -> Timestamp {
    NOW - Duration::from_mins(minutes)
}

/// A worker with room for ten of Standard, on which `tenants` have lived for two hours.
fn worker(name: &str, tenants: u32) -> Worker {
    let mut worker = Worker { changed_at: ago(120), ..make::worker(name, 10 * MIB) };
    worker.total.cpu_millis = 40_000;
    worker.free.cpu_millis = 40_000;
    (0..tenants).fold(worker, |it, number| {
        let project = make::project_id(&format!("{name}{number}"));
        holding(it, project.into())
    })
}

fn holding(mut worker: Worker, holder: Holder) -> Worker {
    let demand = Standard.plan().limits;
    let (id, port) = (make::project_id("x").reservation(1), worker.free_port(0).expect("has one"));
    worker.free = worker.free.minus(demand).expect("has room");
    let (plan, since) = (Standard, ago(120));
    let held = Reservation { id, demand, port, plan, since, warm: true, blank: None };
    worker.reservations.insert(holder, held);
    worker
}

fn with_blank(worker: Worker) -> Worker {
    let blank = BlankId::new(&format!("of{}", worker.id.body())).expect("plain");
    holding(worker, blank.into())
}

fn cordoned(by: Cordon, worker: Worker) -> Worker {
    Worker { cordon: Some(by), ..worker }
}

/// At most two are moved, an hour after anything happened there, and one more has to find room.
fn config(consolidates: bool) -> Config {
    let mut pool = example();
    if consolidates {
        pool["consolidation"] = json!({ "most_moved": 2, "quiet_s": 3600, "spare_instances": 1 });
    }
    let pool: WarmPool = pool.to_string().parse().expect("makes sense");
    let offerings = Offerings(vec![make::offering("small", 8_704)]);
    Config { pool, offerings, architecture: Architecture::X86, region: "us-east-1".to_owned() }
}

/// `a consolidation`: who is emptied, and in whose name.
fn planned(config: &Config, fleet: &[Worker], headroom: u32, at_rest: bool) -> Vec<String> {
    let regions = &["us-east-1".to_owned()].into();
    let target = &Target { blanks: Counts::from([(Standard, 0)]), headroom, stopped_workers: 0 };
    let sight = Sight { fleet, regions, target, may_boot: true, may_grow: true, now: NOW, config };
    let in_words = |it: Emptying| format!("{} {:?}", it.worker.body(), it.by).to_lowercase();
    plan(&sight, at_rest).into_iter().map(in_words).collect()
}

#[test]
fn one_sparse_worker_is_emptied_if_it_pays() {
    let (sparse, other) = (|| worker("a", 2), || worker("b", 6));
    let changed = |minutes| Worker { changed_at: ago(minutes), ..sparse() };
    let in_state = |state| Worker { state, ..worker("c", 0) };
    let a: &[&str] = &["a consolidation"];
    let cases: Vec<(&str, Vec<Worker>, u32, &[&str])> = vec![
        ("two find room", vec![sparse(), other()], 0, a),
        ("and so does the headroom", vec![sparse(), other()], 1, a),
        ("the headroom would not, with one to spare", vec![sparse(), other()], 2, &[]),
        ("no room elsewhere", vec![sparse(), worker("b", 9)], 0, &[]),
        ("too many would notice", vec![worker("a", 3), worker("b", 6)], 0, &[]),
        ("somebody came a moment ago", vec![changed(59), worker("b", 6)], 0, &[]),
        ("an hour ago", vec![changed(60), worker("b", 6)], 0, a),
        ("another one comes", vec![sparse(), other(), in_state(State::Provisioning)], 0, &[]),
        ("another one goes", vec![sparse(), other(), in_state(State::Draining)], 0, &[]),
        ("one sleeps", vec![sparse(), other(), in_state(State::WarmStopped)], 0, a),
        ("its blank needs room too", vec![with_blank(sparse()), worker("b", 7)], 0, &[]),
        ("its blank finds room too", vec![with_blank(sparse()), worker("b", 5)], 0, a),
        (
            "one at a time",
            vec![sparse(), other(), cordoned(Cordon::Consolidation, worker("c", 1))],
            0,
            &["c consolidation"],
        ),
    ];
    for (case, fleet, headroom, expected) in cases {
        assert_eq!(planned(&config(true), &fleet, headroom, true), expected, "{case}");
        let others: Vec<_> = expected.iter().filter(|it| !it.starts_with('a')).copied().collect();
        assert_eq!(planned(&config(false), &fleet, headroom, true), others, "{case}, switched off");
        assert_eq!(planned(&config(true), &fleet, headroom, false), others, "{case}, in motion");
    }
}

#[test]
fn what_is_about_to_be_taken_away_is_emptied_in_any_case() {
    let alarming = [Cordon::Consolidation, Cordon::Rebalance, Cordon::Interruption];
    for by in Cordon::ALL {
        for at_rest in [true, false] {
            let expected: Vec<String> = alarming
                .contains(&by)
                .then(|| format!("a {by:?}").to_lowercase())
                .into_iter()
                .collect();
            let fleet = [cordoned(by, worker("a", 4)), worker("b", 9)];
            assert_eq!(planned(&config(false), &fleet, 0, at_rest), expected, "{by:?}");
            let fleet = [cordoned(by, with_blank(worker("a", 0)))];
            assert!(planned(&config(false), &fleet, 0, at_rest).is_empty(), "{by:?}, a blank only");
            let lost = Worker { state: State::Error, ..cordoned(by, worker("a", 4)) };
            assert!(planned(&config(false), &[lost], 0, at_rest).is_empty(), "{by:?}, lost");
        }
    }
}
