use super::*;
use domain::{
    backup::Backup,
    plan::PlanId,
    worker::{Holder, Reservation, State as WorkerState},
};
use proptest::prelude::*;
use testkit::make;

fn now() -> Timestamp {
    make::project().created_at + SignedDuration::from_hours(24)
}

/// One that runs under attempt 2, with a backup of `attempt` from so many minutes ago.
fn project(body: &str, backup: Option<(u32, i64)>) -> Project {
    let backup = backup.map(|(attempt, minutes)| {
        let taken_at = now() - SignedDuration::from_mins(minutes);
        let sha256 = Some("ab".to_owned());
        Backup { attempt, number: 1, sha256, bytes: 1, taken_at, replaces: None }
    });
    Project { state: State::Running, attempt: 2, backup, ..make::project_called(body) }
}

fn worker(name: &str, projects: &[Project]) -> Worker {
    let place = |it: &Project| {
        let id = it.id.reservation(it.attempt);
        let demand = it.plan.plan().limits;
        let reservation = Reservation {
            id,
            demand,
            port: 18_789,
            plan: PlanId::Standard,
            since: now(),
            warm: false,
            blank: None,
        };
        (Holder::from(it.id.clone()), reservation)
    };
    Worker { reservations: projects.iter().map(place).collect(), ..make::worker(name, 65_536) }
}

fn bodies(orders: &[Order]) -> Vec<String> {
    orders.iter().map(|it| it.project.id.as_str().trim_start_matches("prj_").to_owned()).collect()
}

#[test]
fn what_runs_is_due_an_hour_after_its_last_backup() {
    let of = |state| Project { state, ..project("a", None) };
    let cases = [
        ("never backed up", project("a", None), true),
        ("a while ago", project("a", Some((2, 54))), false),
        ("an hour ago, as near as passes are", project("a", Some((2, 55))), true),
        ("just now, but of an earlier instance", project("a", Some((1, 1))), true),
        ("on its way", of(State::Provisioning), false),
        ("being halted", of(State::Halting), false),
        ("suspended", of(State::Suspended), false),
        ("failed", of(State::Error), false),
    ];
    for (case, project, is_due) in cases {
        let workers = [worker("one", std::slice::from_ref(&project))];
        assert_eq!(due(&[project], &workers, now()).len(), usize::from(is_due), "{case}");
    }
}

#[test]
fn what_is_nowhere_is_not_due_nor_what_is_on_a_worker_that_takes_no_commands() {
    let it = project("a", None);
    let of_another = Project { attempt: 1, ..it.clone() };
    let workers = [
        ("nowhere", worker("one", &[])),
        ("another attempt's place", worker("one", &[of_another])),
        ("lost", Worker { state: WorkerState::Error, ..worker("one", std::slice::from_ref(&it)) }),
        ("unknown", Worker { node_id: None, ..worker("one", std::slice::from_ref(&it)) }),
    ];
    for (case, worker) in workers {
        assert_eq!(due(std::slice::from_ref(&it), &[worker], now()), [], "{case}");
    }
}

#[test]
fn the_oldest_comes_first_and_no_worker_bears_more_than_its_share() {
    let minutes = |it: usize| i64::try_from(it).expect("is small");
    let old: Vec<_> =
        (0..16).map(|it| project(&format!("old{it:02}"), Some((2, 200 - minutes(it))))).collect();
    let young = project("young", Some((2, 60)));
    let workers = [worker("one", &old), worker("two", std::slice::from_ref(&young))];
    let mut all = old;
    all.insert(0, young);
    let mut expected: Vec<_> = (0..PER_WORKER).map(|it| format!("old{it:02}")).collect();
    expected.push("young".to_owned());
    assert_eq!(bodies(&due(&all, &workers, now())), expected);
}

proptest! {
    #[test]
    fn every_order_is_of_a_running_project_at_its_own_place_once(
        ages in prop::collection::vec((prop::option::of(0_i64..300), 0_usize..3), 0..40),
    ) {
        let projects: Vec<_> = ages.iter().enumerate()
            .map(|(it, (age, _))| project(&format!("p{it}"), age.map(|it| (2, it)))).collect();
        let workers: Vec<_> = (0..3).map(|number| {
            let here = projects.iter().zip(&ages).filter(|(_, (_, at))| *at == number);
            let here: Vec<_> = here.map(|(it, _)| it.clone()).collect();
            worker(&format!("w{number}"), &here)
        }).collect();
        let orders = due(&projects, &workers, now());
        let mut seen = std::collections::BTreeSet::new();
        for order in &orders {
            prop_assert!(seen.insert(order.project.id.clone()));
            prop_assert!(age(&order.project, now()) >= INTERVAL);
            let there = workers.iter().find(|it| it.id == order.place.worker_id);
            let holder = Holder::from(order.project.id.clone());
            prop_assert!(there.is_some_and(|it| it.reservations.contains_key(&holder)));
        }
        for worker in &workers {
            let here = orders.iter().filter(|it| it.place.worker_id == worker.id).count();
            prop_assert!(here <= PER_WORKER);
        }
        prop_assert!(orders.is_sorted_by_key(|it| last_seen(&it.project)));
    }
}
