//! Whole passes over fakes: each kind of orphan is removed once, and what somebody owns never.

use contracts::routes::WakeUp;
use domain::{
    id::{BlankId, ProjectId, WorkerId},
    offering::Provider,
    plan::PlanId,
    project::{Project, State as ProjectState},
    route::{Page, Target},
    worker::{FIRST_PORT, Holder, Reservation, State, Worker},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Unavailable,
    bundles::Bundles,
    clock::Clock,
    fleet::Fleet,
    heartbeats::{Container, Heartbeat, Heartbeats},
    machines::{Machine, Power},
    routes::{Change, Phase, RouteLog},
};
use reaper::{Limits, ReapError, World, handle};
use std::collections::BTreeMap;
use testkit::{
    bundles::FakeBundles, clock::FakeClock, commands::FakeCommands, fleet::FakeFleet,
    heartbeats::FakeHeartbeats, logs::Logs, machines::FakeMachines, make, projects::FakeProjects,
    queue::FakeQueue, routes::FakeRouteLog,
};

#[derive(Default)]
struct Bench {
    machines: FakeMachines,
    heartbeats: FakeHeartbeats,
    bundles: FakeBundles,
    routes: FakeRouteLog,
    fleet: FakeFleet,
    projects: FakeProjects,
    commands: FakeCommands,
    wake_ups: FakeQueue<WakeUp>,
    clock: FakeClock,
    limits: Limits,
}

impl Bench {
    /// Ready workers `a` to `d`, each with its machine and heartbeat. Each runs two projects, with a
    /// route to them: `prj_a0`, `prj_a1`, `prj_b0` and so on.
    async fn in_order() -> Self {
        let mut bench = Self::default();
        let mut projects = Vec::new();
        for name in ["a", "b", "c", "d"] {
            bench.add(name, State::Ready, 600);
            for number in 0..2 {
                let id = format!("{name}{number}");
                projects.push(bench.settle_in(name, number, running(&id)).await);
            }
        }
        bench.projects = FakeProjects::of(projects);
        bench
    }

    fn ago(&self, minutes: i64) -> Timestamp {
        self.clock.now() - SignedDuration::from_mins(minutes)
    }

    /// A worker that has been in `state` for so many minutes, and its machine.
    fn add(&self, name: &str, state: State, minutes: i64) {
        let address = [10, 0, 0, name.as_bytes()[0]].into();
        let worker = Worker {
            state,
            changed_at: self.ago(minutes),
            address: Some(address),
            ..make::worker(name, 16_384)
        };
        self.add_machine(&worker.id, &format!("i-{name}"), minutes);
        self.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
        self.hear(name, &[]);
    }

    fn add_machine(&self, worker: &WorkerId, id: &str, minutes: i64) {
        let machine = Machine {
            id: id.to_owned(),
            worker: Some(worker.clone()),
            provider: make::origin().provider,
            machine_type: make::origin().machine_type,
            region: make::origin().region,
            state: Power::Running,
            node_id: Some(id.to_owned()),
            address: None,
            bought_at: self.ago(minutes),
        };
        self.machines.alive.borrow_mut().insert(worker.clone(), machine);
    }

    fn hear(&self, name: &str, containers: &[Container]) {
        let (node_id, at, docker) = (format!("i-{name}"), self.clock.now(), true);
        self.heartbeats.beat(Heartbeat { node_id, at, docker, containers: containers.to_vec() });
    }

    /// Something that runs on a worker, and that its heartbeat lists.
    fn run_on(&self, name: &str, holder: impl Into<Holder>, generation: u32) {
        let (node, holder) = (format!("i-{name}"), holder.into());
        let place = (node.clone(), holder.to_string());
        self.commands.containers.borrow_mut().insert(place, generation);
        let mut last = self.heartbeats.last.borrow_mut();
        let heartbeat = last.get_mut(&node).expect("the worker was heard of");
        heartbeat.containers.push(Container { holder, generation, sight: None });
    }

    /// A place for `holder` that is so many minutes old.
    async fn reserve(&self, name: &str, holder: impl Into<Holder>, claim: Reservation) {
        let reserved = self.fleet.reserve(&worker(name), &holder.into(), &claim).await;
        reserved.expect("has room");
    }

    fn claim(&self, project: &Project, number: u16, minutes: i64) -> Reservation {
        Reservation {
            id: project.id.reservation(project.attempt),
            demand: project.plan.plan().limits,
            port: FIRST_PORT + number,
            plan: project.plan,
            since: self.ago(minutes),
            warm: false,
            blank: None,
        }
    }

    /// Place, container and route of `project`.
    async fn settle_in(&self, name: &str, number: u16, project: Project) -> Project {
        self.reserve(name, project.id.clone(), self.claim(&project, number, 600)).await;
        self.run_on(name, project.id.clone(), project.attempt);
        self.publish(name, number, &project).await;
        project
    }

    async fn publish(&self, name: &str, number: u16, project: &Project) {
        let address = self.worker(name).address.expect("has one");
        let change = Change {
            host: project.host.clone(),
            project_id: project.id.clone(),
            attempt: project.attempt,
            phase: Phase::Serving,
            target: Some(Target::Upstream { address, port: FIRST_PORT + number }),
        };
        self.routes.record(&change).await.expect("recorded");
    }

    /// Replaces one of the projects that there are, or adds one.
    async fn know(&mut self, project: Project) {
        let mut projects = vec![project];
        for name in ["a0", "a1", "b0", "b1", "c0", "c1", "d0", "d1"] {
            use ports::projects::Projects;
            let known = self.projects.find(&make::project_id(name)).await.expect("is up");
            projects.extend(known.filter(|it| it.id != projects[0].id));
        }
        self.projects = FakeProjects::of(projects);
    }

    /// So many minutes ago.
    async fn count(&self, project: &Project, minutes: i64) {
        let (reservation, at) = (project.id.reservation(project.attempt), self.ago(minutes));
        let counted = self.fleet.count_in(project.plan, &reservation, 9, at).await;
        assert!(counted.expect("is up"));
    }

    fn counted(&self) -> usize {
        self.fleet.counted.borrow().values().map(BTreeMap::len).sum()
    }

    fn worker(&self, name: &str) -> Worker {
        self.fleet.workers.borrow()[&worker(name)].clone()
    }

    fn shows(&self, project: &Project) -> Option<Target> {
        self.routes.route(&project.host).and_then(|it| it.change.target)
    }

    async fn pass(&self) -> Result<(), ReapError> {
        self.pass_hearing(&self.heartbeats).await
    }

    async fn pass_hearing(&self, heartbeats: &impl Heartbeats) -> Result<(), ReapError> {
        let world = World {
            machines: &self.machines,
            heartbeats,
            bundles: &self.bundles,
            routes: &self.routes,
            fleet: &self.fleet,
            projects: &self.projects,
            commands: &self.commands,
            wake_ups: &self.wake_ups,
            clock: &self.clock,
            limits: &self.limits,
        };
        handle(&world).await
    }

    /// Two passes, which must be as good as one.
    async fn twice(&self) {
        for _ in 0..2 {
            self.pass().await.expect("the pass succeeds");
            self.fleet.assert_balanced();
        }
    }

    /// Everything that a pass may change.
    fn state(&self) -> String {
        let containers = self.commands.containers.borrow();
        let (machines, fleet) = (self.machines.alive.borrow(), self.fleet.workers.borrow());
        let (bundles, sent) = (self.bundles.stored.borrow(), self.wake_ups.sent());
        let routes = self.routes.entries();
        format!("{containers:?} {machines:?} {fleet:?} {bundles:?} {sent:?} {routes:?}")
    }
}

fn worker(name: &str) -> WorkerId {
    WorkerId::new(name).expect("the name is plain")
}

fn running(id: &str) -> Project {
    Project { state: ProjectState::Running, ..make::project_called(id) }
}

fn failed(id: &str) -> Project {
    Project { state: ProjectState::Error, ..running(id) }
}

const FAILED: Option<Target> = Some(Target::Page(Page::Failed));

#[tokio::test]
async fn what_has_its_owner_is_left_alone() {
    let bench = Bench::in_order().await;
    let before = bench.state();
    bench.twice().await;
    assert_eq!(bench.state(), before);
    assert!(bench.commands.log.borrow().is_empty());
}

#[tokio::test]
async fn a_machine_of_nobody_is_given_back_and_the_log_says_why() {
    let bench = Bench::in_order().await;
    bench.add_machine(&worker("z"), "i-z", 20);
    let logs = Logs::catch();
    bench.twice().await;
    assert!(!bench.machines.alive.borrow().contains_key(&worker("z")));
    assert_eq!(bench.machines.alive.borrow().len(), 4);
    assert_eq!(logs.lines(&["reaped", "Machine", "i-z", "`wrk_z` is not recorded"]).len(), 1);
}

#[tokio::test]
async fn a_machine_of_a_terminated_worker_is_given_back() {
    let bench = Bench::in_order().await;
    bench.add("z", State::Terminated, 1);
    bench.twice().await;
    assert!(!bench.machines.alive.borrow().contains_key(&worker("z")));
}

#[tokio::test]
async fn a_worker_that_never_became_ready_is_lost() {
    let bench = Bench::in_order().await;
    bench.add("p", State::Provisioning, 31);
    bench.twice().await;
    assert_eq!(bench.worker("p").state, State::Error);
    // What is left of it is for `worker-watch`.
    assert!(bench.machines.alive.borrow().contains_key(&worker("p")));
}

#[tokio::test]
async fn a_stopped_worker_whose_machine_is_gone_is_lost() {
    let bench = Bench::in_order().await;
    bench.add("s", State::WarmStopped, 31);
    bench.pass().await.expect("succeeds");
    assert_eq!(bench.worker("s").state, State::WarmStopped, "its machine is there");
    bench.machines.vanish(&worker("s"));
    bench.twice().await;
    assert_eq!(bench.worker("s").state, State::Error);
}

#[tokio::test]
async fn a_place_of_a_failed_attempt_is_given_back_after_its_container() {
    let mut bench = Bench::in_order().await;
    let project = failed("a0");
    bench.know(project.clone()).await;
    bench.count(&project, 600).await;
    bench.commands.unreachable.set(true);
    let error = bench.pass().await.expect_err("the worker takes no commands");
    assert!(matches!(error, ReapError::Unrepaired(1)), "{error}");
    assert!(bench.worker("a").held_by(&project.id).is_some(), "its container may still run");
    bench.commands.unreachable.set(false);
    bench.hear("a", &[Container { holder: running("a1").id.into(), generation: 1, sight: None }]);
    bench.run_on("a", project.id.clone(), 1);
    bench.pass().await.expect("succeeds");
    bench.hear("a", &[Container { holder: running("a1").id.into(), generation: 1, sight: None }]);
    bench.twice().await;
    assert!(bench.worker("a").held_by(&project.id).is_none());
    assert!(bench.commands.containers_of(project.id.as_str()).is_empty());
    assert!(bench.fleet.given_up.borrow().contains(&project.id.reservation(1)));
    assert!(bench.fleet.counted.borrow()[&PlanId::Standard].is_empty());
    assert_eq!(bench.commands.log.borrow().len(), 1, "removed once");
    assert!(bench.worker("a").held_by(&running("a1").id).is_some());
}

#[tokio::test]
async fn a_route_to_a_place_that_is_gone_shows_that_nothing_runs() {
    let mut bench = Bench::in_order().await;
    let project = failed("a0");
    bench.know(project.clone()).await;
    bench.pass().await.expect("succeeds");
    bench.hear("a", &[Container { holder: running("a1").id.into(), generation: 1, sight: None }]);
    assert_ne!(bench.shows(&project), FAILED, "its place was there until this pass");
    bench.twice().await;
    assert_eq!(bench.shows(&project), FAILED);
    assert_eq!(bench.wake_ups.sent().len(), 1, "and then there is nothing more to do");
}

#[tokio::test]
async fn a_container_without_a_place_is_removed() {
    let bench = Bench::in_order().await;
    let stranger = make::project_id("stranger");
    bench.run_on("a", stranger.clone(), 3);
    bench.twice().await;
    assert!(bench.commands.containers_of(stranger.as_str()).is_empty());
    assert_eq!(bench.commands.containers.borrow().len(), 8, "everybody else runs on");
}

#[tokio::test]
async fn an_instance_that_runs_by_its_record_is_never_removed_only_reported() {
    let mut bench = Bench::in_order().await;
    let project = running("x");
    bench.know(project.clone()).await;
    bench.run_on("a", project.id.clone(), 1);
    bench.publish("a", 9, &project).await;
    let before = bench.state();
    let logs = Logs::catch();
    bench.twice().await;
    assert_eq!(bench.state(), before);
    let told = |kind| logs.lines(&["ERROR", "records contradict each other", kind]).len();
    assert_eq!((told("Container"), told("Route")), (2, 2));
}

#[tokio::test]
async fn a_blank_that_was_forgotten_goes_with_its_container() {
    let bench = Bench::in_order().await;
    let blank = BlankId::new("old").expect("plain");
    let claim = Reservation { id: blank.reservation(), ..bench.claim(&running("a0"), 5, 25 * 60) };
    bench.reserve("a", blank.clone(), Reservation { warm: true, ..claim }).await;
    bench.run_on("a", blank.clone(), 1);
    bench.twice().await;
    assert!(!bench.worker("a").reservations.contains_key(&Holder::from(blank.clone())));
    assert!(bench.commands.containers_of(blank.as_str()).is_empty());
}

#[tokio::test]
async fn every_bundle_that_nobody_can_fetch_goes_though_there_are_no_others() {
    let bench = Bench::in_order().await;
    let project = |number: u32| make::project_id(&number.to_string());
    for number in 0..10 {
        bench.bundles.leave(&project(number).into(), 1, bench.ago(16));
    }
    bench.bundles.leave(&project(99).into(), 1, bench.ago(1));
    bench.twice().await;
    assert_eq!(bench.bundles.list().await.expect("is up").len(), 1);
}

#[tokio::test]
async fn a_pass_removes_so_much_of_a_kind_and_the_next_one_goes_on() {
    let bench = Bench {
        limits: Limits { most_per_pass: 4, ..Limits::default() },
        ..Bench::in_order().await
    };
    for number in 0..10 {
        bench.bundles.leave(&make::project_id(&number.to_string()).into(), 1, bench.ago(16));
    }
    for left in [6, 2, 0] {
        bench.pass().await.expect("succeeds");
        assert_eq!(bench.bundles.stored.borrow().len(), left);
    }
}

#[tokio::test]
async fn a_fleet_that_seems_to_be_nobodys_is_left_alone_with_an_alarm_while_the_rest_is_reaped() {
    let mut bench = Bench::in_order().await;
    // As if the stage read another's table, or an empty one.
    bench.fleet = FakeFleet::default();
    bench.projects = FakeProjects::default();
    bench.bundles.leave(&make::project_id("z").into(), 1, bench.ago(16));
    let (machines, routes) = (bench.machines.alive.borrow().clone(), bench.routes.entries());
    let logs = Logs::catch();
    bench.pass().await.expect("succeeds");
    assert_eq!(*bench.machines.alive.borrow(), machines);
    assert_eq!(bench.routes.entries(), routes);
    assert!(bench.bundles.stored.borrow().is_empty());
    let stopped = |kind| logs.lines(&["ERROR", "reaper stopped itself", kind, "found="]).len();
    assert_eq!((stopped("Machine"), stopped("Route"), stopped("Bundle")), (1, 1, 0));
}

#[tokio::test]
async fn if_a_single_source_does_not_answer_nothing_is_removed() {
    type Break = fn(&Bench);
    let breaks: [(&str, Break); 6] = [
        ("machines", |it| it.machines.outage.begin(1)),
        ("heartbeats", |it| it.heartbeats.outage.begin(1)),
        ("bundles", |it| it.bundles.outage.begin(1)),
        ("routes", |it| it.routes.outage.begin(1)),
        ("workers", |it| it.fleet.outage.begin(1)),
        ("projects", |it| it.projects.outage.begin(1)),
    ];
    for (case, break_it) in breaks {
        let bench = Bench::in_order().await;
        bench.add_machine(&worker("z"), "i-z", 20);
        bench.bundles.leave(&make::project_id("z").into(), 1, bench.ago(16));
        let before = bench.state();
        break_it(&bench);
        let error = bench.pass().await.expect_err(case);
        assert!(matches!(error, ReapError::Listing(_)), "{case}: {error}");
        assert_eq!(bench.state(), before, "{case}");
        bench.pass().await.expect("the next one succeeds");
        assert_ne!(bench.state(), before, "{case}");
    }
}

#[tokio::test]
async fn a_repair_that_fails_fails_the_pass_and_not_the_other_repairs() {
    let bench = Bench::in_order().await;
    bench.run_on("a", make::project_id("s"), 1);
    bench.run_on("a", make::project_id("t"), 1);
    bench.run_on("b", make::project_id("u"), 1);
    bench.commands.cut_off.borrow_mut().insert("i-a".to_owned());
    bench.bundles.leave(&make::project_id("z").into(), 1, bench.ago(16));
    // More than the share, which is not what this is about.
    let bench = Bench { limits: Limits { stop_least: 9, ..Limits::default() }, ..bench };
    let error = bench.pass().await.expect_err("two are left");
    assert!(matches!(error, ReapError::Unrepaired(2)), "{error}");
    assert!(bench.commands.containers_of("prj_u").is_empty());
    assert!(bench.bundles.stored.borrow().is_empty());
    bench.commands.cut_off.borrow_mut().clear();
    bench.twice().await;
    assert_eq!(bench.commands.containers.borrow().len(), 8);
}

#[tokio::test]
async fn a_count_without_a_place_is_taken_back_and_a_late_claim_finds_the_tombstone() {
    let bench = Bench::in_order().await;
    let (leaked, young) = (running("leaked"), running("young"));
    bench.count(&running("a0"), 600).await;
    bench.count(&leaked, 30).await;
    bench.count(&young, 29).await;
    let logs = Logs::catch();
    bench.twice().await;
    assert_eq!(bench.counted(), 2, "who is placed, and who may be on the way");
    assert_eq!(logs.lines(&["reaped", "Count", "rsv_leaked-1"]).len(), 1);
    assert!(bench.fleet.is_given_up(&leaked.id.reservation(1)).await.expect("is up"));
    assert!(!bench.fleet.is_given_up(&young.id.reservation(1)).await.expect("is up"));
}

#[tokio::test]
async fn when_most_counts_seem_leaked_none_is_taken_back() {
    let bench = Bench::in_order().await;
    for name in ["x", "y", "z"] {
        bench.count(&running(name), 600).await;
    }
    let logs = Logs::catch();
    bench.twice().await;
    assert_eq!(bench.counted(), 3);
    assert_eq!(logs.lines(&["reaper stopped itself", "Count"]).len(), 2);
}

#[tokio::test]
async fn a_drain_that_nobody_goes_on_with_ends_where_its_machine_is() {
    use Provider::{Ec2, Hetzner};
    let cases = [
        (Power::Stopped, Ec2, State::WarmStopped, true),
        // It costs the same when it is off.
        (Power::Stopped, Hetzner, State::Terminated, false),
        (Power::Running, Ec2, State::Ready, true),
        (Power::Stopping, Ec2, State::Draining, true),
    ];
    for (power, provider, expected, stays) in cases {
        let case = format!("{power:?} at {provider:?}");
        let bench = Bench::in_order().await;
        bench.add("z", State::Draining, 30);
        let id = worker("z");
        bench.machines.alive.borrow_mut().get_mut(&id).expect("alive").state = power;
        let mut drained = bench.worker("z");
        drained.origin.provider = provider;
        bench.fleet.workers.borrow_mut().insert(id.clone(), drained);
        bench.twice().await;
        assert_eq!(bench.worker("z").state, expected, "{case}");
        assert_eq!(bench.machines.alive.borrow().contains_key(&id), stays, "{case}");
    }
}

#[tokio::test]
async fn a_drain_that_may_still_be_under_way_is_left_alone() {
    let bench = Bench::in_order().await;
    bench.add("z", State::Draining, 29);
    bench.machines.alive.borrow_mut().get_mut(&worker("z")).expect("alive").state = Power::Stopped;
    bench.twice().await;
    assert_eq!(bench.worker("z").state, State::Draining);
}

/// While workers are heard, a project is placed and launched on one of them.
struct LaunchesMeanwhile<'a> {
    bench: &'a Bench,
    project: Project,
}

impl Heartbeats for LaunchesMeanwhile<'_> {
    async fn last_of(&self, nodes: &[String]) -> Result<Vec<Heartbeat>, Unavailable> {
        let Self { bench, project } = self;
        bench.reserve("a", project.id.clone(), bench.claim(project, 7, 0)).await;
        bench.run_on("a", project.id.clone(), 1);
        bench.heartbeats.last_of(nodes).await
    }
}

#[tokio::test]
async fn what_is_launched_during_a_pass_is_not_taken_for_nobodys() {
    let bench = Bench::in_order().await;
    let project = Project { state: ProjectState::Provisioning, ..running("x") };
    let heartbeats = LaunchesMeanwhile { bench: &bench, project: project.clone() };
    bench.pass_hearing(&heartbeats).await.expect("succeeds");
    assert_eq!(bench.commands.containers_of(project.id.as_str()).len(), 1);
    assert!(bench.commands.log.borrow().is_empty());
}

/// While workers are heard, a project takes the blank over, whose last heartbeat still has its name.
struct ClaimsMeanwhile<'a> {
    bench: &'a Bench,
    blank: BlankId,
    project: ProjectId,
}

impl Heartbeats for ClaimsMeanwhile<'_> {
    async fn last_of(&self, nodes: &[String]) -> Result<Vec<Heartbeat>, Unavailable> {
        let Self { bench, blank, project } = self;
        let last = bench.heartbeats.last_of(nodes).await?;
        let held = bench.worker("a").reservations[&Holder::from(blank.clone())].clone();
        let (id, since) = (project.reservation(1), bench.clock.now());
        let claim =
            Reservation { id, since, warm: false, blank: Some(blank.clone()), ..held.clone() };
        let claimed = bench.fleet.claim_blank(&worker("a"), blank, &held, project, &claim).await;
        claimed.expect("it was warm");
        Ok(last)
    }
}

#[tokio::test]
async fn a_blank_that_is_taken_over_during_a_pass_stays_however_old_it_is() {
    let bench = Bench::in_order().await;
    let blank = BlankId::new("old").expect("plain");
    let claim = Reservation { id: blank.reservation(), ..bench.claim(&running("a0"), 5, 25 * 60) };
    bench.reserve("a", blank.clone(), Reservation { warm: true, ..claim }).await;
    bench.run_on("a", blank.clone(), 1);
    let project = make::project_id("x");
    let heartbeats =
        ClaimsMeanwhile { bench: &bench, blank: blank.clone(), project: project.clone() };
    bench.pass_hearing(&heartbeats).await.expect("succeeds");
    assert!(bench.worker("a").held_by(&project).is_some());
    assert_eq!(bench.commands.containers_of(blank.as_str()).len(), 1);
}
