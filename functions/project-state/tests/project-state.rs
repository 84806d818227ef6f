//! Every step from every state, of this attempt and of others.

use contracts::provision::{Call, Caught, Reserved, Saga};
use domain::project::{Project, State};
use ports::projects::Projects;
use project_state::{Step, StepError, handle};
use runtime::fault::{Classify, Fault};
use testkit::{make, projects::FakeProjects};

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
    handle(projects, &Call { step, saga }).await
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
