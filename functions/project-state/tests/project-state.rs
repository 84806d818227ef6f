//! Every step from every state, of this attempt and of others.

use contracts::provision::{Caught, Reserved, Saga};
use domain::project::{Project, State};
use ports::projects::Projects;
use project_state::{Call, StepError, World, handle};
use runtime::fault::{Classify, Fault};
use testkit::{
    clock::FakeClock, configurations::FakeConfigurations, make, projects::FakeProjects,
    sagas::FakeSagas,
};

/// The steps of a provisioning.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    UndoBegin,
    Finish,
    UndoFinish,
}

const STEPS: [Step; 4] = [Step::Begin, Step::Finish, Step::UndoFinish, Step::UndoBegin];
const UNDOS: [Step; 2] = [Step::UndoFinish, Step::UndoBegin];
const STATES: [State; 5] =
    [State::PendingPayment, State::Pending, State::Provisioning, State::Running, State::Error];

/// The project in `state`, at attempt 2.
fn project(state: State) -> Project {
    Project { state, attempt: 2, ..make::project() }
}

/// The provisioning number `attempt` of the project.
fn saga(attempt: u32) -> Saga {
    Saga::of(&Project { attempt, ..make::project() })
}

/// Everything around the projects.
#[derive(Default)]
struct Bench {
    configurations: FakeConfigurations,
    configures: FakeSagas,
    provisions: FakeSagas,
    halts: FakeSagas,
    clock: FakeClock,
}

impl Bench {
    async fn run(&self, projects: &FakeProjects, call: &Call) -> Result<(), StepError> {
        let Self { configurations, configures, provisions, halts, clock } = self;
        let world = World { projects, configurations, configures, provisions, halts, clock };
        handle(&world, call).await
    }
}

async fn run(projects: &FakeProjects, step: Step, saga: Saga) -> Result<(), StepError> {
    let call = match step {
        Step::Begin => Call::Begin(saga),
        Step::UndoBegin => Call::UndoBegin(saga),
        Step::Finish => Call::Finish(saga),
        Step::UndoFinish => Call::UndoFinish(saga),
    };
    Bench::default().run(projects, &call).await
}

async fn stored(projects: &FakeProjects) -> Project {
    projects.find(&make::project().id).await.expect("is up").expect("exists")
}

async fn state_after(steps: &[Step]) -> State {
    let projects = FakeProjects::of([project(State::Pending)]);
    for step in steps {
        run(&projects, *step, saga(2)).await.unwrap_or_else(|_| panic!("{steps:?}: {step:?}"));
    }
    stored(&projects).await.state
}

#[tokio::test]
async fn a_step_moves_the_project_or_is_refused_for_good_and_an_undo_is_never_refused() {
    use State::{Error, Provisioning, Running};
    // From pending payment, pending, provisioning, running and error; `None` is refused.
    let unchanged = STATES.map(Some);
    let [unpaid, pending, ..] = unchanged;
    let cases = [
        (Step::Begin, [None, Some(Provisioning), Some(Provisioning), None, None]),
        (Step::Finish, [None, None, Some(Running), Some(Running), None]),
        (Step::UndoFinish, [unpaid, pending, Some(Provisioning), Some(Provisioning), Some(Error)]),
    ];
    for (step, expected) in cases {
        for (from, expected) in STATES.into_iter().zip(expected) {
            let projects = FakeProjects::of([project(from)]);
            for round in ["once", "twice"] {
                let case = format!("{step:?} from {from:?}, {round}");
                let result = run(&projects, step, saga(2)).await;
                let refused = expected.is_none().then_some(Fault::Terminal);
                assert_eq!(result.err().map(|it| it.fault()), refused, "{case}");
                assert_eq!(stored(&projects).await.state, expected.unwrap_or(from), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn undoing_the_beginning_ends_in_error_from_wherever_the_saga_was() {
    for from in [State::Pending, State::Provisioning, State::Error] {
        let projects = FakeProjects::of([project(from)]);
        for round in ["once", "twice"] {
            run(&projects, Step::UndoBegin, saga(2)).await.expect(round);
            assert_eq!(stored(&projects).await.state, State::Error, "{from:?}, {round}");
        }
    }
}

#[tokio::test]
async fn a_provisioning_that_succeeds_ends_running_and_one_that_unwinds_ends_in_error() {
    use Step::{Begin, Finish, UndoBegin, UndoFinish};
    let cases: [(&[Step], State); 5] = [
        (&[Begin, Finish], State::Running),
        (&[Begin, Begin, Finish, Finish], State::Running),
        (&[Begin, UndoBegin], State::Error),
        (&[Begin, Finish, UndoFinish, UndoBegin], State::Error),
        (&[Begin, UndoFinish, UndoFinish, UndoBegin, UndoBegin], State::Error),
    ];
    for (steps, state) in cases {
        assert_eq!(state_after(steps).await, state, "{steps:?}");
    }
}

#[tokio::test]
async fn a_late_step_after_the_undo_is_refused() {
    let projects = FakeProjects::of([project(State::Pending)]);
    run(&projects, Step::UndoBegin, saga(2)).await.expect("nothing has begun");
    for late in [Step::Begin, Step::Finish] {
        let error = run(&projects, late, saga(2)).await.expect_err("is late");
        assert_eq!(error.fault(), Fault::Terminal, "{late:?}");
        assert_eq!(stored(&projects).await.state, State::Error, "{late:?}");
    }
}

#[tokio::test]
async fn a_late_finish_between_the_undos_does_not_leave_the_project_running() {
    let projects = FakeProjects::of([project(State::Pending)]);
    run(&projects, Step::Begin, saga(2)).await.expect("begins");
    run(&projects, Step::UndoFinish, saga(2)).await.expect("has not finished");
    // The finish that timed out arrives now. Whether it is refused is for the handler to say.
    let _ = run(&projects, Step::Finish, saga(2)).await;
    run(&projects, Step::UndoBegin, saga(2)).await.expect("undoes");
    assert_eq!(stored(&projects).await.state, State::Error);
}

#[tokio::test]
async fn another_attempt_is_fenced_and_its_undo_leaves_the_project_alone() {
    for attempt in [1, 3] {
        for state in STATES {
            for step in STEPS {
                let projects = FakeProjects::of([project(state)]);
                let result = run(&projects, step, saga(attempt)).await;
                let undo = matches!(step, Step::UndoFinish | Step::UndoBegin);
                let expected = (!undo).then_some(Fault::Terminal);
                let case = format!("{step:?} of attempt {attempt} from {state:?}");
                assert_eq!(result.err().map(|it| it.fault()), expected, "{case}");
                assert_eq!(stored(&projects).await, project(state), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_project_that_is_gone_is_terminal_for_a_step_and_nothing_for_an_undo() {
    let projects = FakeProjects::default();
    for step in [Step::Begin, Step::Finish] {
        let error = run(&projects, step, saga(2)).await.expect_err("is gone");
        assert_eq!(error.fault(), Fault::Terminal, "{step:?}");
    }
    for undo in UNDOS {
        run(&projects, undo, saga(2)).await.expect("nothing to undo");
    }
}

#[tokio::test]
async fn an_outage_is_retryable_and_the_retry_succeeds() {
    for (step, from) in [
        (Step::Begin, State::Pending),
        (Step::Finish, State::Provisioning),
        (Step::UndoFinish, State::Running),
        (Step::UndoBegin, State::Provisioning),
    ] {
        let projects = FakeProjects::of([project(from)]);
        projects.outage.begin(1);
        let error = run(&projects, step, saga(2)).await.expect_err("is away");
        assert_eq!(error.fault(), Fault::Retryable, "{step:?}");
        assert_eq!(stored(&projects).await, project(from), "{step:?}");
        run(&projects, step, saga(2)).await.unwrap_or_else(|_| panic!("{step:?}"));
    }
}

#[tokio::test]
async fn the_owner_reads_why_until_the_next_attempt() {
    let projects = FakeProjects::of([project(State::Pending)]);
    run(&projects, Step::Begin, saga(2)).await.expect("begins");
    let error = Caught { error: "Terminal".to_owned(), cause: "no offering".to_owned() };
    let reserve = Some(Reserved { worker_id: None, blank_id: None, woken: false });
    let failed = Saga { reserve, error: Some(error), ..saga(2) };
    for round in ["once", "twice"] {
        run(&projects, Step::UndoBegin, failed.clone()).await.expect(round);
        let reason = stored(&projects).await.reason.expect("has a reason");
        assert!(reason.contains("machine"), "{round}: {reason}");
        assert!(!reason.contains("offering"), "{round}: that is for operators: {reason}");
    }

    let retried = projects.request_retry(&make::project().id).await.expect("retries");
    assert_eq!((retried.attempt, retried.reason), (3, None));
    // The first attempt's undo comes once more, late.
    run(&projects, Step::UndoBegin, failed).await.expect("is not its own");
    run(&projects, Step::Begin, saga(3)).await.expect("begins");
    let begun = stored(&projects).await;
    assert_eq!((begun.state, begun.reason), (State::Provisioning, None));
}

/// The steps that note what an instance has taken over.
mod configuration {
    use contracts::{
        configure::{Configured, Saga as ConfigureSaga},
        provision::{Launched, Saga},
    };
    use domain::{
        configuration::Configuration,
        project::{Project, State},
    };
    use project_state::{Call, StepError, World, handle};
    use runtime::fault::{Classify, Fault};
    use testkit::{
        clock::FakeClock, configurations::FakeConfigurations, make, projects::FakeProjects,
        sagas::FakeSagas,
    };

    struct Bench {
        projects: FakeProjects,
        configurations: FakeConfigurations,
        configures: FakeSagas,
        clock: FakeClock,
    }

    impl Bench {
        /// A project that is being provisioned, at version 2 of its configuration.
        fn new() -> Self {
            let project = Project { state: State::Provisioning, ..make::project() };
            let configurations = FakeConfigurations::default();
            let fresh = Configuration::new(project.id.clone(), project.tenant_id.clone());
            configurations.put(fresh.again().again());
            Self {
                projects: FakeProjects::of([project]),
                configurations,
                configures: FakeSagas::default(),
                clock: FakeClock::default(),
            }
        }

        async fn run(&self, call: Call) -> Result<(), StepError> {
            let Self { projects, configurations, configures, clock } = self;
            let (provisions, halts) = (&FakeSagas::default(), &FakeSagas::default());
            let world = World { projects, configurations, configures, provisions, halts, clock };
            handle(&world, &call).await
        }

        fn stored(&self) -> Configuration {
            self.configurations.of(&make::project().id)
        }
    }

    fn finish(configuration: u32) -> Call {
        let launched = Launched { container: "c".to_owned(), adopted: false, configuration };
        Call::Finish(Saga { launched: Some(launched), ..make::saga() })
    }

    fn saga(configured: Option<Configured>) -> ConfigureSaga {
        ConfigureSaga {
            project_id: make::project().id,
            tenant_id: make::project().tenant_id,
            version: 2,
            configured,
            error: None,
        }
    }

    #[tokio::test]
    async fn a_finish_notes_what_was_launched_and_has_the_rest_brought() {
        for (launched, started) in [(2, 0), (1, 1), (0, 1)] {
            let bench = Bench::new();
            for round in ["once", "twice"] {
                bench.run(finish(launched)).await.expect(round);
                assert_eq!(bench.stored().applied_version, launched, "{round}");
                assert_eq!(bench.configures.started().len(), started, "{launched}, {round}");
            }
            for (name, input) in bench.configures.started() {
                assert_eq!(name, format!("configure-{}-2", make::project().id));
                assert!(input.contains("\"version\":2"), "{input}");
            }
        }
    }

    #[tokio::test]
    async fn an_outage_in_a_finish_is_retryable_and_the_retry_brings_the_rest() {
        type Break = fn(&Bench);
        let cases: [(&str, Break); 3] = [
            ("noting", |it| it.configurations.outage.begin(1)),
            ("reading", |it| it.configurations.outage.begin_after(1, 1)),
            ("starting", |it| it.configures.outage.begin(1)),
        ];
        for (case, break_it) in cases {
            let bench = Bench::new();
            break_it(&bench);
            let error = bench.run(finish(1)).await.expect_err(case);
            assert_eq!(error.fault(), Fault::Retryable, "{case}");
            bench.run(finish(1)).await.expect(case);
            assert_eq!(bench.configures.started().len(), 1, "{case}");
        }
    }

    #[tokio::test]
    async fn what_became_of_a_configuration_is_noted_for_its_owner() {
        let cases = [
            (Some(Configured::Applied { version: 2 }), 2, false),
            (Some(Configured::Refused { version: 2 }), 0, true),
            // Somebody newer has refused: an older one's failure is not worth telling.
            (Some(Configured::Refused { version: 1 }), 0, false),
            (Some(Configured::Passed), 0, false),
            (None, 0, false),
        ];
        for (configured, applied, failed) in cases {
            let bench = Bench::new();
            for round in ["once", "twice"] {
                bench.run(Call::RecordApplied(saga(configured.clone()))).await.expect(round);
                let stored = bench.stored();
                let case = format!("{configured:?}, {round}");
                assert_eq!(stored.applied_version, applied, "{case}");
                assert_eq!(stored.failure().is_some(), failed, "{case}");
            }
        }
    }

    #[tokio::test]
    async fn an_undo_tells_the_owner_and_succeeds_on_what_never_ran() {
        let bench = Bench::new();
        for round in ["once", "twice"] {
            bench.run(Call::UndoConfigure(saga(None))).await.expect(round);
            assert!(bench.stored().failure().is_some(), "{round}");
        }
        // It came through after all.
        bench
            .run(Call::RecordApplied(saga(Some(Configured::Applied { version: 2 }))))
            .await
            .unwrap();
        assert_eq!(bench.stored().failure(), None);
        let nobody = Bench { configurations: FakeConfigurations::default(), ..Bench::new() };
        nobody.run(Call::UndoConfigure(saga(None))).await.expect("there is nothing to tell");
    }
}

/// The steps of a halt, of a change of plan and of an erasure.
mod halting {
    use super::*;
    use contracts::{
        erase::Saga as EraseSaga,
        halt::{Archived, Saga as HaltSaga},
        provision::ReadyWorker,
        resize::{Saga as ResizeSaga, Widened},
    };
    use domain::{backup::Backup, configuration::Configuration, plan::PlanId, project::Purpose};
    use jiff::Timestamp;
    use ports::configurations::Configurations;

    const MOVE: Purpose = Purpose::Move { plan: PlanId::Pro };

    fn halt(purpose: Purpose) -> HaltSaga {
        let archived = Some(Archived { backup: Some(backup()) });
        HaltSaga { archived, ..HaltSaga::of(&project(State::Running), purpose) }
    }

    fn backup() -> Backup {
        let (attempt, number, bytes) = (2, 0, 1);
        let sha256 = Some("0".to_owned());
        let taken_at = Timestamp::UNIX_EPOCH;
        Backup { attempt, number, sha256, bytes, taken_at, replaces: None }
    }

    fn resize(in_place: bool) -> ResizeSaga {
        let place = ReadyWorker {
            worker_id: make::worker("a", 0).id,
            node_id: "i-a".to_owned(),
            address: [10, 0, 0, 1].into(),
            port: 18789,
        };
        let widened = Some(Widened { worker: in_place.then_some(place) });
        ResizeSaga { widened, ..ResizeSaga::of(&project(State::Running), PlanId::Pro, 7) }
    }

    /// Makes `calls` on a project in `state`, each twice. The last one may be refused for good.
    async fn after(bench: &Bench, state: State, calls: &[Call]) -> (Project, Option<Fault>) {
        let projects = FakeProjects::of([project(state)]);
        let mut fault = None;
        for call in calls {
            for _ in 0..2 {
                fault = bench.run(&projects, call).await.err().map(|it| it.fault());
            }
        }
        (stored(&projects).await, fault)
    }

    #[tokio::test]
    async fn a_halt_ends_suspended_or_on_its_way_elsewhere_with_its_backup() {
        for (purpose, state, attempt, plan) in [
            (Purpose::Suspend, State::Suspended, 2, PlanId::Standard),
            (MOVE, State::Pending, 3, PlanId::Pro),
            (Purpose::Stop, State::Stopped, 2, PlanId::Standard),
        ] {
            let bench = Bench::default();
            let calls = [Call::BeginHalt(halt(purpose)), Call::FinishHalt(halt(purpose))];
            let (halted, fault) = after(&bench, State::Running, &calls).await;
            let found = (halted.state, halted.attempt, halted.plan, halted.backup);
            assert_eq!(found, (state, attempt, plan, Some(backup())));
            assert_eq!(fault, None);
        }
    }

    /// Whoever set it found nothing that runs, and the execution of that version may have passed.
    #[tokio::test]
    async fn what_was_set_during_a_halt_that_came_to_nothing_is_brought_once() {
        let bench = Bench::default();
        let new = Configuration::new(make::project().id, make::project().tenant_id);
        bench.configurations.replace(&new, &new.again()).await.expect("is up");
        let calls = [Call::BeginHalt(halt(MOVE)), Call::UndoBeginHalt(halt(MOVE))];
        let (undone, fault) = after(&bench, State::Running, &calls).await;
        assert_eq!((undone.state, fault), (State::Running, None));
        let id = make::project().id;
        let started = bench.configures.started();
        let names: Vec<_> = started.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [format!("configure-{id}-1-halt-{id}-2-0")]);
        let bench = Bench::default();
        after(&bench, State::Running, &calls).await;
        assert!(bench.configures.started().is_empty(), "nothing was set");
    }

    #[tokio::test]
    async fn a_halt_that_is_undone_leaves_the_project_running_and_its_late_steps_refused() {
        let undo = || Call::UndoBeginHalt(halt(MOVE));
        for calls in [vec![Call::BeginHalt(halt(MOVE)), undo()], vec![undo()]] {
            for late in [Call::BeginHalt(halt(MOVE)), Call::FinishHalt(halt(MOVE))] {
                let bench = Bench::default();
                let calls = [calls.clone(), vec![late]].concat();
                let (undone, fault) = after(&bench, State::Running, &calls).await;
                assert_eq!((undone.state, undone.halts), (State::Running, 1));
                assert_eq!(fault, Some(Fault::Terminal));
            }
        }
    }

    #[tokio::test]
    async fn an_undo_that_finds_the_project_elsewhere_leaves_it_alone() {
        let bench = Bench::default();
        for state in [State::Pending, State::Suspended, State::Error, State::Deleting] {
            let undos = [Call::UndoBeginHalt(halt(MOVE)), Call::UndoFinishResize(resize(true))];
            for undo in undos {
                let (found, fault) = after(&bench, state, &[undo]).await;
                assert_eq!((found, fault), (project(state), None), "{state:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_provisioning_that_finishes_again_does_not_disturb_a_halt() {
        let calls = [Call::BeginHalt(halt(MOVE)), Call::Finish(saga(2))];
        let (halting, fault) = after(&Bench::default(), State::Running, &calls).await;
        assert_eq!((halting.state, fault), (State::Halting, None));
    }

    #[tokio::test]
    async fn a_project_that_moves_is_provisioned_once_and_no_other_is() {
        let cases = [(MOVE, 1), (Purpose::Suspend, 0)];
        for (purpose, expected) in cases {
            let bench = Bench::default();
            let calls = [
                Call::BeginHalt(halt(purpose)),
                Call::FinishHalt(halt(purpose)),
                Call::Continue(halt(purpose)),
            ];
            after(&bench, State::Running, &calls).await;
            let started = bench.provisions.started();
            assert_eq!(started.len(), expected, "{purpose:?}");
            for (name, input) in started {
                assert_eq!(name, format!("provision-{}-3", make::project().id));
                let input: Saga = serde_json::from_str(&input).expect("is a saga");
                assert_eq!(input.restore.as_deref(), Some(&backup()));
                assert_eq!(input.plan, PlanId::Pro);
            }
        }
        // It is on its way already, or was never halted.
        for state in [State::Provisioning, State::Running, State::Error] {
            let bench = Bench::default();
            after(&bench, state, &[Call::Continue(halt(MOVE))]).await;
            assert!(bench.provisions.started().is_empty(), "{state:?}");
        }
    }

    #[tokio::test]
    async fn a_plan_is_recorded_where_it_is_in_force_and_taken_back_with_it() {
        let finish = |in_place| Call::FinishResize(resize(in_place));
        let undo = |in_place| Call::UndoFinishResize(resize(in_place));
        let (standard, pro, late) = (PlanId::Standard, PlanId::Pro, Some(Fault::Terminal));
        let cases: [(&str, Vec<Call>, PlanId, Option<Fault>); 5] = [
            ("in place", vec![finish(true)], pro, None),
            ("it moves", vec![finish(false)], standard, None),
            ("undone", vec![finish(true), undo(true)], standard, None),
            ("undone before", vec![undo(true), finish(true)], standard, late),
            ("late", vec![finish(true), undo(true), finish(true)], standard, late),
        ];
        for (case, calls, plan, fault) in cases {
            let found = after(&Bench::default(), State::Running, &calls).await;
            assert_eq!((found.0.plan, found.1), (plan, fault), "{case}");
        }
    }

    #[tokio::test]
    async fn who_cannot_grow_where_it_is_is_halted_once_to_move() {
        for (state, expected) in [(State::Running, 1), (State::Halting, 0), (State::Error, 0)] {
            let bench = Bench::default();
            after(&bench, state, &[Call::MoveInstead(resize(false))]).await;
            let started = bench.halts.started();
            assert_eq!(started.len(), expected, "{state:?}");
            for (name, input) in started {
                assert_eq!(name, format!("halt-{}-2-0", make::project().id));
                let input: HaltSaga = serde_json::from_str(&input).expect("is a saga");
                assert_eq!(input.purpose, MOVE);
            }
        }
    }

    #[tokio::test]
    async fn only_what_runs_nowhere_is_deleted() {
        let erase = || EraseSaga::of(&project(State::Suspended));
        let calls = [Call::BeginErase(erase()), Call::FinishErase(erase())];
        for state in [State::PendingPayment, State::Suspended, State::Error] {
            let (found, fault) = after(&Bench::default(), state, &calls).await;
            assert_eq!((found.state, fault), (State::Deleted, None), "{state:?}");
        }
        for state in [State::Pending, State::Provisioning, State::Running, State::Halting] {
            let (found, fault) = after(&Bench::default(), state, &calls).await;
            assert_eq!((found.state, fault), (state, Some(Fault::Terminal)), "{state:?}");
        }
    }

    #[tokio::test]
    async fn what_somebody_else_pays_for_by_now_is_not_deleted() {
        let paid =
            Project { subscription_id: Some("sub_2".to_owned()), ..project(State::Suspended) };
        let late = Call::BeginErase(EraseSaga::of(&project(State::Suspended)));
        let records = FakeProjects::of([paid.clone()]);
        let error = Bench::default().run(&records, &late).await.expect_err("it is paid for");
        assert_eq!(error.fault(), Fault::Terminal);
        assert_eq!(records.all(), std::slice::from_ref(&paid));
        // What had begun before is finished.
        let records = FakeProjects::of([Project { state: State::Deleting, ..paid }]);
        Bench::default().run(&records, &late).await.expect("it goes on");
        assert_eq!(records.all()[0].state, State::Deleting);
    }

    #[tokio::test]
    async fn an_outage_is_retryable() {
        fn projects(_: &Bench, projects: &FakeProjects) {
            projects.outage.begin(1);
        }
        type Break = fn(&Bench, &FakeProjects);
        let cases: [(Call, State, u32, Break); 5] = [
            (Call::BeginHalt(halt(MOVE)), State::Running, 2, projects),
            (Call::UndoBeginHalt(halt(MOVE)), State::Halting, 2, projects),
            (Call::FinishResize(resize(true)), State::Running, 2, projects),
            (Call::Continue(halt(MOVE)), State::Pending, 3, |it, _| it.provisions.outage.begin(1)),
            (Call::MoveInstead(resize(false)), State::Running, 2, |it, _| it.halts.outage.begin(1)),
        ];
        for (call, state, attempt, break_it) in cases {
            let bench = Bench::default();
            let records = FakeProjects::of([Project { attempt, ..project(state) }]);
            break_it(&bench, &records);
            let error = bench.run(&records, &call).await.expect_err("is away");
            assert_eq!(error.fault(), Fault::Retryable, "{call:?}");
            bench.run(&records, &call).await.unwrap_or_else(|_| panic!("{call:?}"));
        }
    }
}
