//! Removing what was launched.

use crate::bench::{Bench, launch, on_worker, saga, undo};
use docker_run::Call;
use domain::project::Project;
use runtime::fault::Fault;
use testkit::make;

#[tokio::test]
async fn undoing_removes_the_container_and_the_bundle_however_often() {
    let bench = Bench::new().await;
    bench.done(launch()).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.done(undo()).await, None, "{round}");
        assert_eq!((bench.running(), bench.bundles()), (None, 0), "{round}");
    }
    let removal = format!("remove --project {} --generation 1 --purge yes", saga().project_id);
    assert!(bench.asked()[1].ends_with(&removal), "{:?}", bench.asked());
    assert!(!bench.cordoned());
}

#[tokio::test]
async fn undoing_a_launch_whose_answer_was_lost_removes_what_it_left() {
    let bench = Bench::new().await;
    bench.commands.lose_answer.set(true);
    assert_eq!(bench.fault(launch()).await, Some(Fault::Retryable));
    assert_eq!((bench.running(), bench.bundles()), (Some(1), 1));
    bench.done(undo()).await;
    assert_eq!((bench.running(), bench.bundles()), (None, 0));
}

#[tokio::test]
async fn an_undo_leaves_the_next_attempts_container_alone() {
    let bench = Bench::with(Project { attempt: 2, ..make::project() }).await;
    let second = on_worker(&Project { attempt: 2, ..make::project() });
    bench.run(Call::Launch(second)).await.expect("launches");
    bench.done(undo()).await;
    assert_eq!(bench.running(), Some(2));
}

#[tokio::test]
async fn an_undo_without_a_worker_asks_no_worker_and_withdraws_the_bundle() {
    let bench = Bench::new().await;
    let published = ((saga().project_id.into(), 1, 0), String::new());
    bench.bundles.stored.borrow_mut().extend([published]);
    bench.run(Call::UndoLaunch(make::saga())).await.expect("nothing was launched");
    assert_eq!((bench.asked().len(), bench.bundles(), bench.cordoned()), (0, 0, false));
}

#[tokio::test]
async fn an_undo_on_a_machine_that_takes_no_commands_cordons_its_worker() {
    let bench = Bench::new().await;
    bench.done(launch()).await;
    bench.commands.unreachable.set(true);
    bench.fleet.outage.begin(1);
    assert_eq!(bench.fault(undo()).await, Some(Fault::Retryable), "the fleet is away");
    for round in ["once", "twice"] {
        bench.done(undo()).await;
        assert!(bench.cordoned(), "{round}");
        assert_eq!(bench.bundles(), 0, "{round}");
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_an_undo_is_retryable_and_the_retry_removes() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 3] = [
        ("withdrawing the bundle", |it| it.bundles.outage.begin(1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::new().await;
        bench.done(launch()).await;
        break_it(&bench);
        assert_eq!(bench.fault(undo()).await, Some(Fault::Retryable), "{case}");
        bench.done(undo()).await;
        assert_eq!((bench.running(), bench.cordoned()), (None, false), "{case}");
    }
}

#[tokio::test]
async fn an_undo_needs_neither_the_project_nor_its_secrets() {
    let bench = Bench::new().await;
    bench.done(launch()).await;
    bench.projects.outage.begin(u32::MAX);
    bench.vault.outage.begin(u32::MAX);
    bench.done(undo()).await;
    assert_eq!(bench.running(), None);
}
