//! Who moves next. Pure.
//!
//! Each move is a boot elsewhere, and boots fight for CPUs: so only a few are under way at once, until
//! their instances run again. When the provider takes the machine in minutes, all of them go at once.

use domain::{
    id::ProjectId,
    project::{Project, State},
    worker::{Cordon, Worker},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many are under way at once where nobody is in a hurry.
const AT_ONCE: usize = 3;

/// What one call has begun and seen.
pub(crate) struct Moves {
    at_once: usize,
    /// Whom it has started, or found moving, with the attempt and the halt of then.
    begun: BTreeMap<ProjectId, (u32, u32)>,
}

/// Where somebody is on the way from this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It runs here, and nothing was begun.
    Here,
    /// On its way, here or where it goes.
    UnderWay,
    /// Its halt came to nothing. Not tried again by this call.
    Failed,
    /// It has arrived, or it is none of ours: being provisioned here, or left over.
    Else,
}

impl Moves {
    pub(crate) fn in_the_name_of(by: Cordon) -> Self {
        let at_once = if by == Cordon::Interruption { usize::MAX } else { AT_ONCE };
        Self { at_once, begun: BTreeMap::new() }
    }

    /// Whose records [`Moves::next`] needs: those on `worker`, and those that have left it a moment ago.
    pub(crate) fn watched(&self, worker: &Worker) -> BTreeSet<ProjectId> {
        let here = worker.reservations.keys().filter_map(|it| it.project());
        here.chain(self.begun.keys()).cloned().collect()
    }

    /// Whose move may begin now, as far as there are free hands.
    pub(crate) fn next<'a>(
        &mut self,
        worker: &Worker,
        projects: &'a [Project],
    ) -> Vec<&'a Project> {
        let staged: Vec<_> = projects.iter().map(|it| (it, self.stage(worker, it))).collect();
        let under_way = staged.iter().filter(|(_, it)| *it == Stage::UnderWay);
        let free = self.at_once.saturating_sub(under_way.clone().count());
        let here = staged.iter().filter(|(_, it)| *it == Stage::Here).map(|(it, _)| *it);
        let next = here.take(free).collect();
        let seen: Vec<&Project> = under_way.map(|(it, _)| *it).collect();
        for project in seen {
            self.begun(project);
        }
        next
    }

    /// Its move has begun.
    pub(crate) fn begun(&mut self, project: &Project) {
        let now = (project.attempt, project.halts);
        self.begun.entry(project.id.clone()).or_insert(now);
    }

    fn stage(&self, worker: &Worker, project: &Project) -> Stage {
        let begun = self.begun.get(&project.id);
        let is_here = worker.find_reservation(&project.id.reservation(project.attempt)).is_some();
        match (project.state, begun) {
            (State::Halting, _) if is_here => Stage::UnderWay,
            (State::Running, None) if is_here => Stage::Here,
            // The execution has not come to its first step yet.
            (State::Running, Some(then))
                if is_here && *then == (project.attempt, project.halts) =>
            {
                Stage::UnderWay
            }
            (State::Running, Some(_)) if is_here => Stage::Failed,
            (State::Pending | State::Provisioning, Some(_)) => Stage::UnderWay,
            _ => Stage::Else,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        plan::PlanId,
        worker::{FIRST_PORT, Reservation},
    };
    use jiff::Timestamp;
    use testkit::make;

    fn project(name: &str, state: State) -> Project {
        Project { state, ..make::project_called(name) }
    }

    /// On which each of `projects` has the place of its attempt.
    fn worker(projects: &[Project]) -> Worker {
        let place = |(port, it): (u16, &Project)| {
            let held = Reservation {
                id: it.id.reservation(it.attempt),
                demand: it.plan.plan().limits,
                port: FIRST_PORT + port,
                plan: PlanId::Standard,
                since: Timestamp::UNIX_EPOCH,
                warm: false,
                blank: None,
            };
            (it.id.clone().into(), held)
        };
        let reservations = (0..).zip(projects).map(place).collect();
        Worker { reservations, ..make::worker("a", 65_536) }
    }

    fn names(projects: Vec<&Project>) -> Vec<String> {
        projects.into_iter().map(|it| it.id.body().to_owned()).collect()
    }

    fn next(moves: &mut Moves, worker: &Worker, projects: &[Project]) -> Vec<String> {
        let next = moves.next(worker, projects);
        for project in &next {
            moves.begun(project);
        }
        names(next)
    }

    #[test]
    fn so_many_go_at_once_and_the_next_when_earlier_ones_run_again() {
        let mut projects = ["a", "b", "c", "d", "e"].map(|it| project(it, State::Running));
        let here = worker(&projects);
        let mut moves = Moves::in_the_name_of(Cordon::Operator);
        assert_eq!(next(&mut moves, &here, &projects), ["a", "b", "c"]);
        assert_eq!(next(&mut moves, &here, &projects), [""; 0], "they have not begun yet");
        projects[0].state = State::Halting;
        assert_eq!(next(&mut moves, &here, &projects), [""; 0]);
        for state in [State::Pending, State::Provisioning] {
            projects[0] = Project { state, attempt: 2, ..projects[0].clone() };
            assert_eq!(next(&mut moves, &here, &projects), [""; 0], "{state:?} elsewhere");
        }
        projects[0].state = State::Running;
        assert_eq!(next(&mut moves, &here, &projects), ["d"]);
        projects[1] = Project { state: State::Error, attempt: 2, ..projects[1].clone() };
        assert_eq!(next(&mut moves, &here, &projects), ["e"], "who failed elsewhere boots no more");
    }

    #[test]
    fn a_notice_moves_all_at_once() {
        let projects: Vec<_> =
            (0..9).map(|it| project(&format!("p{it}"), State::Running)).collect();
        let mut moves = Moves::in_the_name_of(Cordon::Interruption);
        assert_eq!(moves.next(&worker(&projects), &projects).len(), 9);
    }

    #[test]
    fn who_cannot_be_moved_now_waits_for_another_time() {
        let cases = [
            (State::PendingPayment, false),
            (State::Pending, false),
            (State::Provisioning, false),
            (State::Running, true),
            (State::Halting, false),
            (State::Suspended, false),
            (State::Error, false),
            (State::Deleting, false),
            (State::Deleted, false),
        ];
        for (state, goes) in cases {
            let projects = [project("a", state)];
            let next =
                next(&mut Moves::in_the_name_of(Cordon::Operator), &worker(&projects), &projects);
            assert_eq!(!next.is_empty(), goes, "{state:?}");
        }
        let left = [project("a", State::Running)];
        let here = worker(&left);
        let elsewhere = [Project { attempt: 2, ..left[0].clone() }];
        let mut moves = Moves::in_the_name_of(Cordon::Operator);
        assert_eq!(next(&mut moves, &here, &elsewhere), [""; 0], "it runs elsewhere");
    }

    #[test]
    fn a_halt_that_somebody_else_began_takes_one_of_the_hands() {
        let mut projects = ["a", "b", "c", "d"].map(|it| project(it, State::Running));
        projects[3].state = State::Halting;
        let mut moves = Moves::in_the_name_of(Cordon::Rebalance);
        assert_eq!(next(&mut moves, &worker(&projects), &projects), ["a", "b"]);
    }

    #[test]
    fn a_halt_that_came_to_nothing_is_left_to_the_next_call() {
        let mut projects = ["a", "b", "c", "d"].map(|it| project(it, State::Running));
        let here = worker(&projects);
        let mut moves = Moves::in_the_name_of(Cordon::Operator);
        assert_eq!(next(&mut moves, &here, &projects), ["a", "b", "c"]);
        projects[0].halts = 1;
        assert_eq!(next(&mut moves, &here, &projects), ["d"], "its hand is free for another");
        let mut again = Moves::in_the_name_of(Cordon::Operator);
        assert_eq!(next(&mut again, &here, &projects), ["a", "b", "c"]);
    }
}
