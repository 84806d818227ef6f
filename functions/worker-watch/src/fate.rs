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
    /// It goes on elsewhere, from its newest backup.
    Replace,
    /// The owner is told, the host shows that nothing runs, and the place is given back.
    Settle,
    /// It is on its way elsewhere already: that is made sure of, and the place is given back.
    GoOn,
    /// Nobody is waiting for it: the place is given back.
    Release,
    /// A saga is under way. It comes to its end by itself, and gives the place back or leaves it to a
    /// later look.
    Leave,
}

/// `project` is the one that holds the reservation, if it is a project's and there is such a one.
/// `halts`: the saga that brings it to rest has not ended.
pub(crate) fn fate(
    holder: &Holder,
    held: &Reservation,
    project: Option<&Project>,
    halts: bool,
) -> Fate {
    match (holder, project) {
        (Holder::Project(id), Some(project)) if is_current(id, held, project) => {
            of_current(project, halts)
        }
        (Holder::Project(id), Some(project)) if went_on(id, held, project) => Fate::GoOn,
        (Holder::Project(_) | Holder::Blank(_), _) => Fate::Release,
    }
}

fn is_current(id: &ProjectId, held: &Reservation, project: &Project) -> bool {
    held.id == id.reservation(project.attempt)
}

/// Its next attempt waits for its provisioning: a look, or a halt, may have come no further than that.
fn went_on(id: &ProjectId, held: &Reservation, project: &Project) -> bool {
    let before = project.attempt.checked_sub(1);
    project.state == State::Pending && before.is_some_and(|it| held.id == id.reservation(it))
}

fn of_current(project: &Project, halts: bool) -> Fate {
    match project.state {
        // Its backup may be complete: then it ends as it was meant to, and loses nothing. If it is not, the
        // halt is taken back, and a later look finds what ran here.
        State::Halting if halts => Fate::Leave,
        State::Running | State::Halting if project.backup.is_some() => Fate::Replace,
        // Failed already: by a look that came no further than that.
        State::Running | State::Halting | State::Error => Fate::Settle,
        State::PendingPayment | State::Pending | State::Provisioning => Fate::Leave,
        // Nothing of them is to be anywhere.
        State::Stopped | State::Asleep | State::Suspended | State::Deleting | State::Deleted => {
            Fate::Release
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{backup::Backup, capacity::Capacity, id::BlankId, plan::PlanId};
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

    fn backed_up(state: State, attempt: u32) -> Project {
        let backup = Backup {
            attempt: 1,
            number: 0,
            sha256: None,
            bytes: 1,
            taken_at: Timestamp::UNIX_EPOCH,
            replaces: None,
        };
        Project { backup: Some(backup), ..project(state, attempt) }
    }

    #[test]
    fn what_becomes_of_each_place_on_a_lost_worker() {
        use State as S;
        let cases = [
            ("it ran there", project(S::Running, 2), Fate::Settle),
            ("it ran there, and was backed up", backed_up(S::Running, 2), Fate::Replace),
            ("it failed there a look ago", project(S::Error, 2), Fate::Settle),
            ("it failed, and was backed up before", backed_up(S::Error, 2), Fate::Settle),
            ("nobody goes on with its halt", project(S::Halting, 2), Fate::Settle),
            ("nor with that of one backed up", backed_up(S::Halting, 2), Fate::Replace),
            ("it was halted, and its data kept", backed_up(S::Suspended, 2), Fate::Release),
            ("its owner stopped it", backed_up(S::Stopped, 2), Fate::Release),
            ("it goes on elsewhere", backed_up(S::Pending, 3), Fate::GoOn),
            ("it is on its way there", backed_up(S::Provisioning, 3), Fate::Release),
            ("it runs elsewhere", backed_up(S::Running, 3), Fate::Release),
            ("it was moved twice", backed_up(S::Pending, 4), Fate::Release),
            ("it is being deleted", project(S::Deleting, 2), Fate::Release),
            ("it is being provisioned", backed_up(S::Provisioning, 2), Fate::Leave),
            ("it is about to be", backed_up(S::Pending, 2), Fate::Leave),
            ("it was never paid for", project(S::PendingPayment, 0), Fate::Release),
        ];
        for (case, project, expected) in cases {
            let holder = Holder::from(make::project().id);
            assert_eq!(fate(&holder, &held(2), Some(&project), false), expected, "{case}");
            let halts = if project.state == S::Halting { Fate::Leave } else { expected };
            assert_eq!(fate(&holder, &held(2), Some(&project), true), halts, "{case}, halts");
        }
        let holder = Holder::from(make::project().id);
        assert_eq!(fate(&holder, &held(2), None, false), Fate::Release, "nobody knows it");
    }

    #[test]
    fn a_blank_belongs_to_nobody() {
        let blank = Holder::from(BlankId::new("b").unwrap());
        assert_eq!(fate(&blank, &held(1), None, false), Fate::Release);
    }
}
