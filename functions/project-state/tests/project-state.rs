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

async fn run(projects: &FakeProjects, step: Step, saga: Saga) -> Result<(), StepError> {
    let call = match step {
        Step::Begin => Call::Begin(saga),
        Step::UndoBegin => Call::UndoBegin(saga),
        Step::Finish => Call::Finish(saga),
        Step::UndoFinish => Call::UndoFinish(saga),
    };
    let (configurations, configures) = (FakeConfigurations::default(), FakeSagas::default());
    let clock = &FakeClock::default();
    let (configurations, configures) = (&configurations, &configures);
    handle(&World { projects, configurations, configures, clock }, &call).await
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
            handle(&World { projects, configurations, configures, clock }, &call).await
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
