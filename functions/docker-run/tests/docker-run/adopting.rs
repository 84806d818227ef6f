//! A project takes a warm blank over.

use crate::bench::{Bench, KEY, TOKEN, adopter, blank_id, blank_saga, on_worker};
use contracts::provision::{Launched, Saga};
use docker_run::{Call, LaunchError};
use domain::project::Project;
use runtime::fault::{Classify, Fault};
use serde_json::{Value, json};
use testkit::make;

const GONE: i32 = 69;

fn adopt() -> Call {
    Call::Launch(adopter())
}

fn undo() -> Call {
    Call::UndoLaunch(adopter())
}

fn launched(adopted: bool) -> Launched {
    Launched { container: format!("openclaw-{}", adopter().project_id), adopted, configuration: 0 }
}

/// What the worker was asked last, without the values of the flags.
fn flags(line: &str) -> Vec<&str> {
    line.split(' ').filter(|it| it.starts_with("--")).collect()
}

#[tokio::test]
async fn the_claimed_blank_becomes_the_projects_and_nothing_is_launched() {
    let bench = Bench::with_a_blank().await;
    for round in ["once", "twice"] {
        assert_eq!(bench.done(adopt()).await, Some(launched(true)), "{round}");
        assert_eq!((bench.running(), bench.blank_running()), (Some(1), None), "{round}");
        assert_eq!(bench.bundles(), 0, "{round}");
    }
    assert_eq!(bench.verbs(), ["adopt", "adopt"]);
}

#[tokio::test]
async fn the_command_line_names_the_blank_and_holds_no_secret() {
    let bench = Bench::with_a_blank().await;
    bench.done(adopt()).await;
    let asked = bench.asked();
    let [line] = asked.as_slice() else { panic!("{asked:?}") };
    let (id, instance, blank) = (adopter().project_id, adopter().instance_id, blank_id());
    for part in [
        format!("adopt --project {id} --instance {instance} --generation 1 --blank {blank} "),
        "--memory-mib 1536 --cpus 0.750".to_owned(),
        format!("--bundle-url https://bundles.test/{id}/1-0?signed"),
        "--edge-cidr 10.0.0.0/16 --model-egress 10.0.9.9:443".to_owned(),
    ] {
        assert!(line.contains(&part), "`{part}` in `{line}`");
    }
    assert!(!flags(line).contains(&"--port"), "the port stays the blank's: {line}");
    assert!(!line.contains(TOKEN) && !line.contains(KEY), "{line}");
}

#[tokio::test]
async fn the_worker_can_fetch_the_projects_own_configuration() {
    let bench = Bench::with_a_blank().await;
    bench.commands.unreachable.set(true);
    assert_eq!(bench.fault(adopt()).await, Some(Fault::Retryable));
    let stored = bench.bundles.stored.borrow();
    let holder = adopter().project_id.into();
    let bundle: Value = serde_json::from_str(&stored[&(holder, 1, 0)]).expect("is a configuration");
    assert_eq!(bundle["gateway"]["auth"]["token"], json!(TOKEN));
    assert_eq!(bundle["models"]["providers"]["platform"]["apiKey"], json!(KEY));
}

#[tokio::test]
async fn a_blank_that_is_gone_is_removed_and_the_project_launched_cold() {
    let bench = Bench::new().await;
    for round in ["once", "twice"] {
        // The second time it finds its own container, as the first one left it.
        let adopted = round == "twice";
        assert_eq!(bench.done(adopt()).await, Some(launched(adopted)), "{round}");
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "{round}");
    }
    assert_eq!(bench.verbs(), ["adopt", "remove", "launch", "adopt"]);
    let asked = bench.asked();
    assert!(asked[1].contains(&format!("--project {} --generation 1", blank_id())), "{asked:?}");
    assert!(asked[2].contains("--port 18792 "), "on the blank's port: {asked:?}");
    // Whatever still wants to boot that blank comes too late: the port is the project's.
    assert_eq!(bench.fault(Call::LaunchBlank(blank_saga())).await, Some(Fault::Terminal));
}

#[tokio::test]
async fn a_blank_that_does_not_run_any_more_is_removed_before_the_launch() {
    let bench = Bench::with_a_blank().await;
    bench.commands.next_exit.set(Some(GONE));
    assert_eq!(bench.done(adopt()).await, Some(launched(false)));
    assert_eq!((bench.running(), bench.blank_running()), (Some(1), None));
}

#[tokio::test]
async fn a_blank_that_cannot_be_removed_is_not_launched_over() {
    let bench = Bench::with_a_blank().await;
    bench.commands.next_exit.set(Some(GONE));
    bench.commands.outage.begin_after(1, 1);
    assert_eq!(bench.fault(adopt()).await, Some(Fault::Retryable));
    assert_eq!(bench.verbs(), ["adopt"]);
    assert_eq!(bench.done(adopt()).await, Some(launched(true)), "it was there after all");
}

#[tokio::test]
async fn an_adoption_whose_answer_was_lost_is_repeated() {
    let bench = Bench::with_a_blank().await;
    bench.commands.lose_answer.set(true);
    assert_eq!(bench.fault(adopt()).await, Some(Fault::Retryable));
    assert_eq!((bench.running(), bench.blank_running()), (Some(1), None));
    assert_eq!(bench.done(adopt()).await, Some(launched(true)));
    assert_eq!((bench.running(), bench.bundles()), (Some(1), 0));
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_adopts() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 6] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("opening the token", |it| it.vault.outage.begin(1)),
        ("publishing the bundle", |it| it.bundles.outage.begin(1)),
        ("withdrawing the bundle", |it| it.bundles.outage.begin_after(1, 1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::with_a_blank().await;
        break_it(&bench);
        assert_eq!(bench.fault(adopt()).await, Some(Fault::Retryable), "{case}");
        assert_eq!(bench.done(adopt()).await, Some(launched(true)), "{case}");
        assert_eq!((bench.running(), bench.blank_running()), (Some(1), None), "{case}");
        assert_eq!(bench.bundles(), 0, "{case}");
    }
}

#[tokio::test]
async fn an_outage_while_it_launches_instead_is_retryable_and_leaves_one_container() {
    for before in 0..3 {
        let bench = Bench::new().await;
        bench.commands.outage.begin_after(before, 1);
        assert_eq!(bench.fault(adopt()).await, Some(Fault::Retryable), "after {before}");
        bench.done(adopt()).await;
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "after {before}");
    }
}

#[tokio::test]
async fn undoing_removes_both_the_project_and_the_blank() {
    let adopted = Bench::with_a_blank().await;
    adopted.done(adopt()).await;
    let launched_cold = Bench::new().await;
    launched_cold.done(adopt()).await;
    let never_adopted = Bench::with_a_blank().await;
    let cases =
        [("adopted", adopted), ("launched cold", launched_cold), ("never adopted", never_adopted)];
    for (case, bench) in cases {
        bench.commands.log.borrow_mut().clear();
        for round in ["once", "twice"] {
            assert_eq!(bench.done(undo()).await, None, "{case}, {round}");
            assert_eq!((bench.running(), bench.blank_running()), (None, None), "{case}, {round}");
            assert_eq!((bench.bundles(), bench.cordoned()), (0, false), "{case}, {round}");
        }
        let asked = bench.asked();
        let removed =
            |holder: &str| asked.iter().any(|it| it.contains(&format!("--project {holder} ")));
        assert!(removed(adopter().project_id.as_str()), "{case}: {asked:?}");
        assert!(removed(blank_id().as_str()), "{case}: {asked:?}");
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_the_undo_is_retryable_and_the_retry_removes_both() {
    for before in 0..2 {
        let bench = Bench::with_a_blank().await;
        bench.commands.outage.begin_after(before, 1);
        assert_eq!(bench.fault(undo()).await, Some(Fault::Retryable), "after {before}");
        bench.done(undo()).await;
        assert_eq!((bench.running(), bench.blank_running()), (None, None), "after {before}");
    }
}

#[tokio::test]
async fn an_undo_on_a_machine_that_takes_no_commands_cordons_its_worker() {
    let bench = Bench::with_a_blank().await;
    bench.done(adopt()).await;
    bench.commands.unreachable.set(true);
    for round in ["once", "twice"] {
        bench.done(undo()).await;
        assert!(bench.cordoned(), "{round}");
    }
}

#[tokio::test]
async fn a_late_adoption_after_its_undo_is_refused_and_leaves_nothing() {
    let bench = Bench::with_a_blank().await;
    bench.done(undo()).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.fault(adopt()).await, Some(Fault::Terminal), "{round}");
        assert_eq!((bench.running(), bench.blank_running()), (None, None), "{round}");
        assert_eq!(bench.bundles(), 0, "{round}");
    }
}

#[tokio::test]
async fn an_adoption_for_another_attempt_never_reaches_the_worker() {
    let bench = Bench::with(Project { attempt: 2, ..make::project() }).await;
    let error = bench.run(adopt()).await.expect_err("is over");
    assert!(matches!(error, LaunchError::NotOurs), "{error}");
    assert_eq!((error.fault(), bench.asked().len()), (Fault::Terminal, 0));
}

#[tokio::test]
async fn an_undo_leaves_the_next_attempts_instance_alone() {
    let second = Project { attempt: 2, ..make::project() };
    let bench = Bench::with(second.clone()).await;
    bench.done(Call::LaunchBlank(blank_saga())).await;
    let next = Saga { reserve: adopter().reserve, ..on_worker(&second) };
    assert_eq!(bench.done(Call::Launch(next)).await, Some(launched(true)));
    bench.done(undo()).await;
    assert_eq!(bench.running(), Some(2));
}
