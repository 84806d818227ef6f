//! Looks over fakes: what is found silent, what is lost, and what becomes of everything on it.

use contracts::{
    drain::Saga as DrainSaga, halt::Saga as HaltSaga, provision::Saga as ProvisionSaga,
    routes::WakeUp,
};
use domain::{
    backup::Backup,
    capacity::Capacity,
    id::{BlankId, WorkerId},
    plan::PlanId,
    project::{Project, Purpose, State as ProjectState},
    route::{Page, Target},
    worker::{Cordon, Event, FIRST_PORT, Holder, Reservation, State, Worker},
};
use jiff::SignedDuration;
use ports::{
    clock::Clock,
    fleet::{Change as WorkerChange, Fleet},
    heartbeats::Heartbeat,
    machines::{Machine, Power},
    projects::Projects,
    routes::{Change, Phase, RouteLog},
    sagas::{Course, Sagas},
};
use std::time::Duration;
use testkit::{
    clock::FakeClock, fleet::FakeFleet, heartbeats::FakeHeartbeats, logs::Logs,
    machines::FakeMachines, make, projects::FakeProjects, queue::FakeQueue, routes::FakeRouteLog,
    sagas::FakeSagas,
};
use worker_watch::{Look, MachineEvent, Trigger, WatchError, World, handle};

#[derive(Default)]
struct Bench {
    fleet: FakeFleet,
    heartbeats: FakeHeartbeats,
    machines: FakeMachines,
    projects: FakeProjects,
    routes: FakeRouteLog,
    wake_ups: FakeQueue<WakeUp>,
    looks: FakeQueue<Look>,
    drains: FakeSagas,
    halts: FakeSagas,
    provisions: FakeSagas,
    clock: FakeClock,
}

impl Bench {
    /// Workers `wrk_0` and so on: ready for an hour, running, heard of just now.
    fn with_workers(number: usize) -> Self {
        let bench = Self::default();
        for index in 0..number {
            bench.add(&index.to_string(), State::Ready);
            bench.beat(&index.to_string());
        }
        bench
    }

    fn add(&self, name: &str, state: State) {
        let changed_at = self.clock.now() - SignedDuration::from_hours(1);
        let worker = Worker { state, changed_at, ..make::worker(name, 4096) };
        let machine = Machine {
            id: format!("i-{name}"),
            worker: Some(worker.id.clone()),
            provider: worker.origin.provider,
            machine_type: worker.origin.machine_type.clone(),
            region: worker.origin.region.clone(),
            state: Power::Running,
            node_id: worker.node_id.clone(),
            address: worker.address,
            bought_at: changed_at,
        };
        self.machines.alive.borrow_mut().insert(worker.id.clone(), machine);
        self.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
    }

    fn beat(&self, name: &str) {
        let (node_id, at) = (format!("i-{name}"), self.clock.now());
        self.heartbeats.beat(Heartbeat { node_id, at, docker: true, containers: vec![] });
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Nobody hears of any worker for long enough.
    fn hush(&self) {
        self.wait(40);
    }

    /// A project called `body` at attempt 1, with a place on worker `name` and a route to it.
    async fn put(&self, body: &str, state: ProjectState, name: &str) -> Project {
        let project = Project { state, ..make::project_called(body) };
        let (worker, holder) = (id(name), Holder::from(project.id.clone()));
        let claim = self.claim(&project, self.free_port(name));
        self.fleet.reserve(&worker, &holder, &claim).await.expect("has room");
        let counted = self.fleet.count_in(project.plan, &claim.id, 9, claim.since).await;
        assert!(counted.expect("is up"));
        let address = self.worker(name).address.expect("has one");
        let change = Change {
            host: project.host.clone(),
            project_id: project.id.clone(),
            attempt: 1,
            phase: Phase::Serving,
            target: Some(Target::Upstream { address, port: claim.port }),
        };
        self.routes.record(&change).await.expect("recorded");
        project
    }

    /// Replaces the projects that there are.
    fn know(&mut self, projects: impl IntoIterator<Item = Project>) {
        self.projects = FakeProjects::of(projects);
    }

    fn claim(&self, project: &Project, port: u16) -> Reservation {
        Reservation {
            id: project.id.reservation(1),
            demand: Capacity { memory_mib: 512, cpu_millis: 250 },
            port,
            plan: PlanId::Standard,
            since: self.worker_changed(),
            warm: false,
            blank: None,
        }
    }

    fn worker_changed(&self) -> jiff::Timestamp {
        self.clock.now() - SignedDuration::from_hours(1)
    }

    /// Nothing is ever released before the last place is taken.
    fn free_port(&self, name: &str) -> u16 {
        FIRST_PORT + u16::try_from(self.worker(name).reservations.len()).expect("few")
    }

    fn worker(&self, name: &str) -> Worker {
        self.fleet.workers.borrow()[&id(name)].clone()
    }

    async fn run(&self, trigger: &Trigger) -> Result<(), WatchError> {
        let world = World {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            machines: &self.machines,
            projects: &self.projects,
            routes: &self.routes,
            wake_ups: &self.wake_ups,
            looks: &self.looks,
            drains: &self.drains,
            halts: &self.halts,
            provisions: &self.provisions,
            clock: &self.clock,
        };
        handle(&world, trigger).await
    }

    /// A look that does all it wants.
    async fn look(&self) {
        self.run(&Trigger::Look).await.expect("the look succeeds");
    }

    async fn project(&self, project: &Project) -> Project {
        self.projects.find(&project.id).await.expect("is up").expect("exists")
    }

    /// What went on from a backup, in the order in which it did.
    fn replaced(&self) -> Vec<String> {
        self.provisions.started().into_iter().map(|(name, _)| name).collect()
    }

    fn shows(&self, project: &Project) -> Option<Target> {
        self.routes.route(&project.host).and_then(|it| it.change.target)
    }

    fn lose(&self, name: &str) {
        self.machines.vanish(&id(name));
    }

    fn assert_settled(&self, name: &str) {
        let worker = self.worker(name);
        assert_eq!((worker.state, worker.reservations.len()), (State::Terminated, 0));
        assert!(!self.machines.alive.borrow().contains_key(&id(name)));
        self.fleet.assert_balanced();
    }
}

fn id(name: &str) -> WorkerId {
    WorkerId::new(name).expect("the name is plain")
}

fn event(file: &str) -> MachineEvent {
    let text = file.replace("i-0a1b2c3d4e5f60718", "i-0");
    match serde_json::from_str(&text).expect("a golden event") {
        Trigger::Machine(event) => event,
        other => panic!("{other:?} is no event of a machine"),
    }
}

fn interruption() -> Trigger {
    Trigger::Machine(event(include_str!("../../../events/worker-watch/interruption.json")))
}

fn rebalance() -> Trigger {
    Trigger::Machine(event(include_str!("../../../events/worker-watch/rebalance.json")))
}

fn terminated() -> Trigger {
    Trigger::Machine(event(include_str!("../../../events/worker-watch/terminated.json")))
}

const FAILED: Option<Target> = Some(Target::Page(Page::Failed));

#[tokio::test]
async fn a_minute_begins_with_a_look_and_asks_for_two_more() {
    let bench = Bench::with_workers(2);
    bench.run(&Trigger::Schedule).await.expect("succeeds");
    let asked: Vec<_> =
        bench.looks.sent_after().into_iter().map(|(delay, _)| delay.as_secs()).collect();
    assert_eq!(asked, [10, 20, 30, 40, 50]);
    bench.look().await;
    assert_eq!(bench.looks.sent().len(), 5, "a look from the queue asks for none");
}

#[tokio::test]
async fn neither_the_queue_nor_the_look_keeps_the_other_from_its_work() {
    let bench = Bench::with_workers(2);
    bench.hush();
    bench.beat("1");
    bench.looks.outage.begin(1);
    assert!(bench.run(&Trigger::Schedule).await.is_err(), "the queue was away");
    assert!(bench.worker("0").is_cordoned(), "it looked all the same");
    bench.fleet.outage.begin(1);
    assert!(bench.run(&Trigger::Schedule).await.is_err(), "the fleet was away");
    assert_eq!(bench.looks.sent().len(), 5, "the further looks come all the same");
}

#[tokio::test]
async fn workers_that_speak_are_left_alone_and_their_provider_is_not_asked() {
    let bench = Bench::with_workers(5);
    bench.wait(30);
    let before = bench.fleet.workers.borrow().clone();
    bench.machines.outage.begin(u32::MAX);
    bench.look().await;
    assert_eq!(*bench.fleet.workers.borrow(), before);
}

#[tokio::test]
async fn a_silent_worker_whose_machine_runs_is_cordoned_and_nothing_of_it_is_settled() {
    let mut bench = Bench::with_workers(3);
    let project = bench.put("a", ProjectState::Running, "0").await;
    bench.know([project.clone()]);
    bench.hush();
    bench.beat("1");
    bench.beat("2");
    let logs = Logs::catch();
    for look in 1..=3 {
        bench.look().await;
        let said = logs.lines(&["ERROR", "worker silent", "worker.id=wrk_0", "silent_s=40"]);
        assert_eq!(said.len(), look, "as long as it is silent the alarm stays");
    }
    let worker = bench.worker("0");
    assert_eq!((worker.state, worker.cordon), (State::Ready, Some(Cordon::Silent)));
    assert_eq!(worker.reservations.len(), 1);
    assert_eq!(bench.project(&project).await, project);
    assert_ne!(bench.shows(&project), FAILED);
    assert!(!bench.worker("1").is_cordoned());
}

#[tokio::test]
async fn a_worker_whose_docker_does_not_answer_is_as_good_as_silent() {
    let bench = Bench::with_workers(2);
    let (node_id, at) = ("i-0".to_owned(), bench.clock.now());
    bench.heartbeats.beat(Heartbeat { node_id, at, docker: false, containers: vec![] });
    let logs = Logs::catch();
    bench.look().await;
    assert!(bench.worker("0").is_cordoned() && !bench.worker("1").is_cordoned());
    assert_eq!(logs.lines(&["worker silent", "without_docker=true"]).len(), 1);
}

#[tokio::test]
async fn a_worker_that_speaks_again_takes_instances_again_and_a_drain_of_it_is_late() {
    let bench = Bench::with_workers(2);
    bench.hush();
    bench.beat("1");
    bench.look().await;
    assert_eq!(bench.worker("0").cordon, Some(Cordon::Silent));
    let silent_since = bench.worker("0").changed_at;
    bench.wait(10);
    bench.beat("0");
    bench.beat("1");
    let logs = Logs::catch();
    for round in ["once", "twice"] {
        bench.look().await;
        assert!(bench.worker("0").admits(), "{round}");
        assert_eq!(logs.lines(&["heard of again", "worker.id=wrk_0"]).len(), 1, "{round}");
    }
    assert!(bench.worker("0").changed_at > silent_since);
    assert!(logs.lines(&["worker silent"]).is_empty());
}

#[tokio::test]
async fn only_the_watchs_own_cordon_ends_with_the_silence() {
    for by in Cordon::ALL.into_iter().filter(|it| *it > Cordon::Silent) {
        let bench = Bench::with_workers(2);
        bench.hush();
        bench.beat("1");
        bench.look().await;
        bench.fleet.cordon(&id("0"), by).await.expect("is up");
        bench.look().await;
        assert_eq!(bench.worker("0").cordon, Some(by), "silence is no more than that");
        bench.beat("0");
        bench.look().await;
        assert_eq!(bench.worker("0").cordon, Some(by));
    }
}

#[tokio::test]
async fn a_lost_worker_is_found_by_the_fourth_look_after_its_last_heartbeat_and_all_of_it_is_settled()
 {
    let mut bench = Bench::with_workers(3);
    let ran = [
        bench.put("a", ProjectState::Running, "0").await,
        bench.put("b", ProjectState::Running, "0").await,
    ];
    let elsewhere = bench.put("c", ProjectState::Running, "1").await;
    bench.know(ran.iter().cloned().chain([elsewhere.clone()]));
    let blank = BlankId::new("x").expect("plain");
    let port = bench.free_port("0");
    let claim = Reservation { id: blank.reservation(), ..bench.claim(&ran[0], port) };
    bench.fleet.reserve(&id("0"), &Holder::from(blank), &claim).await.expect("has room");
    bench.lose("0");
    let logs = Logs::catch();
    // Looks are 10 seconds apart; the last heartbeat came right after one of them.
    for _ in 0..4 {
        bench.wait(10);
        bench.beat("1");
        bench.beat("2");
        bench.look().await;
    }
    bench.assert_settled("0");
    for project in &ran {
        let now = bench.project(project).await;
        assert_eq!((now.state, now.attempt), (ProjectState::Error, 1));
        assert!(now.reason.expect("is told why").contains("machine"));
        assert_eq!(bench.shows(project), FAILED);
    }
    assert_eq!(bench.wake_ups.sent().len(), 2);
    assert_eq!(bench.fleet.counted.borrow()[&PlanId::Standard].len(), 1, "only who still runs");
    assert_eq!(logs.lines(&["ERROR", "worker lost", "worker.id=wrk_0"]).len(), 1);
    assert_eq!(bench.project(&elsewhere).await, elsewhere);
    assert_eq!(bench.worker("1").reservations.len(), 1);
}

/// By the reaper, or by a look that died before it could say so.
#[tokio::test]
async fn a_worker_that_somebody_else_found_lost_is_reported_when_it_is_settled() {
    let bench = Bench::with_workers(1);
    let found = WorkerChange::by(Event::Lost, bench.clock.now());
    assert!(bench.fleet.change(&id("0"), &found).await.expect("is up"));
    let logs = Logs::catch();
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(logs.lines(&["ERROR", "worker lost", "worker.id=wrk_0"]).len(), 1);
}

#[tokio::test]
async fn what_is_left_of_a_stopped_machine_is_given_back_once_nothing_is_on_it() {
    let bench = Bench::with_workers(2);
    bench.machines.alive.borrow_mut().get_mut(&id("0")).expect("alive").state = Power::Stopped;
    bench.hush();
    bench.beat("1");
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.machines.alive.borrow().len(), 1);
}

#[tokio::test]
async fn a_provisioning_on_a_lost_worker_is_left_to_its_own_saga() {
    let mut bench = Bench::with_workers(2);
    let project = bench.put("a", ProjectState::Provisioning, "0").await;
    bench.know([project.clone()]);
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    for _ in 0..2 {
        bench.look().await;
        let worker = bench.worker("0");
        assert_eq!((worker.state, worker.reservations.len()), (State::Error, 1));
        assert_eq!(bench.project(&project).await, project);
    }
    // The saga's undo.
    let holder = Holder::from(project.id.clone());
    let reservation = project.id.reservation(1);
    let released = bench.fleet.release(&id("0"), &holder, &reservation, bench.clock.now()).await;
    released.expect("is up");
    bench.look().await;
    bench.assert_settled("0");
}

#[tokio::test]
async fn what_a_project_left_behind_is_released_and_the_project_stays_as_it_is() {
    let mut bench = Bench::with_workers(2);
    let old = bench.put("a", ProjectState::Running, "0").await;
    let now = Project { attempt: 2, ..old };
    let unknown = bench.put("b", ProjectState::Running, "0").await;
    bench.know([now.clone()]);
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.project(&now).await, now);
    assert!(bench.projects.find(&unknown.id).await.expect("is up").is_none());
    assert!(bench.wake_ups.sent().is_empty());
}

fn backed_up(project: Project) -> Project {
    let taken_at = project.created_at;
    let backup = Backup {
        attempt: 1,
        number: 1_795_262_400,
        sha256: Some("00".into()),
        bytes: 1,
        taken_at,
        replaces: None,
    };
    Project { backup: Some(backup), ..project }
}

/// Worker `0` with these projects, lost, and another one.
async fn bereft(projects: impl IntoIterator<Item = (&str, ProjectState)>) -> (Bench, Vec<Project>) {
    let mut bench = Bench::with_workers(2);
    let mut there = Vec::new();
    for (body, state) in projects {
        there.push(backed_up(bench.put(body, state, "0").await));
    }
    bench.know(there.clone());
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    (bench, there)
}

#[tokio::test]
async fn who_was_backed_up_goes_on_elsewhere_from_the_newest_backup() {
    let (bench, projects) = bereft([("a", ProjectState::Running)]).await;
    for round in ["once", "twice"] {
        bench.look().await;
        bench.assert_settled("0");
        let now = bench.project(&projects[0]).await;
        assert_eq!((now.state, now.attempt, &now.reason), (ProjectState::Pending, 2, &None));
        let [(name, input)] = bench.provisions.started().try_into().expect("one execution");
        assert_eq!(name, "provision-prj_a-2", "{round}");
        let saga: ProvisionSaga = serde_json::from_str(&input).expect("an input of the saga");
        assert_eq!(saga.restore.as_deref(), projects[0].backup.as_ref());
    }
    assert_ne!(bench.shows(&projects[0]), FAILED, "its provisioning shows that it gets ready");
    let counted = bench.fleet.counted.borrow();
    assert!(counted[&PlanId::Standard].is_empty(), "or the next attempt might be one too many");
}

#[tokio::test]
async fn a_machine_full_of_instances_is_no_storm_of_boots() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let (bench, _) = bereft(names.map(|it| (it, ProjectState::Running))).await;
    for replaced in [3, 6, 7] {
        bench.look().await;
        assert_eq!(bench.replaced().len(), replaced);
        assert_eq!(bench.worker("0").reservations.len(), 7 - replaced);
    }
    bench.assert_settled("0");
}

#[tokio::test]
async fn what_a_halt_may_still_bring_to_safety_is_left_to_it() {
    let (bench, projects) = bereft([("a", ProjectState::Halting)]).await;
    let halt = HaltSaga::of(&projects[0], Purpose::Suspend).execution_name();
    bench.halts.ensure_started(&halt, "{}").await.expect("is up");
    for _ in 0..2 {
        bench.look().await;
        assert_eq!(bench.project(&projects[0]).await, projects[0]);
        assert_eq!(bench.worker("0").reservations.len(), 1);
    }
    bench.halts.set_course(&halt, Course::Ended { at: bench.clock.now() });
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.replaced(), ["provision-prj_a-2"], "it ended without an effect");
}

/// Its data was complete when the machine went, and its saga has come no further.
#[tokio::test]
async fn what_was_about_to_go_on_elsewhere_does() {
    let (mut bench, projects) = bereft([("a", ProjectState::Halting)]).await;
    bench.know([Project { state: ProjectState::Pending, attempt: 2, ..projects[0].clone() }]);
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.replaced(), ["provision-prj_a-2"]);
}

#[tokio::test]
async fn a_replacement_that_breaks_off_anywhere_is_finished_by_later_looks() {
    type Break = fn(&Bench, u32, u32);
    let breaks: [(&str, Break); 4] = [
        ("the fleet", |it, after, calls| it.fleet.outage.begin_after(after, calls)),
        ("the projects", |it, after, calls| it.projects.outage.begin_after(after, calls)),
        ("the answers", |it, after, calls| it.projects.lost_answers.begin_after(after, calls)),
        ("the state machine", |it, after, calls| it.provisions.outage.begin_after(after, calls)),
    ];
    for (case, break_it) in breaks {
        let mut has_failed = 0;
        for after in 0..12 {
            let running = [("a", ProjectState::Running), ("b", ProjectState::Running)];
            let (bench, projects) = bereft(running).await;
            break_it(&bench, after, 1);
            for _ in 0..3 {
                has_failed += usize::from(bench.run(&Trigger::Look).await.is_err());
            }
            break_it(&bench, 0, 0);
            bench.assert_settled("0");
            let expected = ["provision-prj_a-2", "provision-prj_b-2"];
            let mut replaced = bench.replaced();
            replaced.sort();
            assert_eq!(replaced, expected, "{case} after {after}");
            for project in &projects {
                let now = bench.project(project).await;
                assert_eq!((now.state, now.attempt), (ProjectState::Pending, 2), "{case} {after}");
            }
        }
        assert!(has_failed > 0, "{case} is never asked");
    }
}

/// A call of some port fails, at each place in turn; looks go on until everything is settled.
#[tokio::test]
async fn a_settlement_that_breaks_off_anywhere_is_finished_by_later_looks() {
    type Break = fn(&Bench, u32, u32);
    let breaks: [(&str, Break); 5] = [
        ("the fleet", |it, after, calls| it.fleet.outage.begin_after(after, calls)),
        ("the provider", |it, after, calls| it.machines.outage.begin_after(after, calls)),
        ("the projects", |it, after, calls| it.projects.outage.begin_after(after, calls)),
        ("the routes", |it, after, calls| it.routes.outage.begin_after(after, calls)),
        ("the queue", |it, after, calls| it.wake_ups.outage.begin_after(after, calls)),
    ];
    for (case, break_it) in breaks {
        let mut has_failed = 0;
        for after in 0..12 {
            let mut bench = Bench::with_workers(2);
            let a = bench.put("a", ProjectState::Running, "0").await;
            let b = bench.put("b", ProjectState::Running, "0").await;
            bench.know([a.clone(), b.clone()]);
            bench.lose("0");
            bench.hush();
            bench.beat("1");
            break_it(&bench, after, 1);
            for _ in 0..3 {
                has_failed += usize::from(bench.run(&Trigger::Look).await.is_err());
            }
            break_it(&bench, 0, 0);
            bench.assert_settled("0");
            for project in [&a, &b] {
                let state = bench.project(project).await.state;
                assert_eq!(state, ProjectState::Error, "{case} after {after}");
                assert_eq!(bench.shows(project), FAILED, "{case} after {after}");
            }
            assert!(bench.wake_ups.sent().len() >= 2, "{case} after {after}");
        }
        assert!(has_failed > 0, "{case} is never asked");
    }
}

#[tokio::test]
async fn one_worker_that_cannot_be_settled_does_not_hold_up_the_others() {
    let mut bench = Bench::with_workers(3);
    let a = bench.put("a", ProjectState::Running, "0").await;
    let b = bench.put("b", ProjectState::Running, "1").await;
    bench.know([a, b]);
    bench.lose("0");
    bench.lose("1");
    bench.hush();
    bench.beat("2");
    bench.projects.outage.begin(1);
    let error = bench.run(&Trigger::Look).await.expect_err("one is left");
    assert!(matches!(error, WatchError::Unsettled(1)), "{error}");
    assert_eq!(bench.worker("0").state, State::Error);
    bench.assert_settled("1");
}

#[tokio::test]
async fn without_the_providers_answer_nobody_is_lost_and_the_silent_are_cordoned() {
    let bench = Bench::with_workers(2);
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    bench.machines.outage.begin(1);
    bench.run(&Trigger::Look).await.expect_err("says that it could not ask");
    let worker = bench.worker("0");
    assert_eq!((worker.state, worker.is_cordoned()), (State::Ready, true));
    bench.look().await;
    bench.assert_settled("0");
}

#[tokio::test]
async fn without_heartbeats_to_be_read_nobody_is_silent_and_old_losses_are_still_settled() {
    let bench = Bench::with_workers(2);
    bench.add("lost", State::Error);
    bench.hush();
    bench.heartbeats.outage.begin(1);
    bench.run(&Trigger::Look).await.expect_err("says that it could not read");
    assert!(!bench.worker("0").is_cordoned() && !bench.worker("1").is_cordoned());
    bench.assert_settled("lost");
}

#[tokio::test]
async fn when_most_fall_silent_at_once_nobody_is_cordoned_and_one_alarm_is_raised() {
    let bench = Bench::with_workers(5);
    bench.hush();
    bench.beat("3");
    bench.beat("4");
    let logs = Logs::catch();
    bench.look().await;
    assert!(bench.fleet.workers.borrow().values().all(|it| !it.is_cordoned()));
    assert_eq!(logs.lines(&["ERROR", "worker silent", "silent=3", "watched=5"]).len(), 1);
    assert_eq!(logs.lines(&["worker silent"]).len(), 1);
}

#[tokio::test]
async fn in_a_mass_silence_those_whose_machines_are_gone_are_lost_all_the_same() {
    let bench = Bench::with_workers(6);
    bench.hush();
    bench.beat("5");
    bench.lose("0");
    bench.look().await;
    bench.assert_settled("0");
    let cordoned = bench.fleet.workers.borrow().values().filter(|it| it.is_cordoned()).count();
    assert_eq!(cordoned, 0);
}

#[tokio::test]
async fn a_thousand_silent_workers_are_one_question_to_the_provider() {
    let bench = Bench::with_workers(1000);
    bench.lose("7");
    bench.hush();
    // One list, and then `find` for what is left of the one that is gone.
    bench.machines.outage.begin_after(2, u32::MAX);
    bench.look().await;
    bench.assert_settled("7");
}

#[tokio::test]
async fn what_we_stop_and_start_ourselves_is_not_watched() {
    let bench = Bench::with_workers(2);
    let ours = [State::Provisioning, State::Starting, State::Draining, State::WarmStopped];
    for state in ours {
        let name = format!("{state:?}").to_lowercase();
        bench.add(&name, state);
        bench.lose(&name);
    }
    bench.wait(30);
    let before = bench.fleet.workers.borrow().clone();
    bench.look().await;
    assert_eq!(*bench.fleet.workers.borrow(), before);
}

#[tokio::test]
async fn a_spot_worker_that_is_about_to_go_is_cordoned_at_once() {
    use Cordon::{Interruption, Rebalance};
    let cases = [
        ("ERROR", "spot interruption", interruption(), Interruption),
        ("WARN", "rebalance recommendation", rebalance(), Rebalance),
    ];
    for (level, message, trigger, by) in cases {
        let bench = Bench::with_workers(2);
        let logs = Logs::catch();
        bench.run(&trigger).await.expect("succeeds");
        assert_eq!((bench.worker("0").cordon, bench.worker("1").cordon), (Some(by), None));
        assert_eq!(bench.worker("0").state, State::Ready, "{message}");
        assert_eq!(logs.lines(&[level, message, "worker.id=wrk_0"]).len(), 1, "{message}");
    }
}

#[tokio::test]
async fn what_runs_on_a_worker_that_is_about_to_go_moves_away_at_once() {
    use Cordon::{Interruption, Rebalance};
    for (trigger, by) in [(interruption(), Interruption), (rebalance(), Rebalance)] {
        let bench = Bench::with_workers(2);
        bench.put("a", ProjectState::Running, "0").await;
        for round in ["once", "twice"] {
            bench.run(&trigger).await.expect("succeeds");
            let [(_, input)] = bench.drains.started().try_into().expect("one execution");
            let saga: DrainSaga = serde_json::from_str(&input).expect("an input of the saga");
            assert_eq!((saga.worker_id, saga.empties), (id("0"), Some(by)), "{round}");
        }
        let empty = Bench::with_workers(2);
        empty.run(&trigger).await.expect("succeeds");
        assert!(empty.drains.started().is_empty(), "there is nobody to move");
        let kept = Bench::with_workers(2);
        kept.put("a", ProjectState::Running, "0").await;
        kept.fleet.cordon(&id("0"), Cordon::Operator).await.expect("is up");
        kept.run(&trigger).await.expect("succeeds");
        let moves = usize::from(by == Interruption);
        assert_eq!(kept.drains.started().len(), moves, "an operator's, {by:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_machine_is_settled_without_waiting_for_silence() {
    let mut bench = Bench::with_workers(2);
    let project = bench.put("a", ProjectState::Running, "0").await;
    bench.know([project.clone()]);
    bench.lose("0");
    bench.run(&terminated()).await.expect("succeeds");
    bench.assert_settled("0");
    assert_eq!(bench.project(&project).await.state, ProjectState::Error);
}

#[tokio::test]
async fn an_event_that_the_provider_does_not_confirm_changes_nothing() {
    let bench = Bench::with_workers(2);
    let before = bench.fleet.workers.borrow().clone();
    bench.run(&terminated()).await.expect("succeeds");
    assert_eq!(*bench.fleet.workers.borrow(), before, "its machine runs");
}

#[tokio::test]
async fn events_about_machines_of_others_change_nothing() {
    let bench = Bench::default();
    bench.add("somebody", State::Ready);
    bench.beat("somebody");
    let before = bench.fleet.workers.borrow().clone();
    for trigger in [interruption(), rebalance(), terminated()] {
        bench.run(&trigger).await.expect("succeeds");
    }
    assert_eq!(*bench.fleet.workers.borrow(), before);
}

#[tokio::test]
async fn a_machine_that_we_stopped_ourselves_is_no_loss() {
    let bench = Bench::default();
    bench.add("0", State::WarmStopped);
    bench.machines.alive.borrow_mut().get_mut(&id("0")).expect("alive").state = Power::Stopped;
    bench.run(&terminated()).await.expect("succeeds");
    assert_eq!(bench.worker("0").state, State::WarmStopped);
    assert_eq!(bench.machines.alive.borrow().len(), 1);
}
