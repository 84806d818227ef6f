//! Looks and steps, each twice, with the fleet changed in between.

use contracts::{
    blank::Saga as BlankSaga,
    drain::Saga as DrainSaga,
    grow::{Saga as GrowSaga, Source},
    provision::ReadyWorker,
};
use domain::{
    id::{BlankId, UserId},
    offering::{Architecture, Offerings},
    plan::PlanId,
    worker::{Cordon, Holder, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::{clock::Clock, fleet::Fleet, intents::Intents};
use runtime::fault::{Classify, Fault};
use std::time::Duration;
use testkit::{
    clock::FakeClock, commands::FakeCommands, fleet::FakeFleet, intents::FakeIntents, logs::Logs,
    make, sagas::FakeSagas,
};
use warm_pool::{Config, Input, PoolError, World, handle};

const MIB: u32 = 1_536;

struct Bench {
    fleet: FakeFleet,
    blanks: FakeSagas,
    grows: FakeSagas,
    drains: FakeSagas,
    intents: FakeIntents,
    commands: FakeCommands,
    clock: FakeClock,
    config: Config,
}

impl Bench {
    fn of(workers: impl IntoIterator<Item = Worker>) -> Self {
        Self {
            fleet: FakeFleet::of(workers),
            blanks: FakeSagas::default(),
            grows: FakeSagas::default(),
            drains: FakeSagas::default(),
            intents: FakeIntents::default(),
            commands: FakeCommands::default(),
            clock: FakeClock::default(),
            config: config(),
        }
    }

    async fn run(&self, input: &Input) -> Result<(), PoolError> {
        let Self { fleet, blanks, grows, drains, intents, commands, clock, config } = self;
        let world = World { fleet, blanks, grows, drains, intents, commands, clock, config };
        handle(&world, input).await
    }

    async fn look(&self) {
        self.run(&Input::Look).await.unwrap_or_else(|error| panic!("{error}"));
    }

    fn boots(&self) -> Vec<BlankSaga> {
        let started = self.blanks.started();
        let read = |(name, input): &(String, String)| {
            let saga: BlankSaga = serde_json::from_str(input).expect("an input of that saga");
            assert_eq!(*name, format!("blank-{}", saga.blank_id));
            saga
        };
        started.iter().map(read).collect()
    }

    fn worker(&self, name: &str) -> Worker {
        self.fleet.workers.borrow()[&name.parse().expect("plain")].clone()
    }

    /// Puts a warm blank there, so many minutes old.
    async fn stock(&self, worker: &str, name: &str, age_min: u64) -> BlankId {
        let (worker, blank) = (self.worker(worker), blank_id(name));
        let held = self.claim(&blank, age_min);
        let holder = Holder::from(blank.clone());
        let held = Reservation { port: worker.free_port(0).expect("has a port"), ..held };
        self.fleet.reserve(&worker.id, &holder, &held).await.expect("has room");
        self.fleet.record_warm(&worker.id, &blank).await.expect("is there");
        let node_id = worker.node_id.expect("has joined");
        self.commands.containers.borrow_mut().insert((node_id, blank.to_string()), 1);
        blank
    }

    fn claim(&self, blank: &BlankId, age_min: u64) -> Reservation {
        Reservation {
            id: blank.reservation(),
            demand: PlanId::Standard.plan().limits,
            port: 1,
            plan: PlanId::Standard,
            since: self.ago(age_min),
            warm: false,
            blank: None,
        }
    }

    fn ago(&self, minutes: u64) -> Timestamp {
        self.clock.now() - Duration::from_mins(minutes)
    }

    fn is_running(&self, blank: &BlankId) -> bool {
        !self.commands.containers_of(blank.as_str()).is_empty()
    }
}

/// One blank, room for two more, nothing asleep, at all hours.
fn config() -> Config {
    let pool = r#"{"blanks":{"standard":{"least":1,"most":3}},
        "headroom":{"plan":"standard","instances":2},"stopped_workers":0,
        "busy_hours_utc":[],"busy_factor":1,"blank_age_max_s":43200,"boots_per_worker":1}"#;
    Config {
        pool: pool.parse().expect("makes sense"),
        offerings: Offerings(vec![make::offering("small", 4 * MIB + 512)]),
        architecture: Architecture::X86,
        region: "us-east-1".to_owned(),
    }
}

fn blank_id(name: &str) -> BlankId {
    BlankId::new(name).expect("plain")
}

fn roomy() -> Worker {
    make::worker("a", 5 * MIB)
}

#[tokio::test]
async fn a_look_boots_what_is_missing_and_the_same_look_again_boots_nothing() {
    let bench = Bench::of([roomy()]);
    bench.look().await;
    // The execution has not reserved yet.
    bench.clock.advance(Duration::from_secs(20));
    bench.look().await;
    let boots = bench.boots();
    assert_eq!(boots.len(), 1, "{boots:?}");
    assert_eq!(boots[0], BlankSaga::of(&boots[0].blank_id, PlanId::Standard));
    assert!(bench.grows.started().is_empty() && bench.drains.started().is_empty());
}

#[tokio::test]
async fn who_looks_as_if_they_would_buy_gets_a_blank_of_their_own() {
    let bench = Bench::of([roomy()]);
    bench.stock("wrk_a", "one", 3).await;
    bench.look().await;
    assert!(bench.boots().is_empty());
    let user = UserId::new("ada").expect("plain");
    let until = bench.clock.now() + Duration::from_mins(5);
    bench.intents.record(&user, PlanId::Standard, until).await.expect("is up");
    bench.look().await;
    assert_eq!(bench.boots().len(), 1);
}

#[tokio::test]
async fn who_came_lately_says_that_others_come() {
    let bench = Bench::of([roomy()]);
    bench.stock("wrk_a", "one", 3).await;
    let project = make::project();
    let held = bench.claim(&blank_id("x"), 1);
    let claim = Reservation { id: project.id.reservation(1), port: 2, ..held };
    let worker = bench.worker("wrk_a").id;
    bench.fleet.reserve(&worker, &project.id.into(), &claim).await.expect("has room");
    bench.look().await;
    assert_eq!(bench.boots().len(), 1);
}

#[tokio::test]
async fn an_empty_fleet_grows_once_for_all_that_is_missing() {
    let bench = Bench::of([]);
    for _ in 0..2 {
        bench.look().await;
    }
    let started = bench.grows.started();
    assert_eq!(started.len(), 1, "a blank and two of headroom fit on one: {started:?}");
    let saga: GrowSaga = serde_json::from_str(&started[0].1).unwrap();
    assert_eq!(started[0].0, format!("grow-{}", saga.worker_id));
    assert_eq!((saga.from, saga.plan, saga.park), (Source::Purchase, PlanId::Standard, false));
    assert!(bench.boots().is_empty(), "there is no worker to boot on");
}

#[tokio::test]
async fn a_stopped_worker_is_started_under_the_moment_at_which_it_was_stopped() {
    let asleep = Worker { state: State::WarmStopped, ..roomy() };
    let changed_at = asleep.changed_at;
    let bench = Bench::of([asleep]);
    bench.look().await;
    let started = bench.grows.started();
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].0, format!("grow-wrk_a-{}", changed_at.as_millisecond()));
    let saga: GrowSaga = serde_json::from_str(&started[0].1).unwrap();
    assert_eq!((saga.from, saga.worker_id.as_str()), (Source::WarmPool, "wrk_a"));
}

#[tokio::test]
async fn an_idle_worker_that_nobody_needs_is_drained_once_for_each_time_that_it_became_idle() {
    let bench = Bench::of([roomy(), make::worker("idle", 4 * MIB)]);
    bench.stock("wrk_a", "one", 3).await;
    for _ in 0..2 {
        bench.look().await;
    }
    let started = bench.drains.started();
    assert_eq!(started.len(), 1, "{started:?}");
    let saga: DrainSaga = serde_json::from_str(&started[0].1).unwrap();
    let idle = bench.worker("wrk_idle");
    assert_eq!((saga.worker_id, saga.idle_since), (idle.id.clone(), idle.changed_at));
    assert!(!saga.park, "this stage keeps none asleep");

    // Somebody came and went: the first drain is late by now.
    let at = bench.clock.now() + Duration::from_mins(1);
    bench.fleet.workers.borrow_mut().insert(idle.id.clone(), Worker { changed_at: at, ..idle });
    bench.look().await;
    assert_eq!(bench.drains.started().len(), 2);
}

#[tokio::test]
async fn after_a_failure_boots_pause_and_everything_else_goes_on() {
    let bench = Bench::of([make::worker("a", MIB)]);
    bench.blanks.fail(bench.clock.now());
    let logs = Logs::catch();
    bench.look().await;
    assert!(bench.boots().is_empty());
    assert_eq!(logs.lines(&["ERROR", "blank boots are backing off"]).len(), 1);
    assert_eq!(bench.grows.started().len(), 1, "headroom is not what failed");
    bench.clock.advance(Duration::from_mins(1));
    bench.look().await;
    assert_eq!(bench.boots().len(), 1);
    assert_eq!(logs.lines(&["backing off"]).len(), 1, "no more than that");
}

#[tokio::test]
async fn after_a_failure_growth_pauses_and_everything_else_goes_on() {
    let bench = Bench::of([make::worker("a", MIB)]);
    bench.grows.fail(bench.clock.now());
    let logs = Logs::catch();
    bench.look().await;
    assert!(bench.grows.started().is_empty());
    assert_eq!(logs.lines(&["ERROR", "growth is backing off"]).len(), 1);
    assert_eq!(bench.boots().len(), 1, "boots are not what failed");
    bench.clock.advance(Duration::from_mins(1));
    bench.look().await;
    assert_eq!(bench.grows.started().len(), 1);
    assert_eq!(logs.lines(&["backing off"]).len(), 1, "no more than that");
}

/// Each look would mint new names, so nothing else keeps executions from failing every minute.
#[tokio::test]
async fn growth_that_fails_for_a_day_is_tried_every_half_hour_in_the_end() {
    let bench = Bench::of([]);
    let mut tried = 0;
    for _ in 0..24 * 60 {
        bench.look().await;
        if bench.grows.started().len() > tried {
            tried = bench.grows.started().len();
            bench.grows.fail(bench.clock.now());
        }
        bench.clock.advance(Duration::from_mins(1));
    }
    assert!((40..=60).contains(&tried), "{tried} in a day");
}

#[tokio::test]
async fn a_drain_that_was_stopped_is_begun_anew_an_hour_later_and_not_before() {
    let bench = Bench::of([roomy(), make::worker("idle", 4 * MIB)]);
    bench.stock("wrk_a", "one", 3).await;
    bench.look().await;
    let idle_since = bench.worker("wrk_idle").changed_at;
    let passed = bench.clock.now().duration_since(idle_since).as_secs() % 3600;
    let left = u64::try_from(3600 - passed).expect("an hour is left at most");
    bench.clock.advance(Duration::from_secs(left - 1));
    bench.look().await;
    assert_eq!(bench.drains.started().len(), 1, "its name says that it was tried");
    bench.clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        bench.look().await;
    }
    let started = bench.drains.started();
    assert_eq!(started.len(), 2, "{started:?}");
    assert_eq!(started[0].1, started[1].1, "the same drain");
}

/// Spot capacity that is about to be taken back is paid for until somebody gives it back.
#[tokio::test]
async fn a_worker_that_the_platform_cordoned_goes_once_it_is_empty_and_an_operators_stays() {
    for by in Cordon::ALL {
        let bench = Bench::of([roomy(), make::worker("b", 4 * MIB)]);
        bench.stock("wrk_a", "one", 3).await;
        bench.stock("wrk_b", "two", 3).await;
        bench.fleet.cordon(&bench.worker("wrk_b").id, by).await.expect("is up");
        for _ in 0..2 {
            bench.look().await;
        }
        assert!(bench.worker("wrk_b").reservations.is_empty(), "{by:?}: nobody claims it there");
        let drains = bench.drains.started();
        let expected = usize::from(by != Cordon::Operator);
        assert_eq!(drains.len(), expected, "{by:?}: {drains:?}");
        assert!(drains.iter().all(|(name, _)| name.starts_with("drain-wrk_b-")), "{by:?}");
    }
}

/// A worker with so many tenants that have been there for two hours.
fn inhabited(name: &str, tenants: u32) -> Worker {
    let mut worker = make::worker(name, 10 * MIB);
    (worker.total.cpu_millis, worker.free.cpu_millis) = (40_000, 40_000);
    for number in 0..tenants {
        let project = make::project_id(&format!("{name}{number}"));
        let demand = PlanId::Standard.plan().limits;
        let held = Reservation {
            id: project.reservation(1),
            demand,
            port: worker.free_port(0).expect("has one"),
            plan: PlanId::Standard,
            since: worker.changed_at,
            warm: false,
            blank: None,
        };
        worker.free = worker.free.minus(demand).expect("has room");
        worker.reservations.insert(Holder::from(project), held);
    }
    worker
}

#[tokio::test]
async fn a_sparse_worker_is_cordoned_and_emptied_by_one_drain_in_the_hour() {
    let mut bench = Bench::of([inhabited("a", 1), inhabited("b", 3)]);
    bench.config.pool = r#"{"blanks":{},"headroom":{"plan":"standard","instances":1},
        "stopped_workers":0,"busy_hours_utc":[],"busy_factor":1,"blank_age_max_s":43200,
        "boots_per_worker":1,
        "consolidation":{"most_moved":2,"quiet_s":3600,"spare_instances":1}}"#
        .parse()
        .expect("makes sense");
    bench.clock.advance(Duration::from_hours(2));
    for round in ["once", "twice"] {
        bench.look().await;
        let [(name, input)] = bench.drains.started().try_into().expect("one execution");
        assert!(name.starts_with("drain-wrk_a-moves-"), "{round}: {name}");
        let saga: DrainSaga = serde_json::from_str(&input).expect("an input of that saga");
        assert_eq!(saga.empties, Some(Cordon::Consolidation));
        let cordons = ["wrk_a", "wrk_b"].map(|it| bench.worker(it).cordon);
        assert_eq!(cordons, [Some(Cordon::Consolidation), None], "{round}");
    }
    bench.clock.advance(Duration::from_hours(1));
    bench.look().await;
    assert_eq!(bench.drains.started().len(), 2, "whoever has not gone by then is tried again");
}

#[tokio::test]
async fn a_blank_too_many_loses_its_reservation_and_then_its_container() {
    let bench = Bench::of([roomy()]);
    let old = bench.stock("wrk_a", "old", 20).await;
    let young = bench.stock("wrk_a", "young", 10).await;
    for round in ["once", "twice"] {
        bench.look().await;
        assert_eq!((bench.is_running(&old), bench.is_running(&young)), (false, true), "{round}");
        assert_eq!(bench.worker("wrk_a").reservations.len(), 1, "{round}");
        assert_eq!(bench.commands.log.borrow().len(), 1, "{round}");
    }
    bench.fleet.assert_balanced();
}

#[tokio::test]
async fn a_blank_that_a_project_claims_at_that_moment_keeps_its_container() {
    let bench = Bench::of([roomy()]);
    let old = bench.stock("wrk_a", "old", 20).await;
    bench.stock("wrk_a", "young", 10).await;
    // The look reads the fleet; before it releases, a project takes the blank over.
    let (project, worker) = (make::project().id, bench.worker("wrk_a"));
    let held = worker.reservations[&Holder::from(old.clone())].clone();
    let claim = Reservation {
        id: project.reservation(1),
        warm: false,
        blank: Some(old.clone()),
        ..held.clone()
    };
    let racing = Racing { bench: &bench, claim: (&old, &held, &project, &claim) };
    racing.look().await;
    assert!(bench.is_running(&old));
    assert!(bench.commands.log.borrow().is_empty());
    assert_eq!(bench.fleet.held_by(&project.into()).len(), 1);
    bench.fleet.assert_balanced();
}

/// A look during which a project claims a blank, right after the fleet was read.
struct Racing<'a> {
    bench: &'a Bench,
    claim: (&'a BlankId, &'a Reservation, &'a domain::id::ProjectId, &'a Reservation),
}

impl Racing<'_> {
    async fn look(&self) {
        let Bench { fleet, blanks, grows, drains, commands, clock, config, .. } = self.bench;
        let world = World { fleet, blanks, grows, drains, intents: self, commands, clock, config };
        handle(&world, &Input::Look).await.expect("looks");
    }
}

/// Intents are read after the fleet.
impl Intents for Racing<'_> {
    fn record(
        &self,
        _user: &UserId,
        _plan: PlanId,
        _until: Timestamp,
    ) -> impl Future<Output = Result<(), ports::Unavailable>> + Send {
        std::future::ready(Ok(()))
    }

    fn wanted(
        &self,
        _now: Timestamp,
    ) -> impl Future<Output = Result<Vec<PlanId>, ports::Unavailable>> + Send {
        let (blank, held, project, claim) = self.claim;
        let mut workers = self.bench.fleet.workers.borrow_mut();
        let worker = workers.values_mut().next().expect("is there");
        assert_eq!(worker.reservations.remove(&Holder::from(blank.clone())).as_ref(), Some(held));
        worker.reservations.insert(project.clone().into(), claim.clone());
        std::future::ready(Ok(vec![]))
    }
}

#[tokio::test]
async fn a_blank_whose_worker_does_not_obey_is_gone_by_its_record_and_said_to_be_left() {
    for (case, exit) in [("busy", 75), ("unknown", 1)] {
        let bench = Bench::of([
            Worker { cordon: Some(Cordon::Operator), ..roomy() },
            make::worker("b", 5 * MIB),
        ]);
        bench
            .fleet
            .uncordon(&bench.worker("wrk_a").id, Cordon::Operator, bench.ago(60))
            .await
            .expect("is up");
        bench.stock("wrk_a", "one", 3).await;
        bench.fleet.cordon(&bench.worker("wrk_a").id, Cordon::Operator).await.expect("is up");
        bench.commands.next_exit.set(Some(exit));
        let error = bench.run(&Input::Look).await.expect_err("is not silent");
        assert!(matches!(error, PoolError::NotRemoved { .. }), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Retryable, "{case}");
        assert!(bench.worker("wrk_a").reservations.is_empty(), "{case}");
        assert_eq!(bench.boots().len(), 1, "{case}: the others are done");
        bench.look().await;
    }
}

#[tokio::test]
async fn a_worker_out_of_reach_is_cordoned_since_its_place_is_not_really_free() {
    let bench = Bench::of([roomy()]);
    bench.stock("wrk_a", "old", 20).await;
    bench.stock("wrk_a", "young", 10).await;
    bench.commands.unreachable.set(true);
    bench.look().await;
    assert_eq!(bench.worker("wrk_a").cordon, Some(Cordon::Unreachable));
}

#[tokio::test]
async fn a_blank_that_is_ready_can_be_claimed_and_one_that_was_reaped_is_terminal() {
    let bench = Bench::of([roomy()]);
    let (worker, blank) = (roomy(), blank_id("new"));
    let place = ReadyWorker {
        worker_id: worker.id.clone(),
        node_id: "i-a".to_owned(),
        address: [10, 0, 0, 1].into(),
        port: 1,
    };
    let saga = BlankSaga { worker: Some(place), ..BlankSaga::of(&blank, PlanId::Standard) };
    let input = Input::StockBlank(Box::new(saga));
    let error = bench.run(&input).await.expect_err("has no reservation");
    assert!(matches!(error, PoolError::BlankGone(_)), "{error}");
    assert_eq!(error.fault(), Fault::Terminal);

    let holder = Holder::from(blank.clone());
    let held = bench.claim(&blank, 1);
    bench.fleet.reserve(&worker.id, &holder, &held).await.expect("has room");
    for round in ["once", "twice"] {
        bench.run(&input).await.expect("is stocked");
        assert!(bench.worker("wrk_a").reservations[&holder].warm, "{round}");
    }
    let nowhere = Input::StockBlank(Box::new(BlankSaga::of(&blank, PlanId::Standard)));
    assert_eq!(bench.run(&nowhere).await.expect_err("is nowhere").fault(), Fault::Terminal);
    bench.fleet.outage.begin(1);
    assert_eq!(bench.run(&input).await.expect_err("is away").fault(), Fault::Retryable);
}

#[tokio::test]
async fn an_outage_of_anything_is_retryable_and_the_repeat_ends_the_same() {
    let untroubled = Bench::of([make::worker("a", MIB)]);
    untroubled.look().await;
    assert_eq!((untroubled.boots().len(), untroubled.grows.started().len()), (1, 1));
    for case in ["fleet", "intents", "blanks", "blank's start", "grows"] {
        let bench = Bench::of([make::worker("a", MIB)]);
        match case {
            "fleet" => bench.fleet.outage.begin(1),
            "intents" => bench.intents.outage.begin(1),
            "blanks" => bench.blanks.outage.begin(1),
            "blank's start" => bench.blanks.outage.begin_after(1, 1),
            _ => bench.grows.outage.begin(1),
        }
        let error = bench.run(&Input::Look).await.expect_err(case);
        assert_eq!(error.fault(), Fault::Retryable, "{case}");
        if case == "blank's start" {
            assert_eq!(bench.grows.started().len(), 1, "one that fails does not stop the others");
        }
        bench.look().await;
        assert_eq!(bench.blanks.started(), untroubled.blanks.started(), "{case}");
        assert_eq!(bench.grows.started(), untroubled.grows.started(), "{case}");
    }
}

#[test]
fn golden_inputs_are_understood_and_only_a_blank_that_is_ready_has_something_to_say() {
    let cases = [
        ("schedule", include_str!("../../../events/warm-pool/schedule.json"), true),
        ("poke", include_str!("../../../events/warm-pool/poke.json"), true),
        ("top-up", include_str!("../../../events/warm-pool/top-up.json"), true),
        ("stock-blank", include_str!("../../../events/warm-pool/stock-blank.json"), false),
    ];
    for (case, json, is_look) in cases {
        let input: Input = serde_json::from_str(json).unwrap_or_else(|it| panic!("{case}: {it}"));
        assert_eq!(input == Input::Look, is_look, "{case}");
    }
    for (case, json) in [
        ("no saga", r#"{"step":"StockBlank"}"#),
        ("a step that there is not", r#"{"step":"StokBlank","saga":{}}"#),
    ] {
        assert!(serde_json::from_str::<Input>(json).is_err(), "{case}");
    }
}
