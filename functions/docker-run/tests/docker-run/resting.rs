//! Halting: archive, its undo, and what is removed when the data is safe.

use crate::bench::{Bench, NODE, launch, ready_worker};
use contracts::halt::{Archived, Located, Saga};
use docker_run::{Answer, Call, LaunchError};
use domain::{
    backup::Backup,
    project::{Project, Purpose, State},
    worker::{State as WorkerState, Worker},
};
use ports::{clock::Clock, projects::Projects};
use runtime::fault::{Classify, Fault};
use testkit::{backups::BYTES, make};

fn halting() -> Project {
    Project { state: State::Halting, ..make::project() }
}

fn running() -> Project {
    Project { state: State::Running, ..make::project() }
}

/// A halt whose instance was found.
fn halt() -> Saga {
    let located = Some(Located { worker: Some(ready_worker()), at: None });
    Saga { located, ..Saga::of(&make::project(), Purpose::Suspend) }
}

/// A project that is halting, and its instance.
async fn bench() -> Bench {
    let bench = Bench::with(running()).await;
    bench.done(launch()).await;
    let halting = bench.projects.record_halting(&halt().project_id, 1, 0).await;
    assert_eq!(halting.expect("it runs").state, State::Halting);
    bench
}

async fn archive(bench: &Bench) -> Option<Backup> {
    match bench.answer(Call::Archive(halt())).await.expect("archives") {
        Answer::Archived(Archived { backup }) => backup,
        other => panic!("{other:?}"),
    }
}

fn is_stopped(bench: &Bench) -> bool {
    let place = (NODE.to_owned(), halt().project_id.to_string());
    bench.commands.stopped.borrow().contains(&place)
}

#[tokio::test]
async fn an_archive_is_stopped_stored_and_described_however_often() {
    let bench = bench().await;
    for round in ["once", "twice"] {
        let expected = Backup {
            attempt: 1,
            number: 0,
            sha256: Some(format!("{:064x}", 1)),
            bytes: BYTES,
            taken_at: bench.clock.now(),
            replaces: None,
        };
        assert_eq!(archive(&bench).await, Some(expected), "{round}");
        assert!(is_stopped(&bench), "{round}");
        assert_eq!(bench.backups.stored.borrow().len(), 1, "{round}");
    }
    let line = bench.asked().pop().unwrap();
    let id = halt().project_id;
    let expected = format!(
        "archive --project {id} --generation 1 --number 0 --upload-url https://backups.test/{id}/1-0?put"
    );
    assert!(line.ends_with(&expected), "{line}");
}

#[tokio::test]
async fn where_nothing_is_nothing_is_kept() {
    let nowhere = Saga { located: Some(Located { worker: None, at: None }), ..halt() };
    let bench = Bench::with(halting()).await;
    for saga in [nowhere, halt()] {
        let answer = bench.answer(Call::Archive(saga)).await.expect("there is nothing to do");
        assert_eq!(answer, Answer::Archived(Archived { backup: None }));
    }
    assert_eq!(bench.verbs(), ["archive"], "only where it may be");
}

#[tokio::test]
async fn what_is_not_stored_as_a_whole_is_not_said_to_be_safe() {
    let bench = bench().await;
    bench.backups.arrives_as.set(Some(BYTES - 1));
    let error = bench.answer(Call::Archive(halt())).await.expect_err("something is missing");
    assert!(matches!(error, LaunchError::NotStored { sent: BYTES, .. }), "{error}");
    assert_eq!(error.fault(), Fault::Retryable);
    bench.backups.arrives_as.set(None);
    assert!(archive(&bench).await.is_some());
}

#[tokio::test]
async fn an_archive_of_a_project_that_is_not_halting_never_reaches_the_worker() {
    let cases = [
        ("it runs", Project { state: State::Running, ..halting() }),
        ("it was halted", Project { state: State::Suspended, ..halting() }),
        ("a later attempt", Project { attempt: 2, ..halting() }),
        ("a later halt", Project { halts: 1, ..halting() }),
        ("another tenant", Project { tenant_id: make::tenant_id("two"), ..halting() }),
        ("it is gone", make::project_called("z")),
    ];
    for (case, project) in cases {
        let bench = Bench::with(project).await;
        let error = bench.answer(Call::Archive(halt())).await.expect_err(case);
        assert!(matches!(error, LaunchError::NotOurs), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{case}");
        bench.done(Call::UndoArchive(halt())).await;
        assert_eq!(bench.asked().len(), 0, "{case}");
    }
}

#[tokio::test]
async fn an_undo_starts_the_instance_again_and_the_archive_is_late_from_then_on() {
    let bench = bench().await;
    archive(&bench).await;
    for round in ["once", "twice"] {
        bench.done(Call::UndoArchive(halt())).await;
        assert!(!is_stopped(&bench), "{round}");
    }
    assert_eq!(bench.fault(Call::Archive(halt())).await, Some(Fault::Terminal));
    assert!(!is_stopped(&bench));
    let resumption = "--generation 1 --number 0 --cpus 0.750 --boot-cpus 2 --wait 90";
    assert!(bench.asked().iter().any(|it| it.ends_with(resumption)), "{:?}", bench.asked());
}

#[tokio::test]
async fn an_undo_of_what_is_gone_or_was_nowhere_is_done() {
    let bench = Bench::with(halting()).await;
    bench.done(Call::UndoArchive(halt())).await;
    assert_eq!(bench.verbs(), ["resume"]);
    bench.done(Call::UndoArchive(Saga { located: None, ..halt() })).await;
    assert_eq!(bench.verbs(), ["resume"]);
}

/// Nothing that is asked of its worker would ever be answered.
#[tokio::test]
async fn on_a_lost_worker_nothing_is_archived_and_nothing_is_there_to_be_undone() {
    let bench = bench().await;
    let worker = Worker { state: WorkerState::Error, ..make::worker("a", 4_096) };
    let worker = Worker { id: ready_worker().worker_id, ..worker };
    bench.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
    bench.commands.unreachable.set(true);
    assert_eq!(bench.fault(Call::Archive(halt())).await, Some(Fault::Terminal));
    bench.done(Call::UndoArchive(halt())).await;
}

#[tokio::test]
async fn removing_takes_the_instance_away_however_often_and_leaves_the_next_attempt_alone() {
    let bench = bench().await;
    archive(&bench).await;
    for round in ["once", "twice"] {
        bench.done(Call::Remove(halt())).await;
        assert_eq!(bench.running(), None, "{round}");
    }
    assert_eq!(bench.backups.stored.borrow().len(), 1);
    let place = (NODE.to_owned(), halt().project_id.to_string());
    bench.commands.containers.borrow_mut().insert(place, 2);
    bench.done(Call::Remove(halt())).await;
    assert_eq!(bench.running(), Some(2));
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_archives() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 6] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("making the link", |it| it.backups.outage.begin(1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("the worker is busy", |it| it.commands.next_exit.set(Some(75))),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
        ("asking what is stored", |it| it.backups.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in cases {
        let bench = bench().await;
        break_it(&bench);
        assert_eq!(bench.fault(Call::Archive(halt())).await, Some(Fault::Retryable), "{case}");
        assert!(archive(&bench).await.is_some(), "{case}");
    }
}

#[tokio::test]
async fn a_worker_that_takes_no_commands_is_asked_again() {
    for call in [Call::Archive(halt()), Call::UndoArchive(halt()), Call::Remove(halt())] {
        let bench = bench().await;
        bench.commands.unreachable.set(true);
        assert_eq!(bench.fault(call.clone()).await, Some(Fault::Retryable), "{call:?}");
        assert!(!bench.cordoned(), "{call:?}");
    }
}

#[tokio::test]
async fn a_launch_starts_from_the_backup_that_the_project_has() {
    let bench = bench().await;
    let backup = archive(&bench).await;
    let project = Project { attempt: 2, state: State::Provisioning, backup, ..make::project() };
    let bench = Bench::with(project.clone()).await;
    bench.done(Call::Launch(crate::bench::on_worker(&project))).await;
    let line = bench.asked().pop().unwrap();
    let restore = format!(
        "--restore-url https://backups.test/{}/1-0?get --restore-sha256 {:064x} --restore-generation 1",
        project.id, 1
    );
    assert!(line.ends_with(&restore), "{line}");
    assert!(bench.projects.find(&project.id).await.unwrap().is_some());
}

/// What a worker may still have of any attempt before is newer than what the owner goes back to.
#[tokio::test]
async fn a_launch_goes_back_to_what_the_owner_has_chosen() {
    let bench = bench().await;
    let backup = archive(&bench).await.map(|it| Backup { sha256: None, replaces: Some(3), ..it });
    let project = Project { attempt: 4, state: State::Provisioning, backup, ..make::project() };
    let bench = Bench::with(project.clone()).await;
    bench.done(Call::Launch(crate::bench::on_worker(&project))).await;
    let line = bench.asked().pop().unwrap();
    let restore =
        format!("--restore-url https://backups.test/{}/1-0?get --restore-generation 3", project.id);
    assert!(line.ends_with(&restore), "{line}");
}

#[tokio::test]
async fn nothing_is_restored_into_a_blank() {
    let bench = Bench::with_a_blank().await;
    let backup = Backup {
        attempt: 0,
        number: 0,
        sha256: Some(format!("{:064x}", 1)),
        bytes: BYTES,
        taken_at: bench.clock.now(),
        replaces: None,
    };
    let restore = Some(Box::new(backup));
    let saga = contracts::provision::Saga { restore, ..crate::bench::adopter() };
    bench.done(Call::Launch(saga)).await;
    assert_eq!(bench.verbs(), ["remove", "launch"]);
}

#[tokio::test]
async fn a_backup_that_the_worker_refuses_is_not_tried_again() {
    let bench = Bench::new().await;
    bench.commands.next_exit.set(Some(66));
    assert_eq!(bench.fault(launch()).await, Some(Fault::Terminal));
}
