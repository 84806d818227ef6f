//! Emptying a worker: whose halt is started, how long is waited, and what calls it off.

use contracts::{
    drain::{Emptied, Saga},
    halt::Saga as HaltSaga,
};
use domain::{
    id::{BlankId, WorkerId},
    plan::PlanId,
    project::{Project, Purpose, State as ProjectState},
    worker::{Cordon, FIRST_PORT, Holder, Reservation, State, Worker},
};
use drain::{Answer, Call, DrainError, World, handle};
use jiff::Timestamp;
use ports::{
    clock::Clock,
    fleet::Fleet,
    sagas::{Course, Sagas},
};
use runtime::fault::{Classify, Fault};
use testkit::{
    clock::FakeClock, fleet::FakeFleet, machines::FakeMachines, make, projects::FakeProjects,
    sagas::FakeSagas,
};

struct Bench {
    fleet: FakeFleet,
    machines: FakeMachines,
    clock: FakeClock,
    projects: FakeProjects,
    halts: FakeSagas,
    provisions: FakeSagas,
}

impl Bench {
    /// A cordoned worker with so many projects that run there.
    async fn with(projects: usize, cordon: Option<Cordon>) -> Self {
        let worker = Worker { cordon, ..make::worker("a", 65_536) };
        let named = |it| Project {
            state: ProjectState::Running,
            ..make::project_called(&format!("p{it}"))
        };
        let projects: Vec<Project> = (0..projects).map(named).collect();
        let bench = Self {
            fleet: FakeFleet::of([Worker { cordon: None, ..worker.clone() }]),
            machines: FakeMachines::default(),
            clock: FakeClock::default(),
            projects: FakeProjects::of(projects.clone()),
            halts: FakeSagas::default(),
            provisions: FakeSagas::default(),
        };
        for it in &projects {
            bench.place(it.id.clone().into(), &it.id.reservation(1)).await;
        }
        bench.fleet.workers.borrow_mut().get_mut(&id()).expect("is there").cordon = cordon;
        bench
    }

    async fn place(&self, holder: Holder, reservation: &domain::id::ReservationId) {
        let taken = self.worker().reservations.len();
        let claim = Reservation {
            id: reservation.clone(),
            demand: PlanId::Standard.plan().limits,
            port: FIRST_PORT + u16::try_from(taken).expect("few"),
            plan: PlanId::Standard,
            since: self.clock.now(),
            warm: false,
            blank: None,
        };
        self.fleet.reserve(&id(), &holder, &claim).await.expect("has room");
    }

    fn worker(&self) -> Worker {
        self.fleet.workers.borrow()[&id()].clone()
    }

    async fn run(&self, saga: &Saga) -> Result<Option<Timestamp>, DrainError> {
        let Self { fleet, machines, clock, projects, halts, provisions } = self;
        let world = World { fleet, machines, clock, projects, halts, provisions };
        match handle(&world, &Call::MoveInstances(saga.clone())).await? {
            Answer::Emptied(Emptied { idle_since }) => Ok(idle_since),
            other => panic!("{other:?} is no answer to that"),
        }
    }

    fn halted(&self) -> Vec<String> {
        self.halts.started().into_iter().map(|(name, _)| name).collect()
    }

    async fn leaves(&self, holder: Holder) {
        let held = self.worker().reservations[&holder].id.clone();
        let released = self.fleet.release(&id(), &holder, &held, self.clock.now()).await;
        released.expect("is up");
    }
}

fn id() -> WorkerId {
    WorkerId::new("a").expect("plain")
}

fn saga(bench: &Bench, by: Cordon) -> Saga {
    Saga::of_occupied(&bench.worker(), by)
}

#[tokio::test]
async fn an_empty_worker_is_not_even_looked_at() {
    let bench = Bench::with(1, None).await;
    let saga = Saga::of_empty(id(), bench.clock.now(), true);
    bench.fleet.outage.begin(u32::MAX);
    assert_eq!(bench.run(&saga).await.expect("asks nobody"), Some(saga.idle_since));
}

#[tokio::test]
async fn three_move_at_once_and_a_repeat_begins_none_of_them_again() {
    let bench = Bench::with(5, Some(Cordon::Operator)).await;
    let saga = saga(&bench, Cordon::Operator);
    for round in ["once", "twice"] {
        let began_at = bench.clock.now();
        let error = bench.run(&saga).await.expect_err("nobody has gone");
        assert!(matches!(error, DrainError::Occupied { left: 5, .. }), "{round}: {error}");
        assert_eq!(error.fault(), Fault::Retryable);
        let waited = bench.clock.now().duration_since(began_at).as_secs();
        assert!((240..260).contains(&waited), "{round}: {waited} s");
        assert_eq!(bench.halted(), ["halt-prj_p0-1-0", "halt-prj_p1-1-0", "halt-prj_p2-1-0"]);
    }
    let (_, input) = bench.halts.started().remove(0);
    let halt: HaltSaga = serde_json::from_str(&input).expect("an input of the saga");
    assert_eq!(halt.purpose, Purpose::Move { plan: PlanId::Standard });
}

#[tokio::test]
async fn all_move_at_once_when_the_machine_is_about_to_be_taken() {
    let bench = Bench::with(5, Some(Cordon::Interruption)).await;
    bench.run(&saga(&bench, Cordon::Interruption)).await.expect_err("nobody has gone");
    assert_eq!(bench.halted().len(), 5);
}

#[tokio::test]
async fn it_is_over_once_the_last_one_has_left_and_says_since_when() {
    let bench = Bench::with(1, None).await;
    let blank = BlankId::new("x").expect("plain");
    bench.place(blank.clone().into(), &blank.reservation()).await;
    bench.fleet.cordon(&id(), Cordon::Rebalance).await.expect("is up");
    let saga = saga(&bench, Cordon::Rebalance);
    bench.leaves(make::project_id("p0").into()).await;
    bench.run(&saga).await.expect_err("the warm pool has not thrown the blank away yet");
    assert!(bench.halted().is_empty());
    bench.leaves(blank.into()).await;
    for round in ["once", "twice"] {
        let idle_since = bench.run(&saga).await.expect("is empty");
        assert_eq!(idle_since, Some(bench.worker().changed_at), "{round}");
    }
}

#[tokio::test]
async fn who_is_being_provisioned_there_is_waited_for() {
    let bench = Bench::with(1, Some(Cordon::Operator)).await;
    let project = Project { state: ProjectState::Provisioning, ..make::project_called("p0") };
    let bench = Bench { projects: FakeProjects::of([project]), ..bench };
    let saga = saga(&bench, Cordon::Operator);
    bench.run(&saga).await.expect_err("it is not to be moved now");
    assert!(bench.halted().is_empty());
    let project = Project { state: ProjectState::Running, ..make::project_called("p0") };
    let bench = Bench { projects: FakeProjects::of([project]), ..bench };
    bench.run(&saga).await.expect_err("it moves");
    assert_eq!(bench.halted(), ["halt-prj_p0-1-0"]);
}

/// Until then it may take everything back, and would meet the halt.
#[tokio::test]
async fn who_arrived_a_moment_ago_moves_once_the_saga_that_brought_them_has_ended() {
    let bench = Bench::with(1, Some(Cordon::Operator)).await;
    let (saga, arrival) = (saga(&bench, Cordon::Operator), "provision-prj_p0-1");
    bench.provisions.ensure_started(arrival, "{}").await.expect("is up");
    bench.run(&saga).await.expect_err("it is not to be moved now");
    assert!(bench.halted().is_empty());
    bench.provisions.set_course(arrival, Course::Ended { at: bench.clock.now() });
    bench.run(&saga).await.expect_err("it moves");
    assert_eq!(bench.halted(), ["halt-prj_p0-1-0"]);
}

#[tokio::test]
async fn nobody_moves_once_the_worker_is_not_to_be_emptied_any_more() {
    let cases = [
        ("its cordon was lifted", State::Ready, None),
        ("it fell silent", State::Ready, Some(Cordon::Silent)),
        ("it is lost", State::Error, Some(Cordon::Operator)),
        ("another drain was faster", State::Draining, Some(Cordon::Operator)),
        ("it is gone", State::Terminated, Some(Cordon::Operator)),
    ];
    for (case, state, cordon) in cases {
        let bench = Bench::with(2, Some(Cordon::Operator)).await;
        let saga = saga(&bench, Cordon::Operator);
        let changed = Worker { state, cordon, ..bench.worker() };
        bench.fleet.workers.borrow_mut().insert(id(), changed);
        assert_eq!(bench.run(&saga).await.expect("ends well"), None, "{case}");
        assert!(bench.halted().is_empty(), "{case}");
    }
    let nowhere = Bench::with(0, None).await;
    let saga =
        Saga { worker_id: WorkerId::new("b").expect("plain"), ..saga(&nowhere, Cordon::Operator) };
    assert_eq!(nowhere.run(&saga).await.expect("ends well"), None);
}

#[tokio::test]
async fn an_outage_anywhere_is_retried() {
    type Break = fn(&Bench);
    let breaks: [(&str, Break); 3] = [
        ("the fleet", |it| it.fleet.outage.begin(1)),
        ("the projects", |it| it.projects.outage.begin(1)),
        ("the state machine", |it| it.halts.outage.begin(1)),
    ];
    for (case, break_it) in breaks {
        let bench = Bench::with(1, Some(Cordon::Operator)).await;
        let saga = saga(&bench, Cordon::Operator);
        break_it(&bench);
        let error = bench.run(&saga).await.expect_err(case);
        assert!(matches!(error, DrainError::Unavailable(_)), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Retryable);
        bench.run(&saga).await.expect_err("goes on");
        assert_eq!(bench.halted(), ["halt-prj_p0-1-0"], "{case}");
    }
}
