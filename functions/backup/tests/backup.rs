//! Passes over workers, projects and a store in memory.

use backup::{Round, World, handle};
use domain::{
    backup::Backup,
    plan::PlanId,
    project::{Project, State},
    worker::{Holder, Reservation, Worker},
};
use jiff::SignedDuration;
use ports::{clock::Clock, projects::Projects};
use std::time::Duration;
use testkit::{
    backups::{BYTES, FakeBackups},
    clock::FakeClock,
    commands::FakeCommands,
    fleet::FakeFleet,
    logs::Logs,
    make,
    outage::killed_after,
    projects::FakeProjects,
};

const NODE: &str = "i-one";

struct Bench {
    projects: FakeProjects,
    fleet: FakeFleet,
    commands: FakeCommands,
    backups: FakeBackups,
    clock: FakeClock,
}

fn running(body: &str) -> Project {
    Project { state: State::Running, ..make::project_called(body) }
}

fn place(project: &Project) -> (Holder, Reservation) {
    let reservation = Reservation {
        id: project.id.reservation(project.attempt),
        demand: project.plan.plan().limits,
        port: 18_789,
        plan: PlanId::Standard,
        since: project.created_at,
        warm: false,
        blank: None,
    };
    (Holder::from(project.id.clone()), reservation)
}

impl Bench {
    /// All of them run on one worker.
    fn with(projects: &[Project]) -> Self {
        let reservations = projects.iter().map(place).collect();
        let bench = Self {
            projects: FakeProjects::of(projects.to_vec()),
            fleet: FakeFleet::of([Worker { reservations, ..make::worker("one", 65_536) }]),
            commands: FakeCommands::default(),
            backups: FakeBackups::default(),
            clock: FakeClock::default(),
        };
        for it in projects {
            let place = (NODE.to_owned(), it.id.to_string());
            bench.commands.containers.borrow_mut().insert(place, it.attempt);
        }
        bench
    }

    async fn pass(&self) -> Round {
        let world = self.world();
        handle(&world).await.expect("lists what runs")
    }

    fn world(
        &self,
    ) -> World<'_, FakeProjects, FakeProjects, FakeFleet, FakeCommands, FakeBackups, FakeClock>
    {
        World {
            census: &self.projects,
            projects: &self.projects,
            fleet: &self.fleet,
            commands: &self.commands,
            backups: &self.backups,
            clock: &self.clock,
        }
    }

    fn later(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }

    async fn known(&self, project: &Project) -> Option<Backup> {
        self.projects.find(&project.id).await.expect("is up").expect("is there").backup
    }

    /// How many archives are stored.
    fn stored(&self) -> usize {
        self.backups.stored.borrow().len()
    }
}

#[tokio::test]
async fn what_runs_is_backed_up_each_hour_and_recorded_as_of_when_it_was_begun() {
    let project = running("a");
    let bench = Bench::with(std::slice::from_ref(&project));
    let round = bench.pass().await;
    assert_eq!((round.running, round.taken, round.failed), (1, 1, 0));
    let first = bench.known(&project).await.expect("is recorded");
    let now = bench.clock.now();
    assert_eq!((first.attempt, first.bytes, first.taken_at), (1, BYTES, now));
    assert_eq!(i64::from(first.number), now.as_second());

    bench.later(15);
    assert_eq!(bench.pass().await.taken, 0, "it is not due again");
    bench.commands.write(NODE, project.id.as_str());
    bench.later(45);
    assert_eq!(bench.pass().await.taken, 1);
    let second = bench.known(&project).await.expect("is recorded");
    assert!(second.number > first.number && second.sha256 != first.sha256);
    assert!(bench.backups.stored.borrow().contains_key(&(project.id, 1, second.number)));
}

#[tokio::test]
async fn what_is_unchanged_is_as_good_as_new_and_keeps_its_archive() {
    let project = running("a");
    let bench = Bench::with(std::slice::from_ref(&project));
    bench.pass().await;
    let first = bench.known(&project).await.expect("is recorded");
    bench.later(60);
    let round = bench.pass().await;
    assert_eq!((round.taken, round.unchanged), (0, 1));
    let taken_at = bench.clock.now();
    assert_eq!(bench.known(&project).await, Some(Backup { taken_at, ..first }));
    assert_eq!(bench.pass().await.unchanged, 0, "nor is it due again");
}

#[tokio::test]
async fn a_lost_answer_is_made_up_for_by_the_next_pass() {
    let project = running("a");
    let bench = Bench::with(std::slice::from_ref(&project));
    bench.commands.lose_answer.set(true);
    assert_eq!(bench.pass().await.failed, 1);
    assert_eq!(bench.known(&project).await, None);
    bench.later(15);
    assert_eq!(bench.pass().await.taken, 1, "the worker is not asked about what nobody knows");
    assert!(bench.known(&project).await.is_some());
}

#[tokio::test]
async fn a_record_whose_answer_is_lost_is_there() {
    let project = running("a");
    let bench = Bench::with(std::slice::from_ref(&project));
    bench.projects.lost_answers.begin(1);
    assert_eq!(bench.pass().await.failed, 1);
    let known = bench.known(&project).await.expect("took effect");
    assert_eq!(bench.pass().await.taken, 0, "and is not due again");
    assert_eq!(bench.known(&project).await, Some(known));
}

/// What the store has not all of is nobody's backup, and the one before it stays on record.
#[tokio::test]
async fn what_has_not_arrived_is_not_recorded() {
    let project = running("a");
    let bench = Bench::with(std::slice::from_ref(&project));
    bench.pass().await;
    let first = bench.known(&project).await;
    bench.commands.write(NODE, project.id.as_str());
    bench.backups.arrives_as.set(Some(BYTES - 1));
    bench.later(60);
    assert_eq!(bench.pass().await.failed, 1);
    assert_eq!(bench.known(&project).await, first);
}

#[tokio::test]
async fn what_the_worker_refuses_has_gone_on_or_is_tried_again() {
    let cases = [(73, 1, 0), (69, 1, 0), (75, 0, 1), (64, 0, 1)];
    for (exit, gone_on, failed) in cases {
        let project = running("a");
        let bench = Bench::with(std::slice::from_ref(&project));
        bench.commands.next_exit.set(Some(exit));
        let round = bench.pass().await;
        assert_eq!((round.gone_on, round.failed), (gone_on, failed), "{exit}");
        assert_eq!(bench.known(&project).await, None, "{exit}");
    }
}

/// Between the plan and the command, and between the command and the record.
#[tokio::test]
async fn what_is_halted_meanwhile_keeps_the_backup_of_its_halt() {
    let project = running("a");
    let halted = Backup {
        attempt: 1,
        number: 0,
        sha256: Some("of the halt".to_owned()),
        bytes: 1,
        taken_at: project.created_at,
        replaces: None,
    };
    let suspended =
        Project { state: State::Suspended, backup: Some(halted.clone()), ..project.clone() };
    let bench = Bench::with(std::slice::from_ref(&project));
    let truth = FakeProjects::of([suspended]);
    // The census is older than what has happened since.
    let world = World { projects: &truth, ..bench.world() };
    let round = handle(&world).await.expect("lists what runs");
    assert_eq!((round.gone_on, round.failed), (1, 0));
    let found = truth.find(&project.id).await.expect("is up").expect("is there");
    assert_eq!(found.backup, Some(halted));
}

#[tokio::test]
async fn a_worker_that_takes_no_command_is_not_waited_for_twice_and_wakes_somebody_in_time() {
    let projects = [running("a"), running("b")];
    let bench = Bench::with(&projects);
    bench.commands.unreachable.set(true);
    let logs = Logs::catch_errors();
    let round = bench.pass().await;
    assert_eq!((round.failed, round.overdue.len()), (2, 0));
    let before = round.ages_minutes["prj_a"];
    assert_eq!(logs.lines(&["backup overdue"]), Vec::<String>::new());
    bench.later(3 * 60);
    let round = bench.pass().await;
    assert_eq!((round.overdue.len(), round.ages_minutes["prj_a"]), (2, before + 3 * 60));
    assert_eq!(logs.lines(&["backup overdue", "prj_a"]).len(), 1);
    bench.commands.unreachable.set(false);
    let round = bench.pass().await;
    assert_eq!((round.overdue, round.ages_minutes["prj_a"]), (vec![], 0));
}

#[tokio::test]
async fn what_is_outdated_is_deleted_and_what_is_on_record_never() {
    let project = running("a");
    let bench = Bench::with(std::slice::from_ref(&project));
    for _ in 0..(24 * 40) {
        bench.commands.write(NODE, project.id.as_str());
        bench.pass().await;
        bench.later(60);
    }
    let kept = bench.stored();
    assert!((50..=57).contains(&kept), "{kept} are kept of forty days");
    let known = bench.known(&project).await.expect("is recorded");
    assert!(bench.backups.stored.borrow().contains_key(&(project.id, 1, known.number)));
    let oldest = bench.backups.stored.borrow().keys().map(|it| it.2).min().expect("some");
    let month = bench.clock.now() - SignedDuration::from_hours(24 * 31);
    assert!(i64::from(oldest) >= month.as_second());
}

/// Wherever a pass ends, the next one brings the project to a backup that is stored.
#[tokio::test]
async fn a_pass_that_is_killed_anywhere_is_made_up_for() {
    for calls in 0..12 {
        let project = running("a");
        let bench = Bench::with(std::slice::from_ref(&project));
        let world = bench.world();
        let ended = killed_after(calls, handle(&world)).await;
        bench.later(60);
        bench.pass().await;
        let known = bench.known(&project).await.expect("is recorded");
        let name = (project.id.clone(), known.attempt, known.number);
        assert!(bench.backups.stored.borrow().contains_key(&name), "after {calls} calls");
        if ended.is_some() {
            return;
        }
    }
    panic!("no pass came to its end");
}
