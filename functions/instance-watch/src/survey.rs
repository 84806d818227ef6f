//! What heartbeats say of the instances that have a place. Pure.

use domain::{
    health::{Condition, Sight, is_mass},
    id::{ProjectId, WorkerId},
    worker::{Holder, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::heartbeats::Heartbeat;
use std::collections::BTreeMap;

/// An instance of a project, as its worker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patient<'a> {
    pub(crate) project: &'a ProjectId,
    pub(crate) held: &'a Reservation,
    pub(crate) condition: Condition,
    /// `None`: its worker has no such container.
    pub(crate) sight: Option<&'a Sight>,
}

/// Instances of which their workers say how they are, and workers that reach too few of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey<'a> {
    pub(crate) patients: Vec<Patient<'a>>,
    pub(crate) deaf: Vec<&'a WorkerId>,
}

pub(crate) fn survey<'a>(
    now: Timestamp,
    workers: &'a [Worker],
    beats: &'a BTreeMap<String, Heartbeat>,
) -> Survey<'a> {
    let mut survey = Survey::default();
    for worker in workers.iter().filter(|it| it.state == State::Ready) {
        let beat = worker.node_id.as_ref().and_then(|it| beats.get(it));
        let Some(beat) = beat.filter(|it| it.speaks_of(now)) else {
            continue;
        };
        let here: Vec<_> = patients(worker, beat).collect();
        let is_silent = |it: &&Patient<'_>| it.condition == Condition::Silent;
        if is_mass(here.iter().filter(is_silent).count(), here.len()) {
            survey.deaf.push(&worker.id);
            survey.patients.extend(here.into_iter().filter(|it| !is_silent(&it)));
        } else {
            survey.patients.extend(here);
        }
    }
    survey
}

/// Blanks are the warm pool's, which makes new ones.
fn patients<'a>(worker: &'a Worker, beat: &'a Heartbeat) -> impl Iterator<Item = Patient<'a>> {
    worker.reservations.iter().filter_map(move |(holder, held)| {
        let Holder::Project(project) = holder else { return None };
        let (condition, sight) = match beat.find(project, held) {
            // This beat does not say how it is; the next one may.
            Some(container) => {
                let sight = container.sight.as_ref()?;
                (sight.condition(), Some(sight))
            }
            None if held.since >= beat.at => return None,
            None => (Condition::Absent, None),
        };
        Some(Patient { project, held, condition, sight })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{capacity::Capacity, health::Run, plan::PlanId};
    use jiff::SignedDuration;
    use ports::heartbeats::Container;
    use testkit::make;

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
    const SILENT: Sight = Sight { silent_s: 60, ..Sight::WELL };

    fn ago(seconds: i64) -> Timestamp {
        NOW - SignedDuration::from_secs(seconds)
    }

    /// A worker with a place for each of `names`, taken an hour ago.
    fn worker(names: &[&str]) -> Worker {
        let held = |name: &&str| {
            let project = make::project_id(name);
            let reservation = Reservation {
                id: project.reservation(1),
                demand: Capacity::default(),
                port: 18_789,
                plan: PlanId::Standard,
                since: ago(3600),
                warm: false,
                blank: None,
            };
            (Holder::from(project), reservation)
        };
        Worker { reservations: names.iter().map(held).collect(), ..make::worker("a", 8192) }
    }

    fn beat(seconds: i64, containers: &[(&str, u32, Option<Sight>)]) -> Heartbeat {
        let container = |(name, generation, sight): &(&str, u32, Option<Sight>)| Container {
            holder: make::project_id(name).into(),
            generation: *generation,
            sight: sight.clone(),
        };
        let containers = containers.iter().map(container).collect();
        Heartbeat { node_id: "i-a".to_owned(), at: ago(seconds), docker: true, containers }
    }

    /// Of the patients, in order.
    fn conditions(worker: &Worker, beat: Heartbeat) -> Vec<Condition> {
        let beats = BTreeMap::from([(beat.node_id.clone(), beat)]);
        let workers = [worker.clone()];
        survey(NOW, &workers, &beats).patients.into_iter().map(|it| it.condition).collect()
    }

    #[test]
    fn an_instance_is_as_its_worker_says_if_that_is_fresh() {
        use Condition::{Absent, Silent, Well};
        let well = Some(Sight::WELL);
        let cases = [
            ("well", beat(5, &[("one", 1, well.clone())]), vec![Well]),
            ("silent", beat(5, &[("one", 1, Some(SILENT))]), vec![Silent]),
            ("not listed", beat(5, &[]), vec![Absent]),
            ("of another attempt", beat(5, &[("one", 2, well.clone())]), vec![Absent]),
            ("listed, and no more", beat(5, &[("one", 1, None)]), vec![]),
            ("an old heartbeat", beat(33, &[]), vec![]),
            ("no Docker", Heartbeat { docker: false, ..beat(5, &[]) }, vec![]),
            ("somebody else's", Heartbeat { node_id: "i-b".to_owned(), ..beat(5, &[]) }, vec![]),
        ];
        for (case, beat, expected) in cases {
            assert_eq!(conditions(&worker(&["one"]), beat), expected, "{case}");
        }
    }

    #[test]
    fn who_was_placed_after_the_heartbeat_is_not_missing_and_nobody_is_on_a_worker_that_is_not_ready()
     {
        let mut young = worker(&["one"]);
        for held in young.reservations.values_mut() {
            held.since = ago(5);
        }
        assert_eq!(conditions(&young, beat(5, &[])), []);
        assert_eq!(conditions(&young, beat(4, &[])), [Condition::Absent]);
        let draining = Worker { state: State::Draining, ..worker(&["one"]) };
        assert_eq!(conditions(&draining, beat(5, &[])), []);
    }

    #[test]
    fn a_worker_that_reaches_few_of_its_instances_is_deaf_and_they_are_left_alone() {
        let names = ["a1", "a2", "a3", "a4"];
        let stopped = Sight { run: Run::Stopped, ..Sight::WELL };
        for (silent, expected) in [(2, 4), (3, 1)] {
            let containers: Vec<_> = names
                .iter()
                .enumerate()
                .map(|(at, name)| {
                    let sight = if at < silent { SILENT } else { stopped.clone() };
                    (*name, 1, Some(sight))
                })
                .collect();
            let (workers, beat) = ([worker(&names)], beat(5, &containers));
            let beats = BTreeMap::from([(beat.node_id.clone(), beat)]);
            let survey = survey(NOW, &workers, &beats);
            assert_eq!(survey.patients.len(), expected, "{silent} of four are silent");
            assert_eq!(survey.deaf.is_empty(), expected == 4, "{silent} of four are silent");
        }
    }
}
