//! A worker more, bought or started, and stopped again if it is meant for the stock.

use super::{
    FAILURES, Fault, Plan,
    books::{Books, add_worker},
};
use crate::world::World;
use contracts::grow::{Saga, Source};
use domain::{id::WorkerId, plan::PlanId, worker::State};
use ports::machines::Power;

const STEPS: [&str; 3] = ["GetSpare", "AwaitSpare", "ParkSpare"];

/// A saga and the world that it finds.
struct Case {
    from: Source,
    park: bool,
}

const CASES: [Case; 4] = [
    Case { from: Source::Purchase, park: false },
    Case { from: Source::Purchase, park: true },
    Case { from: Source::WarmPool, park: false },
    Case { from: Source::WarmPool, park: true },
];

impl Case {
    fn world(&self) -> World {
        let world = World::empty(0);
        if self.from == Source::WarmPool {
            add_worker(&world, State::WarmStopped);
        }
        world
    }

    fn plan(&self) -> Plan {
        let (worker_id, plan) = (id(), PlanId::Standard);
        let saga = Saga { worker_id, from: self.from, plan, park: self.park, error: None };
        Plan::of("grow", &saga)
    }

    /// One worker more that runs, or stands still.
    fn assert_grown(&self, world: &World, case: &str) {
        let case = format!("{}: {case}", self.name());
        let expected = if self.park {
            (State::WarmStopped, Some(Power::Stopped))
        } else {
            (State::Ready, Some(Power::Running))
        };
        assert_eq!((world.worker(&id()).state, world.power(&id())), expected, "{case}");
        assert_eq!(world.machines.alive.borrow().len(), 1, "{case}");
        assert_eq!(world.reservations(), 0, "{case}");
        world.assert_tidy(&case);
    }

    fn name(&self) -> String {
        format!("{:?}, park: {}", self.from, self.park)
    }
}

fn id() -> WorkerId {
    WorkerId::new("there").expect("plain")
}

/// No worker and no machine.
fn assert_gone(world: &World, case: &str) {
    let nothing = Books::of(&World::empty(0));
    assert_eq!(Books::of(world), nothing, "{case}");
    world.assert_nothing_left(case);
}

#[tokio::test]
async fn the_pool_has_a_worker_more_and_each_step_is_taken_once() {
    for case in CASES {
        let world = case.world();
        assert_eq!(case.plan().complete(&world).await.entered, STEPS, "{}", case.name());
        case.assert_grown(&world, "undisturbed");
    }
}

#[tokio::test]
async fn every_step_twice_is_once() {
    for case in CASES {
        let world = case.world();
        assert_eq!(case.plan().execute(&world, None, 2).await.at, "Done", "{}", case.name());
        case.assert_grown(&world, "every step twice");
    }
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for case in CASES {
        for step in STEPS {
            let world = case.world();
            let ended = case.plan().execute(&world, Some((step, Fault::AnswerLost)), 1).await;
            assert_eq!(ended.at, "Done", "{}: {step}", case.name());
            case.assert_grown(&world, step);
        }
    }
}

/// A stopped worker goes too: one that could not be started is of no use.
#[tokio::test]
async fn a_failure_at_any_step_gives_the_worker_back() {
    for case in CASES {
        for step in STEPS {
            for (fault, times) in FAILURES {
                let name = format!("{}: {step} fails, {fault:?}, {times} times", case.name());
                let world = case.world();
                let ended = case.plan().execute(&world, Some((step, fault)), times).await;
                assert_eq!(ended.at, "Failed", "{name}");
                assert_gone(&world, &name);
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_leaves_nothing() {
    for case in CASES {
        for step in STEPS {
            let world = case.world();
            let answer = case.plan().execute_late(&world, step).await;
            assert_gone(&world, &format!("{}: {step} late, answered {answer:?}", case.name()));
        }
    }
}
