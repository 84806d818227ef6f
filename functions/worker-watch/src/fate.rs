//! What becomes of a reservation on a lost worker. Pure.

use domain::{
    id::ProjectId,
    project::{Project, State},
    worker::{Holder, Reservation},
};

/// What an owner reads whose instance went with its worker.
pub(crate) const REASON: &str = "The machine that your agent ran on was lost, and what it had \
    stored there with it. You can start your agent again, on another machine.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The owner is told, the host shows that nothing runs, and the place is given back.
    Settle,
    /// Nobody is waiting for it: the place is given back.
    Release,
    /// A provisioning is under way. It fails by itself, and its undo gives the place back.
    Leave,
}

/// `project` is the one that holds the reservation, if it is a project's and there is such a one.
pub(crate) fn fate(holder: &Holder, held: &Reservation, project: Option<&Project>) -> Fate {
    match holder {
        Holder::Blank(_) => Fate::Release,
        Holder::Project(id) => match project {
            Some(project) if is_current(id, held, project) => of_current(project.state),
            Some(_) | None => Fate::Release,
        },
    }
}

fn is_current(id: &ProjectId, held: &Reservation, project: &Project) -> bool {
    held.id == id.reservation(project.attempt)
}

fn of_current(state: State) -> Fate {
    match state {
        // Failed already: by a look that came no further than that.
        State::Running | State::Halting | State::Error => Fate::Settle,
        State::PendingPayment | State::Pending | State::Provisioning => Fate::Leave,
        // Nothing of them is to be anywhere.
        State::Stopped | State::Suspended | State::Deleting | State::Deleted => Fate::Release,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{capacity::Capacity, id::BlankId, plan::PlanId};
    use jiff::Timestamp;
    use testkit::make;

    fn held(attempt: u32) -> Reservation {
        Reservation {
            id: make::project().id.reservation(attempt),
            demand: Capacity::default(),
            port: 18_789,
            plan: PlanId::Standard,
            since: Timestamp::UNIX_EPOCH,
            warm: false,
            blank: None,
        }
    }

    fn project(state: State, attempt: u32) -> Project {
        Project { state, attempt, ..make::project() }
    }

    #[test]
    fn who_ran_there_is_told_and_who_was_on_the_way_is_left_to_its_saga() {
        let cases = [
            ("it ran there", Some(project(State::Running, 2)), Fate::Settle),
            ("it failed there a look ago", Some(project(State::Error, 2)), Fate::Settle),
            ("it was being halted there", Some(project(State::Halting, 2)), Fate::Settle),
            ("its owner stopped it", Some(project(State::Stopped, 2)), Fate::Release),
            ("it was halted, and its data kept", Some(project(State::Suspended, 2)), Fate::Release),
            (
                "it was halted, and runs elsewhere soon",
                Some(project(State::Pending, 3)),
                Fate::Release,
            ),
            ("it is being deleted", Some(project(State::Deleting, 2)), Fate::Release),
            ("it is being provisioned", Some(project(State::Provisioning, 2)), Fate::Leave),
            ("it is about to be", Some(project(State::Pending, 2)), Fate::Leave),
            ("it runs elsewhere by now", Some(project(State::Running, 3)), Fate::Release),
            ("there is no such project", None, Fate::Release),
        ];
        let holder = Holder::from(make::project().id);
        for (case, project, expected) in cases {
            assert_eq!(fate(&holder, &held(2), project.as_ref()), expected, "{case}");
        }
        let blank = Holder::from(BlankId::new("b").unwrap());
        assert_eq!(fate(&blank, &held(2), None), Fate::Release, "a blank is nobody's");
    }
}
